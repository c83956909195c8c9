import { isRefusal, refuse, type Refusal } from "@onegate/contract";
import { inTransaction } from "../../kernel/index.ts";
import { announceAudit } from "../audit/announce-audit.ts";
import { networkOf, type Origin } from "../origin.ts";
import type { UserPrincipal } from "./access-token.ts";
import { checkedToPassword } from "./password.ts";
import { confirmPassword } from "./prove-password.ts";
import { deleteOtherSessions, lockUser, selectProfile, updatePassword } from "./store.ts";
import { userActor, type Users } from "./user.ts";

/**
 * Changes the password and ends the user's other sessions. Refuses `unauthenticated`, `password_length`,
 * `password_common`, `overloaded`, `sign_in_delayed`, `password_wrong`, in this order.
 */
export async function changePassword(
  users: Users,
  { merchantId, userId, sessionId }: UserPrincipal,
  current: string,
  next: string,
  origin: Origin,
): Promise<Refusal | undefined> {
  const { database, passwords } = users;
  const profile = await selectProfile(database.kysely, userId);
  if (!profile) return refuse("unauthenticated");
  const password = await checkedToPassword(next, profile);
  if (isRefusal(password)) return password;
  const user = await confirmPassword(users, userId, current, origin);
  if (isRefusal(user)) return user;
  const hash = await passwords.hash(password, networkOf(origin.address));
  return inTransaction(database, async (tx) => {
    if (!(await lockUser(tx, userId, user.passwordHash))) return refuse("password_wrong");
    await updatePassword(tx, userId, hash);
    await deleteOtherSessions(tx, userId, sessionId);
    await announceAudit(tx, userActor(merchantId, userId, origin), {
      action: "user.password_changed",
      subject: userId,
    });
    return undefined;
  });
}
