import { isRefusal, refuse, type Refusal } from "@onegate/contract";
import { inTransaction, type Database } from "../../kernel/index.ts";
import { isSecret } from "../secret.ts";
import type { StaffRole } from "../staff.ts";
import { judge } from "./policy.ts";
import { countRightPin, countWrongPin, lockStanding, type Asked } from "./store.ts";

export type Proven = { readonly name: string; readonly role: StaffRole; readonly pinHash: string };

/**
 * Checks a person's PIN on a device, by the policy. Refuses `staff_unknown`, `device_revoked`, `pin_blocked`, `pin_delayed`,
 * `pin_wrong`, in this order. A try that the policy stops costs no hash.
 */
export async function provePin(database: Database, asked: Asked, pin: string): Promise<Proven | Refusal> {
  const tried = await inTransaction(database, async (tx) => {
    const standing = await lockStanding(tx, asked);
    if (!standing) return refuse("staff_unknown");
    if (standing.isRevoked) return refuse("device_revoked");
    const verdict = judge(standing);
    if ("stop" in verdict) return verdict.stop === "blocked" ? refuse("pin_blocked") : refuse("pin_delayed", { seconds: verdict.seconds });
    await countWrongPin(tx, asked, standing, verdict);
    return { name: standing.name, role: standing.role, pinHash: standing.pinHash };
  });
  if (isRefusal(tried)) return tried;
  if (!(await isSecret(pin, tried.pinHash))) return refuse("pin_wrong");
  await inTransaction(database, async (tx) => {
    await lockStanding(tx, asked);
    await countRightPin(tx, asked);
  });
  return tried;
}
