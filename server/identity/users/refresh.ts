import { isRefusal, refuse, type Refusal } from "@onegate/contract";
import { createHash } from "node:crypto";
import { inTransaction } from "../../kernel/index.ts";
import { announceAudit } from "../audit/announce-audit.ts";
import type { Origin } from "../origin.ts";
import { createSecretBox } from "../secret-box.ts";
import { newToken, tokenHash } from "../secret.ts";
import { LIFETIME_S } from "./access-token.ts";
import {
  deleteUserSession,
  insertRefreshToken,
  lockRefreshToken,
  updateReplaced,
  updateSessionUse,
} from "./store.ts";
import { userActor, type Signed, type Users } from "./user.ts";

/** A session that is not used for this many days ends. */
export const REFRESH_DAYS = 30;
/** Seconds in which a refresh token may be used several times: tabs that wake together, or a lost answer. */
const GRACE_S = 10;

/**
 * Replaces a refresh token by its successor, and issues a new access token. Repeats within ten seconds get
 * the same successor, so a session's tokens form one chain. A replaced token that is used later has been
 * copied, so the session ends for both holders. Refuses `merchant_missing`, `refresh_token_invalid`,
 * `refresh_token_reused`, in this order.
 */
export async function refresh(users: Users, unchecked: string, origin: Origin): Promise<Signed | Refusal> {
  const { database, accessTokens, log } = users;
  const merchantId = await users.homeMerchant();
  if (!merchantId) return refuse("merchant_missing");
  const hash = tokenHash(unchecked).toString("hex");
  // encrypted with the token itself, so that the database alone reveals no token
  const box = createSecretBox(createHash("sha256").update("successor\u0000").update(unchecked).digest());
  const refreshed = await inTransaction(database, async (tx) => {
    const held = await lockRefreshToken(tx, hash, GRACE_S);
    if (!held) return refuse("refresh_token_invalid");
    const { userId, sessionId, replaced } = held;
    if (replaced?.isRecent) {
      const refreshToken = box.open(replaced.successor, sessionId);
      if (refreshToken === undefined)
        throw new Error("the successor of a refresh token could not be decrypted");
      return { userId, sessionId, refreshToken };
    }
    if (replaced) {
      await deleteUserSession(tx, userId, sessionId);
      log.warn(
        { user_id: userId, session_id: sessionId },
        "a replaced refresh token was used again; its session was ended",
      );
      await announceAudit(tx, userActor(merchantId, userId, origin), {
        action: "user.token_reused",
        subject: userId,
      });
      return refuse("refresh_token_reused");
    }
    const next = newToken();
    await insertRefreshToken(tx, next.hash.toString("hex"), userId, sessionId, REFRESH_DAYS);
    await updateReplaced(tx, hash, box.close(next.token, sessionId));
    await updateSessionUse(tx, sessionId, origin);
    return { userId, sessionId, refreshToken: next.token };
  });
  if (isRefusal(refreshed)) return refreshed;
  const { userId, sessionId, refreshToken } = refreshed;
  return {
    accessToken: await accessTokens.sign({ userId, sessionId, merchantId }),
    refreshToken,
    expiresInS: LIFETIME_S,
  };
}
