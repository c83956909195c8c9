import { checkedToPhone, isRefusal, refuse, type Refusal } from "@onegate/contract";
import { inTransaction } from "../../kernel/index.ts";
import { announceAudit } from "../audit/announce-audit.ts";
import type { Origin } from "../origin.ts";
import type { UserPrincipal } from "./access-token.ts";
import { selectProfile, takenBy, updateNames } from "./store.ts";
import {
  checkedToEmail,
  checkedToUsername,
  userActor,
  type Names,
  type Profile,
  type Users,
} from "./user.ts";

const CHECKS = { username: checkedToUsername, email: checkedToEmail, phone: checkedToPhone } as const;

/**
 * Changes the given names. Refuses `…_invalid`, `…_taken` (each in the order username, e-mail, phone), and
 * `unauthenticated` if the user no longer exists.
 */
export async function changeProfile(
  { database }: Users,
  { merchantId, userId }: UserPrincipal,
  unchecked: Partial<Names>,
  origin: Origin,
): Promise<Profile | Refusal> {
  const names: { -readonly [Kind in keyof Names]?: string } = {};
  for (const kind of ["username", "email", "phone"] as const) {
    const given = unchecked[kind];
    if (given === undefined) continue;
    const checked = CHECKS[kind](given);
    if (isRefusal(checked)) return checked;
    names[kind] = checked;
  }
  return inTransaction(database, async (tx) => {
    const before = await selectProfile(tx, userId);
    await updateNames(tx, userId, names);
    const after = await selectProfile(tx, userId);
    if (!before || !after) return refuse("unauthenticated");
    await announceAudit(tx, userActor(merchantId, userId, origin), {
      action: "user.profile_changed",
      subject: userId,
      before: namesOf(before, names),
      after: names,
    });
    return after;
  }).catch(takenBy);
}

function namesOf({ username, email, phone }: Names, changed: Partial<Names>): Partial<Names> {
  return {
    ...(changed.username === undefined ? {} : { username }),
    ...(changed.email === undefined ? {} : { email }),
    ...(changed.phone === undefined ? {} : { phone }),
  };
}
