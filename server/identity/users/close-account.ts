import { isRefusal, refuse, type Refusal } from "@onegate/contract";
import { inTransaction } from "../../kernel/index.ts";
import { closeAccountsOf } from "../../ledger/index.ts";
import { announceAudit } from "../audit/announce-audit.ts";
import type { Origin } from "../origin.ts";
import type { UserPrincipal } from "./access-token.ts";
import { confirmPassword } from "./prove-password.ts";
import { deleteOtherSessions, eraseUser, lockUser } from "./store.ts";
import { userActor, type Users } from "./user.ts";

/**
 * Closes a user's account for good. Names, password and sessions are erased. The ledger's accounts keep their
 * entries but accept no more postings. Refuses `unauthenticated`, `overloaded`, `sign_in_delayed`,
 * `password_wrong`, `account_not_empty`, in this order.
 */
export async function closeAccount(
  users: Users,
  { merchantId, userId }: UserPrincipal,
  password: string,
  origin: Origin,
): Promise<Refusal | undefined> {
  const user = await confirmPassword(users, userId, password, origin);
  if (isRefusal(user)) return user;
  return inTransaction(users.database, async (tx) => {
    if (!(await lockUser(tx, userId, user.passwordHash))) return refuse("password_wrong");
    if (!(await closeAccountsOf(tx, userId))) return refuse("account_not_empty");
    await deleteOtherSessions(tx, userId, null);
    await eraseUser(tx, userId);
    await users.onClosed(tx, merchantId, userId);
    await announceAudit(tx, userActor(merchantId, userId, origin), {
      action: "user.closed",
      subject: userId,
    });
    return undefined;
  });
}
