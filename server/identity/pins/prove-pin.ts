import { isRefusal, refuse, type Refusal } from "@onegate/contract";
import { inTransaction, type Database } from "../../kernel/index.ts";
import { isSecret } from "../secret.ts";
import type { StaffRole } from "../staff.ts";
import { judge } from "./policy.ts";
import {
  countRightPin,
  countWrongPin,
  lockStanding,
  selectStanding,
  type Asked,
  type Tried,
} from "./store.ts";

export type Proven = { readonly name: string; readonly role: StaffRole; readonly pinHash: string };

/**
 * Checks a person's PIN on a device, within the policy. Refuses `staff_unknown`, `device_revoked`,
 * `pin_blocked`, `pin_delayed`, `pin_wrong`, in this order. A try that the policy stops costs no hash. With
 * `isStranger` the caller has not proven to be at the device, so the person does not count as known there.
 */
export async function provePin(
  database: Database,
  input: Asked,
  pin: string,
  { isStranger = false } = {},
): Promise<Proven | Refusal> {
  // most of a guesser's tries end here, at the cost of one query
  const early = judged(await selectStanding(database.kysely, input), isStranger);
  if (isRefusal(early)) return early;
  const tried = await inTransaction(database, async (tx) => {
    const verdict = judged(await lockStanding(tx, input), isStranger);
    if (isRefusal(verdict)) return verdict;
    await countWrongPin(tx, input, verdict.standing, verdict);
    return verdict.standing;
  });
  if (isRefusal(tried)) return tried;
  if (!(await isSecret(pin, tried.pinHash))) return refuse("pin_wrong");
  await inTransaction(database, async (tx) => {
    await lockStanding(tx, input);
    await countRightPin(tx, input);
  });
  return { name: tried.name, role: tried.role, pinHash: tried.pinHash };
}

function judged(
  found: Tried | undefined,
  isStranger: boolean,
): { standing: Tried; pairDelaySeconds: number; deviceDelaySeconds: number } | Refusal {
  if (!found) return refuse("staff_unknown");
  const standing = isStranger ? { ...found, isKnown: false } : found;
  if (standing.isRevoked) return refuse("device_revoked");
  const verdict = judge(standing);
  if (!("stop" in verdict)) return { standing, ...verdict };
  return verdict.stop === "blocked"
    ? refuse("pin_blocked")
    : refuse("pin_delayed", { seconds: verdict.seconds });
}
