import {
  isId,
  isRefusal,
  refuse,
  type ApprovableAction,
  type Refusal,
  type RefusalCode,
} from "@onegate/contract";
import type { FastifyReply, FastifyRequest } from "fastify";
import {
  answerRefusal,
  asMerchant,
  everywhere,
  STATEMENT_TIMEOUTS_MS,
  withStatementTimeout,
  type Database,
  type Http,
  type StreamHolder,
} from "../kernel/index.ts";
import { addressOf, isLocal } from "./address.ts";
import type { PendingApproval } from "./approvals/approval.ts";
import type { Who } from "./audit/entry.ts";
import type { Refusals } from "./audit/refusals.ts";
import { isInScope } from "./keys/key.ts";
import type { KnownKey } from "./keys/known-keys.ts";
import {
  isApprovable,
  isRight,
  mayWithApproval,
  PIN_CHANGE_RIGHTS,
  rightsOf,
  SANDBOX_FROM_ANYWHERE,
  refusalFor,
  type Right,
} from "./rights.ts";
import { tokenHash } from "./secret.ts";
import type { Asker, Principal, StaffPrincipal } from "./staff.ts";
import { selectSession } from "./store.ts";
import type { AccessTokens } from "./users/access-token.ts";

declare module "fastify" {
  interface FastifyInstance {
    refusals: Refusals;
  }
  interface FastifyRequest {
    principal: Principal;
    /** The second person's word that the request came with, where its principal needs one: the verb uses it up (`consumeApproval`). */
    approval: PendingApproval | undefined;
  }
}

/** A staff member's session has an opaque token; what has three parts is a user's access token. */
const SESSION = /^Bearer ([A-Za-z0-9_-]{43})$/;
const JWT = /^Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/;
const MAX_JWT_LENGTH = 2_048;
const ANYONE: Principal = { role: "anyone" };

/** By which a till says which device it is. */
export const DEVICE_HEADER = "onegate-device";

/** How those who give credentials are found. */
export type Identifiers = {
  readonly database: Database;
  readonly accessTokens: AccessTokens;
  readonly knownKeys: (secret: string) => Promise<KnownKey | undefined>;
  readonly refusals: Refusals;
};

/** The approval that a till brings. */
export const APPROVAL_HEADER = "onegate-approval";

/** A merchant's key, by which its own programs use the gateway. */
const KEY = /^Bearer (ogk_(?:test|live)_[A-Za-z0-9_-]{43})$/;

/** Finds who is asking and checks the route's right: the one place where rights are decided. */
export function guard(http: Http, parts: Identifiers, withoutCredentials: Principal = ANYONE): void {
  http.decorateRequest("principal");
  http.decorate("refusals", parts.refusals);
  http.decorateRequest("approval", undefined);
  http.addHook("onRoute", (route) => {
    const right = route.config?.right;
    if (right !== undefined && !isRight(right))
      throw new Error(`route ${route.url} names the right ${right}, which is not in rights.ts`);
    if (route.config?.approvable && !(right !== undefined && isRight(right) && isApprovable(right)))
      throw new Error(`route ${route.url} takes approvals, but its right is not approvable in rights.ts`);
  });
  http.addHook("onRequest", (request, reply, done) => {
    const right = request.routeOptions.config.right;
    if (right === undefined || !isRight(right)) return done();
    const { authorization } = request.headers;
    if (authorization === undefined) {
      // what anybody may, and what nobody may without credentials, is decided as ever
      if (
        withoutCredentials.role === "sandbox" &&
        !SANDBOX_FROM_ANYWHERE.has(right) &&
        refusalFor("anyone", right) &&
        !refusalFor("sandbox", right) &&
        !isLocal(request)
      ) {
        answerRefusal(request, reply, refuse("local_only"));
        return;
      }
      if (admit(parts, request, reply, right, withoutCredentials)) within(request, right, done);
      return;
    }
    // not an async hook: most requests of the gateway need no look-up, and a promise each would cost them
    // whose a token is, is known only when it was found among everybody's
    void everywhere(() => identify(parts, authorization, request.headers[DEVICE_HEADER])).then(
      // who signs in again may still send what has expired
      (principal) =>
        admit(
          parts,
          request,
          reply,
          right,
          principal ?? (refusalFor("anyone", right) ? undefined : ANYONE),
        ) && within(request, right, done),
      (error: Error) => done(error),
    );
  });
}

/** Goes on with a request as its principal's merchant; where anybody may come, such as to sign in or as a provider, everywhere. */
function within({ principal, routeOptions }: FastifyRequest, right: Right, next: () => void): void {
  withStatementTimeout(STATEMENT_TIMEOUTS_MS[routeOptions.config.statements ?? "request"], () => {
    if ("merchantId" in principal && refusalFor("anyone", right)) asMerchant(principal.merchantId, next);
    else everywhere(next);
  });
}

/** Lets a principal in who has the right, or brings an approval where that is enough; otherwise answers the refusal. */
function admit(
  { refusals }: Identifiers,
  request: FastifyRequest,
  reply: FastifyReply,
  right: Right,
  principal: Principal | undefined,
): boolean {
  const refusal = principal ? refusalOf(request, principal, right) : refuse("unauthenticated");
  if (isRefusal(refusal) || !principal) {
    answerRefusal(request, reply, isRefusal(refusal) ? refusal : refuse("unauthenticated"));
    if (principal && isRefusal(refusal)) noteRefusal(refusals, request, principal, right, refusal.refusal);
    return false;
  }
  request.principal = principal;
  request.approval = refusal;
  return true;
}

