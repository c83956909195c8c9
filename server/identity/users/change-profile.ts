import { isRefusal, refuse, type Id, type Refusal } from "@onegate/contract";
import { selectProfile, updateNames } from "./store.ts";
import { checkedToEmail, checkedToPhone, checkedToUsername, type Names, type Profile, type Users } from "./user.ts";

const CHECKS = { username: checkedToUsername, email: checkedToEmail, phone: checkedToPhone } as const;

/** Changes the names that are given. Refuses `…_invalid`, `…_taken` (both in the order username, e-mail, phone), `unauthenticated` when the user is gone. */
export async function changeProfile({ database }: Users, userId: Id, unchecked: Partial<Names>): Promise<Profile | Refusal> {
  const names: { -readonly [Kind in keyof Names]?: string } = {};
  for (const kind of ["username", "email", "phone"] as const) {
    const given = unchecked[kind];
    if (given === undefined) continue;
    const checked = CHECKS[kind](given);
    if (isRefusal(checked)) return checked;
    names[kind] = checked;
  }
  return (await updateNames(database.kysely, userId, names)) ?? (await selectProfile(database.kysely, userId)) ?? refuse("unauthenticated");
}
