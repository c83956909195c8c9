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
import type { Requester, Principal, StaffPrincipal } from "./staff.ts";
import { selectSession } from "./store.ts";
import type { AccessTokens } from "./users/access-token.ts";

declare module "fastify" {
  interface FastifyInstance {
    refusals: Refusals;
  }
  interface FastifyRequest {
    principal: Principal;
    /** The approval that the request brought, where its principal needs one. `consumeApproval` uses it up. */
    approval: PendingApproval | undefined;
  }
}

/** A staff session's token is opaque. A token of three parts is a wallet user's access token. */
const SESSION = /^Bearer ([A-Za-z0-9_-]{43})$/;
const JWT = /^Bearer ([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/;
const MAX_JWT_LENGTH = 2_048;
const ANYONE: Principal = { role: "anyone" };

/** The header in which a till sends its device token. */
export const DEVICE_HEADER = "onegate-device";

/** What the guard needs to look up a request's credentials. */
export type Identifiers = {
  readonly database: Database;
  readonly accessTokens: AccessTokens;
  readonly knownKeys: (secret: string) => Promise<KnownKey | undefined>;
  readonly refusals: Refusals;
};

/** The header in which a till sends an approval's id. */
export const APPROVAL_HEADER = "onegate-approval";

/** A merchant's API key, with which its own programs call the gateway. */
const KEY = /^Bearer (ogk_(?:test|live)_[A-Za-z0-9_-]{43})$/;

/** Identifies the caller and checks the route's right. Rights are decided here and nowhere else. */
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
      // only rights that the sandbox adds to those of `anyone` are limited to callers on this machine
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
    // not an async hook: most requests to the gateway need no look-up, so they should not pay for a promise
    // the look-up searches all merchants, because the token's merchant is not known yet
    void everywhere(() => identify(parts, authorization, request.headers[DEVICE_HEADER])).then(
      // a client that signs in again may still send expired credentials
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

/**
 * Continues a request within its principal's merchant. Routes open to anyone, such as sign-in or a provider's
 * notification, run across merchants.
 */
function within({ principal, routeOptions }: FastifyRequest, right: Right, next: () => void): void {
  withStatementTimeout(STATEMENT_TIMEOUTS_MS[routeOptions.config.statements ?? "request"], () => {
    if ("merchantId" in principal && refusalFor("anyone", right)) asMerchant(principal.merchantId, next);
    else everywhere(next);
  });
}

/**
 * Admits a principal that has the right, or that brings an approval where one is enough. Otherwise it answers
 * with the refusal and returns false.
 */
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

/** Notes a refusal in the merchant's audit trail. Callers that belong to no merchant are not audited. */
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

/**
 * Returns why a principal may not use a right, the approval with which it may, or nothing if it has the right
 * itself.
 */
function refusalOf(
  request: FastifyRequest,
  principal: Principal,
  right: Right,
  takesApproval = request.routeOptions.config.approvable === true,
): Refusal | PendingApproval | undefined {
  if (principal.role === "key")
    return isInScope(principal.scopes, right) ? undefined : refuse("scope_missing");
  if (!("rights" in principal)) {
    const refusal = refusalFor(principal.role, right);
    return refusal && refuse(refusal);
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
 * Checks a right that a request needs in addition to its route's own, because of its body. Returns the
 * approval to use, nothing if the principal has the right itself, or the refusal.
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

/** Returns nothing if the credentials are not valid. */
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

/** The staff member of a session. A session is valid only with the token of the device that opened it. */
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

/** The staff member who made a request to a route for staff. */
export function staffOf(request: FastifyRequest): Requester {
  if (!("staffId" in request.principal))
    throw new Error("a route for staff admitted another kind of principal");
  return { ...request.principal, who: whoOf(request) };
}

/** The wallet user who made a request to a route for users. */
export function userOf(request: FastifyRequest): Extract<Principal, { userId: string }> {
  if (!("userId" in request.principal))
    throw new Error("a route for wallet users admitted another kind of principal");
  return request.principal;
}

/** The actor for the record: the id of a staff member, key or user, or else the role. */
export function actorOf({ principal }: { readonly principal: Principal }): string {
  if ("staffId" in principal) return principal.staffId;
  if ("keyId" in principal) return `key:${principal.keyId}`;
  return "userId" in principal ? principal.userId : principal.role;
}

/** The actor and origin of a request, for the audit trail. */
export function whoOf(request: FastifyRequest, principal = request.principal): Who {
  if (!("merchantId" in principal)) throw new Error("a principal without a merchant cannot be audited");
  return {
    merchantId: principal.merchantId,
    actor: actorOf({ principal }),
    deviceId: "deviceId" in principal ? principal.deviceId : null,
    outletId: "outletId" in principal ? principal.outletId : null,
    address: addressOf(request),
    requestId: request.id,
  };
}

/**
 * The outlet that lists are limited to. Staff other than owners see their own outlet only; null means all
 * outlets, for owners and keys.
 */
export function outletScopeOf({ principal }: FastifyRequest): string | null {
  return "outletId" in principal && principal.role !== "owner" ? principal.outletId : null;
}

/** The merchant that a request acts for. */
export function merchantOf(request: FastifyRequest): string {
  if (!("merchantId" in request.principal))
    throw new Error("a route for a merchant admitted a principal without one");
  return request.principal.merchantId;
}

/** Whose limits an event stream counts towards: the device and the person, the key, or else the address. */
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
