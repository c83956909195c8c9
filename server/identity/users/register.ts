import { checkedToPhone, isRefusal, refuse, type Id, type Refusal } from "@onegate/contract";
import { networkOf, type Origin } from "../origin.ts";
import { checkedToPassword } from "./password.ts";
import { insertUser, selectTaken } from "./store.ts";
import { checkedToEmail, checkedToUsername, type Users } from "./user.ts";

export type Registration = {
  readonly username: string;
  readonly email: string;
  readonly phone: string;
  readonly password: string;
};

/**
 * Registers a wallet user. Refuses `username_invalid`, `email_invalid`, `phone_invalid`, `password_length`,
 * `password_common`, `overloaded`, `username_taken`, `email_taken`, `phone_taken`, in this order.
 */
export async function register(
  { database, passwords, newId }: Users,
  unchecked: Registration,
  { address }: Origin,
): Promise<{ userId: Id; username: string } | Refusal> {
  const username = checkedToUsername(unchecked.username);
  if (isRefusal(username)) return username;
  const email = checkedToEmail(unchecked.email);
  if (isRefusal(email)) return email;
  const phone = checkedToPhone(unchecked.phone);
  if (isRefusal(phone)) return phone;
  const names = { username, email, phone };
  const password = await checkedToPassword(unchecked.password, names);
  if (isRefusal(password)) return password;
  const network = networkOf(address);
  if (passwords.isFull(network)) return refuse("overloaded");
  const taken = await selectTaken(database.kysely, names);
  if (taken) return taken;
  const userId = newId();
  return (
    (await insertUser(database.kysely, userId, names, await passwords.hash(password, network))) ?? {
      userId,
      username,
    }
  );
}
