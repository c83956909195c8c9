import { refuse } from "@onegate/contract";
import { answerRefusal, type Database, type Http } from "../../kernel/index.ts";
import { rights, refusalFor, type Right } from "../rights.ts";
import { isUserSessionOpen } from "./store.ts";

/**
 * A user's rights beyond reading. For these a valid access token is not enough: its session must still be
 * open.
 */
export const needsOpenSession: ReadonlySet<Right> = new Set(
  (Object.keys(rights) as Right[]).filter(
    (right) =>
      !right.endsWith(".read") &&
      refusalFor("anyone", right) !== undefined &&
      refusalFor("user", right) === undefined,
  ),
);

/**
 * Refuses requests that move money or change an account as soon as their session has ended, because it was
 * ended itself, the password changed or the account was closed. It checks the database by primary key, so it
 * holds on every replica at once. Reads are allowed until the access token expires. Refuses
 * `unauthenticated`.
 */
export function requireOpenSession(http: Http, { kysely }: Database): void {
  http.addHook("onRequest", (request, reply, done) => {
    const { principal } = request;
    // a request that matches no route has no principal
    if (
      principal?.role !== "user" ||
      !(needsOpenSession as ReadonlySet<unknown>).has(request.routeOptions.config.right)
    )
      return done();
    void isUserSessionOpen(kysely, principal.userId, principal.sessionId).then(
      (isOpen) => (isOpen ? done() : void answerRefusal(request, reply, refuse("unauthenticated"))),
      (error: Error) => done(error),
    );
  });
}
