import { refuse, type Id, type Refusal, type RefusalCode } from "@onegate/contract";
import { inTransaction } from "../../kernel/index.ts";
import { networkOf, type Origin } from "../origin.ts";
import { deleteTries, lockTries, selectCredentials, updateTries } from "./store.ts";
import { triesAt, type Tries } from "./tries.ts";
import type { Credentials, Users } from "./user.ts";

/**
 * Checks a password. Without a user it takes as long and refuses. Refuses `overloaded`, `sign_in_delayed`,
 * and `wrong` if the password does not match. The tries stay counted until the caller deletes them.
 */
export async function provePassword(
  users: Users,
  account: string,
  user: Credentials | undefined,
  unchecked: string,
  origin: Origin,
  wrong: RefusalCode,
): Promise<Tries | Refusal> {
  const { database, passwords } = users;
  const network = networkOf(origin.address);
  if (passwords.isFull(network)) return refuse("overloaded");
  const tries = triesAt(account, origin.address, user?.isKnownAddress ?? false);
  const seconds = await inTransaction(database, async (tx) => {
    const wait = await lockTries(tx, [...tries.before, ...tries.after]);
    if (wait === 0) await updateTries(tx, tries.before);
    return wait;
  });
  if (seconds > 0) return refuse("sign_in_delayed", { seconds });
  if (await passwords.isRight(unchecked, user?.passwordHash, network)) return tries;
  await countWrong(users, tries);
  return refuse(wrong);
}

export async function countWrong({ database }: Users, tries: Tries): Promise<void> {
  if (tries.after.length > 0) await inTransaction(database, (tx) => updateTries(tx, tries.after));
}

/**
 * Checks the password of a user who is signed in. Refuses `unauthenticated`, `overloaded`, `sign_in_delayed`,
 * `password_wrong`, in this order.
 */
export async function confirmPassword(
  users: Users,
  userId: Id,
  unchecked: string,
  origin: Origin,
): Promise<Credentials | Refusal> {
  const { kysely } = users.database;
  const user = await selectCredentials(kysely, "id", userId, origin.address);
  if (!user) return refuse("unauthenticated");
  const tries = await provePassword(users, userId, user, unchecked, origin, "password_wrong");
  if ("refusal" in tries) return tries;
  await deleteTries(kysely, tries.before);
  return user;
}
