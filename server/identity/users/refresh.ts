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
import { whoIs, type Signed, type Users } from "./user.ts";

/** A session that isn't used for so long has to be opened again. */
export const REFRESH_DAYS = 30;
/** Seconds in which one refresh token may come several times: tabs that wake together, an answer lost on its way. */
const GRACE_S = 10;

/**
 * Replaces a refresh token by its successor, with a new access token. Twins within ten seconds get the same successor, so
 * a session stays one chain: whoever uses a copy later comes with a token that was replaced, and that ends the session for
 * both. Refuses `merchant_missing`, `refresh_token_invalid`, `refresh_token_reused`, in this order.
 */
export async function refresh(users: Users, unchecked: string, origin: Origin): Promise<Signed | Refusal> {
  const { database, accessTokens, log } = users;
  const merchantId = await users.homeMerchant();
  if (!merchantId) return refuse("merchant_missing");
  const hash = tokenHash(unchecked).toString("hex");
  // sealed with the token itself: who reads the database alone finds no token there
  const box = createSecretBox(createHash("sha256").update("successor\u0000").update(unchecked).digest());
  const turned = await inTransaction(database, async (tx) => {
    const held = await lockRefreshToken(tx, hash, GRACE_S);
    if (!held) return refuse("refresh_token_invalid");
    const { userId, sessionId, replaced } = held;
    if (replaced?.isRecent) {
      const refreshToken = box.open(replaced.successor, sessionId);
      if (refreshToken === undefined) throw new Error("a successor opens with the token it follows");
      return { userId, sessionId, refreshToken };
    }
    if (replaced) {
      await deleteUserSession(tx, userId, sessionId);
      log.warn(
        { user_id: userId, session_id: sessionId },
        "a refresh token came back after it was replaced: its session was ended",
      );
      await announceAudit(tx, whoIs(merchantId, userId, origin), {
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
  if (isRefusal(turned)) return turned;
  const { userId, sessionId, refreshToken } = turned;
  return {
    accessToken: await accessTokens.sign({ userId, sessionId, merchantId }),
    refreshToken,
    expiresInS: LIFETIME_S,
  };
}
