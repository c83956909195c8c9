import { isRefusal, refuse, type Id, type Refusal } from "@onegate/contract";
import type { Origin } from "../origin.ts";
import { provePasswordAgain } from "./prove-password.ts";
import { deleteTotp } from "./store.ts";
import type { Users } from "./user.ts";

/** Asks for no one-time codes any more. Refuses `unauthenticated`, `overloaded`, `sign_in_delayed`, `password_wrong`, `totp_off`, in this order. */
export async function removeTotp(users: Users, userId: Id, password: string, origin: Origin): Promise<Refusal | undefined> {
  const user = await provePasswordAgain(users, userId, password, origin);
  if (isRefusal(user)) return user;
  if (!user.totp) return refuse("totp_off");
  await deleteTotp(users.database.kysely, userId);
  return undefined;
}
