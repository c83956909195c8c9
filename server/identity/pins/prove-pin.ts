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
 * Checks a person's PIN on a device, by the policy. Refuses `staff_unknown`, `device_revoked`, `pin_blocked`, `pin_delayed`,
 * `pin_wrong`, in this order. A try that the policy stops costs no hash. Whoever brings no proof of the device is a
 * stranger there, so nobody is let off what others tried.
 */
export async function provePin(
  database: Database,
  asked: Asked,
  pin: string,
  { isStranger = false } = {},
): Promise<Proven | Refusal> {
  // most of a guesser's tries end here, at the price of one look
  const stopped = judged(await selectStanding(database.kysely, asked), isStranger);
  if (isRefusal(stopped)) return stopped;
  const tried = await inTransaction(database, async (tx) => {
    const verdict = judged(await lockStanding(tx, asked), isStranger);
    if (isRefusal(verdict)) return verdict;
    await countWrongPin(tx, asked, verdict.standing, verdict);
    return verdict.standing;
  });
  if (isRefusal(tried)) return tried;
  if (!(await isSecret(pin, tried.pinHash))) return refuse("pin_wrong");
  await inTransaction(database, async (tx) => {
    await lockStanding(tx, asked);
    await countRightPin(tx, asked);
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
