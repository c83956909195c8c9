import { isRefusal, refuse, type Refusal } from "@onegate/contract";
import { inTransaction } from "../../kernel/index.ts";
import { announceAudit } from "../audit/announce-audit.ts";
import type { Origin } from "../origin.ts";
import type { UserPrincipal } from "./access-token.ts";
import { confirmPassword } from "./prove-password.ts";
import { deleteTotp } from "./store.ts";
import { userActor, type Users } from "./user.ts";

/**
 * Turns one-time codes off. Refuses `unauthenticated`, `overloaded`, `sign_in_delayed`, `password_wrong`,
 * `totp_off`, in this order.
 */
export async function removeTotp(
  users: Users,
  { merchantId, userId }: UserPrincipal,
  password: string,
  origin: Origin,
): Promise<Refusal | undefined> {
  const user = await confirmPassword(users, userId, password, origin);
  if (isRefusal(user)) return user;
  if (!user.totp) return refuse("totp_off");
  await inTransaction(users.database, async (tx) => {
    await deleteTotp(tx, userId);
    await announceAudit(tx, userActor(merchantId, userId, origin), {
      action: "user.totp_changed",
      subject: userId,
      before: { totp: true },
      after: { totp: false },
    });
  });
  return undefined;
}
