import { refuse } from "@onegate/contract";
import type { FastifyRequest } from "fastify";
import { answerRefusal, type Database, type Http } from "../kernel/index.ts";
import { isRight, whyNot } from "./rights.ts";
import { tokenHash } from "./secret.ts";
import type { Principal } from "./staff.ts";
import { selectSession } from "./store.ts";

declare module "fastify" {
  interface FastifyRequest {
    principal: Principal;
  }
}

const BEARER = /^Bearer ([A-Za-z0-9_-]{43})$/;
const ANYONE: Principal = { role: "anyone" };

/** Finds who is asking and checks the route's right: the one place where rights are decided. */
export function guard(http: Http, database: Database, withoutCredentials: Principal = ANYONE): void {
  http.decorateRequest("principal");
  http.addHook("onRoute", (route) => {
    const right = route.config?.right;
    if (right !== undefined && !isRight(right)) throw new Error(`route ${route.url} names the right ${right}, which is not in rights.ts`);
  });
  http.addHook("onRequest", (request, reply, done) => {
    const right = request.routeOptions.config.right;
    if (right === undefined || !isRight(right)) return done();
    const { authorization } = request.headers;
    const admit = (principal: Principal | undefined): void => {
      const refusal = principal ? whyNot(principal.role, right) : "unauthenticated";
      if (refusal || !principal) {
        answerRefusal(request, reply, refuse(refusal ?? "unauthenticated"));
        return;
      }
      request.principal = principal;
      done();
    };
    if (authorization === undefined) return admit(withoutCredentials);
    // nobody, when credentials are given that are not valid
    const token = BEARER.exec(authorization)?.[1];
    if (!token) return admit(undefined);
    selectSession(database.kysely, tokenHash(token)).then(admit, (error: unknown) => done(error as Error));
  });
}

/** The staff member behind a request to a route that only staff may use. */
export function staffOf(request: FastifyRequest): Extract<Principal, { staffId: string }> {
  if (!("staffId" in request.principal)) throw new Error("a route for staff let somebody else in");
  return request.principal;
}

/** The merchant in whose name a request is made. */
export function merchantOf(request: FastifyRequest): string {
  if (!("merchantId" in request.principal)) throw new Error("a route for a merchant let somebody else in");
  return request.principal.merchantId;
}
