import { isId, type Id } from "@onegate/contract";
import { errors, jwtVerify, SignJWT } from "jose";
import { randomUUID } from "node:crypto";
import type { Clock } from "../../kernel/index.ts";
import type { Principal } from "../staff.ts";
import { ALGORITHM, type KeyRing, type SigningKeys } from "./signing-key.ts";

export type UserPrincipal = Extract<Principal, { role: "user" }>;

/** This program's names in its tokens. */
const ISSUER = "urn:onegate";
const AUDIENCE = "urn:onegate:api";
/** Media type of an access token (RFC 9068). Other kinds of token signed by the same key are not accepted. */
const TYPE = "at+jwt";
/** Seconds. Reads need no look-up of the session until then; see `open-session.ts` for other requests. */
export const LIFETIME_S = 900;

export type AccessTokens = {
  sign(user: { userId: Id; sessionId: Id; merchantId: Id }): Promise<string>;
  /** The user that a token names. Nothing if it is forged, expired, or of another key, audience or kind. */
  verify(token: string): Promise<UserPrincipal | undefined>;
};

/**
 * How many verified tokens are remembered. Verifying one again costs as much as the rest of a small request.
 */
const MAX_REMEMBERED = 5_000;
type Remembered = { readonly principal: UserPrincipal; readonly expiresAtMs: number };

/** Access tokens: JWTs signed with Ed25519, verified without the database. */
export function createAccessTokens(keys: SigningKeys, clock: Clock): AccessTokens {
  // by key ring, so that no token is accepted longer than the key that verified it
  let verified: { ring: KeyRing; tokens: Map<string, Remembered> } | undefined;

  function tokensOf(ring: KeyRing): Map<string, Remembered> {
    if (verified?.ring !== ring || verified.tokens.size >= MAX_REMEMBERED)
      verified = { ring, tokens: new Map() };
    return verified.tokens;
  }

  return {
    async sign({ userId, sessionId, merchantId }) {
      const { kid, privateKey } = await keys.ring();
      const seconds = Math.floor(clock.now() / 1000);
      return new SignJWT({ sid: sessionId, merchant_id: merchantId, client_id: "onegate" })
        .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(userId)
        .setJti(randomUUID())
        .setIssuedAt(seconds)
        .setExpirationTime(seconds + LIFETIME_S)
        .sign(privateKey);
    },
    async verify(token) {
      const remembered = tokensOf(await keys.ring()).get(token);
      if (remembered && remembered.expiresAtMs > clock.now()) return remembered.principal;
      try {
        const { payload, protectedHeader } = await jwtVerify(
          token,
          async ({ kid = "" }) => {
            const key = (await keys.ringWith(kid)).publicKeys.get(kid);
            if (!key) throw new errors.JWKSNoMatchingKey();
            return key;
          },
          {
            algorithms: [ALGORITHM],
            issuer: ISSUER,
            audience: AUDIENCE,
            typ: TYPE,
            requiredClaims: ["exp", "iat", "sub", "sid", "merchant_id"],
            currentDate: new Date(clock.now()),
          },
        );
        const { sub, sid, merchant_id: merchantId, exp = 0 } = payload;
        if (!isId(sub) || !isId(sid) || !isId(merchantId)) return undefined;
        const principal: UserPrincipal = { role: "user", merchantId, userId: sub, sessionId: sid };
        const ring = await keys.ring();
        if (ring.publicKeys.has(protectedHeader.kid ?? ""))
          tokensOf(ring).set(token, { principal, expiresAtMs: exp * 1000 });
        return principal;
      } catch (error) {
        if (error instanceof errors.JOSEError) return undefined;
        throw error;
      }
    },
  };
}