/** Whoever proves to be nobody is no merchant's, and in no merchant's trail. */
function noteRefusal(
  refusals: Refusals,
  request: FastifyRequest,
  principal: Principal,
  right: Right,
  reason: RefusalCode,
): void {
  if (!("merchantId" in principal)) return;
  const who = whoOf(request, principal);
  const subject = `${request.method} ${request.routeOptions.url ?? ""}`;
  if (principal.role === "key") refusals.note(who, "key.out_of_scope", subject, { right });
  else refusals.note(who, "right.refused", subject, { right, reason });
}

/** Why a principal may not use a right; or, where an approval is enough and the request may bring one, that. */
function refusalOf(
  request: FastifyRequest,
  principal: Principal,
  right: Right,
  takesApproval = request.routeOptions.config.approvable === true,
): Refusal | PendingApproval | undefined {
  if (principal.role === "key")
    return isInScope(principal.scopes, right) ? undefined : refuse("scope_missing");
  if (!("rights" in principal)) {
    const no = refusalFor(principal.role, right);
    return no && refuse(no);
  }
  if (principal.rights.has(right)) return undefined;
  if (principal.mustChangePin) return refuse("pin_change_needed");
  if (!takesApproval || !mayWithApproval(principal.role, right)) return refuse("forbidden");
  const unchecked = request.headers[APPROVAL_HEADER];
  if (unchecked === undefined) return refuse("approval_needed", { right });
  return isId(unchecked)
    ? {
        approvalId: unchecked,
        merchantId: principal.merchantId,
        sessionId: principal.staffSessionId,
        action: right,
      }
    : refuse("approval_invalid");
}

/**
 * A right that a request needs beside its route's own, because of what its body asks for. Answers the approval that it is
 * used with, nothing where the principal has the right itself, or why not.
 */
export function alsoNeeds(
  request: FastifyRequest,
  right: ApprovableAction,
): Refusal | PendingApproval | undefined {
  const refusal = refusalOf(request, request.principal, right, true);
  if (isRefusal(refusal))
    noteRefusal(request.server.refusals, request, request.principal, right, refusal.refusal);
  return refusal;
}

/** Nobody, when credentials are given that are not valid. */
async function identify(
  { database, accessTokens, knownKeys }: Identifiers,
  authorization: string,
  deviceToken: unknown,
): Promise<Principal | undefined> {
  const secret = KEY.exec(authorization)?.[1];
  if (secret) {
    const key = await knownKeys(secret);
    return key && { role: "key", ...key };
  }
  const token = SESSION.exec(authorization)?.[1];
  if (token) return findStaff(database, token, deviceToken);
  const jwt = authorization.length <= MAX_JWT_LENGTH ? JWT.exec(authorization)?.[1] : undefined;
  return jwt === undefined ? undefined : accessTokens.verify(jwt);
}

/** The staff member whose session it is; without the token of the device that it was opened on it is nobody's. */
async function findStaff(
  database: Database,
  token: string,
  deviceToken: unknown,
): Promise<StaffPrincipal | undefined> {
  const session =
    typeof deviceToken === "string"
      ? await selectSession(database.kysely, tokenHash(token), tokenHash(deviceToken))
      : undefined;
  if (!session) return undefined;
  const { granted, pinChangeOnly, ...who } = session;
  return pinChangeOnly
    ? { ...who, rights: PIN_CHANGE_RIGHTS, mustChangePin: true }
    : { ...who, rights: rightsOf(who.role, granted) };
}

/** The staff member behind a request to a route that only staff may use. */
export function staffOf(request: FastifyRequest): Asker {
  if (!("staffId" in request.principal)) throw new Error("a route for staff let somebody else in");
  return { ...request.principal, who: whoOf(request) };
}

/** The wallet user behind a request to a route that only users may use. */
export function userOf(request: FastifyRequest): Extract<Principal, { userId: string }> {
  if (!("userId" in request.principal)) throw new Error("a route for wallet users let somebody else in");
  return request.principal;
}

/** Who did it, for the record: a staff member's, key's or user's id, or the role where nobody is named. */
export function actorOf({ principal }: { readonly principal: Principal }): string {
  if ("staffId" in principal) return principal.staffId;
  if ("keyId" in principal) return `key:${principal.keyId}`;
  return "userId" in principal ? principal.userId : principal.role;
}

/** Who did it, and from where, for the audit trail. */
export function whoOf(request: FastifyRequest, principal = request.principal): Who {
  if (!("merchantId" in principal)) throw new Error("what nobody's merchant did is in no audit trail");
  return {
    merchantId: principal.merchantId,
    actor: actorOf({ principal }),
    deviceId: "deviceId" in principal ? principal.deviceId : null,
    outletId: "outletId" in principal ? principal.outletId : null,
    address: addressOf(request),
    requestId: request.id,
  };
}

/** The outlet that lists are limited to: staff other than owners see their own's. Null: all, as for owners and keys. */
export function outletScopeOf({ principal }: FastifyRequest): string | null {
  return "outletId" in principal && principal.role !== "owner" ? principal.outletId : null;
}

/** The merchant in whose name a request is made. */
export function merchantOf(request: FastifyRequest): string {
  if (!("merchantId" in request.principal)) throw new Error("a route for a merchant let somebody else in");
  return request.principal.merchantId;
}

/** Whom an event stream counts for: the device and the person, a key, or where nobody is named the address. */
export function streamHoldersOf(request: FastifyRequest): StreamHolder[] {
  const { principal } = request;
  if ("deviceId" in principal)
    return [
      ["device", principal.deviceId],
      ["person", principal.staffId],
    ];
  if ("userId" in principal) return [["person", principal.userId]];
  return [["program", "keyId" in principal ? principal.keyId : addressOf(request)]];
}
