import { isRefusal, refuse, type Refusal } from "@onegate/contract";
import { inTransaction } from "../../kernel/index.ts";
import { announceAudit } from "../audit/announce-audit.ts";
import type { Origin } from "../origin.ts";
import { newToken } from "../secret.ts";
import { LIFETIME_S } from "./access-token.ts";
import { countWrong, provePassword } from "./prove-password.ts";
import { REFRESH_DAYS } from "./refresh.ts";
import {
  deleteTries,
  insertRefreshToken,
  insertUserSession,
  lockUser,
  selectCredentials,
  useTotpStep,
} from "./store.ts";
import { stepOf } from "./totp.ts";
import { toSignInName, userActor, type Signed, type Users } from "./user.ts";

export type Login = { readonly username: string; readonly password: string; readonly totp?: string };

/** When a user has more sessions than this, the least recently used one is ended. */
const MAX_SESSIONS = 100;

/**
 * Opens a session for a user by username, e-mail address or telephone number. Refuses `merchant_missing`,
 * `overloaded`, `sign_in_delayed`, `credentials_wrong`, `totp_required`, `totp_wrong`, in this order. Neither
 * the answer nor its timing reveals whether the user exists.
 */
export async function login(users: Users, unchecked: Login, origin: Origin): Promise<Signed | Refusal> {
  const { database, accessTokens, box, clock, newId } = users;
  const merchantId = await users.homeMerchant();
  if (!merchantId) return refuse("merchant_missing");
  const name = toSignInName(unchecked.username);
  const user = name && (await selectCredentials(database.kysely, name.kind, name.value, origin.address));
  const tries = await provePassword(
    users,
    user?.userId ?? name?.value ?? unchecked.username,
    user,
    unchecked.password,
    origin,
    "credentials_wrong",
  );
  const refused = (refusal: Refusal): Refusal => {
    users.refusals.note(
      userActor(merchantId, "anyone", origin),
      "user.sign_in_refused",
      user?.userId ?? "unknown",
      { reason: refusal.refusal },
    );
    return refusal;
  };
  if (isRefusal(tries)) return refused(tries);
  if (!user) return refused(refuse("credentials_wrong"));

  const { userId, passwordHash, totp } = user;
  const isTotpRequired = totp?.isConfirmed === true;
  if (isTotpRequired && unchecked.totp === undefined) return refuse("totp_required");
  const step = isTotpRequired
    ? stepOf(box, userId, totp.secret, unchecked.totp ?? "", clock.now())
    : undefined;
  if (isTotpRequired && step === undefined) {
    await countWrong(users, tries);
    return refused(refuse("totp_wrong"));
  }

  const sessionId = newId();
  const { token: refreshToken, hash } = newToken();
  const refusal = await inTransaction(database, async (tx) => {
    // if the password changed or the account closed meanwhile, that must end this session too
    if (!(await lockUser(tx, userId, passwordHash))) return refuse("credentials_wrong");
    if (totp && step !== undefined && !(await useTotpStep(tx, userId, totp.secret, step)))
      return refuse("totp_wrong");
    await insertUserSession(tx, sessionId, userId, origin, MAX_SESSIONS);
    await insertRefreshToken(tx, hash.toString("hex"), userId, sessionId, REFRESH_DAYS);
    await deleteTries(tx, tries.before);
    await announceAudit(tx, userActor(merchantId, userId, origin), {
      action: "user.signed_in",
      subject: userId,
      after: { totp: isTotpRequired },
    });
    return undefined;
  });
  return (
    (refusal && refused(refusal)) ?? {
      accessToken: await accessTokens.sign({ userId, sessionId, merchantId }),
      refreshToken,
      expiresInS: LIFETIME_S,
    }
  );
}
