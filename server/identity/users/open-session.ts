import { refuse } from "@onegate/contract";
import { answerRefusal, type Database, type Http } from "../../kernel/index.ts";
import { rights, refusalFor, type Right } from "../rights.ts";
import { isUserSessionOpen } from "./store.ts";

/** What a user may do beyond reading: there an access token alone doesn't do, its session must be open still. */
export const needsOpenSession: ReadonlySet<Right> = new Set(
  (Object.keys(rights) as Right[]).filter(
    (right) =>
      !right.endsWith(".read") &&
      refusalFor("anyone", right) !== undefined &&
      refusalFor("user", right) === undefined,
  ),
);

/**
 * Closes what moves money or changes an account at the moment when a session is ended, a password changed or an account
 * closed, on every replica and by the database's word alone: one look at a primary key. What only reads is open until the
 * access token expires. Refuses `unauthenticated`.
 */
export function requireOpenSession(http: Http, { kysely }: Database): void {
  http.addHook("onRequest", (request, reply, done) => {
    const { principal } = request;
    // none where an address has no route
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
