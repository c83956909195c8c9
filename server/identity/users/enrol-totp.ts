import { isRefusal, refuse, type Id, type Refusal } from "@onegate/contract";
import type { Origin } from "../origin.ts";
import { confirmPassword } from "./prove-password.ts";
import { selectProfile, updateTotpSecret } from "./store.ts";
import { newTotp } from "./totp.ts";
import type { Users } from "./user.ts";

/**
 * Makes a secret for one-time codes. They are required from the first confirmed code on. Refuses
 * `unauthenticated`, `overloaded`, `sign_in_delayed`, `password_wrong`, `totp_on`, in this order.
 */
export async function enrolTotp(
  users: Users,
  userId: Id,
  password: string,
  origin: Origin,
): Promise<{ base32: string; uri: string } | Refusal> {
  const { database, box } = users;
  const user = await confirmPassword(users, userId, password, origin);
  if (isRefusal(user)) return user;
  const profile = await selectProfile(database.kysely, userId);
  if (!profile) return refuse("unauthenticated");
  const { base32, uri, closed } = newTotp(box, userId, profile.username);
  return (await updateTotpSecret(database.kysely, userId, closed)) ? { base32, uri } : refuse("totp_on");
}
