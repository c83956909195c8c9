import { refuse, type Id, type NewDeviceCodeBody, type Refusal } from "@onegate/contract";
import { inTransaction, type Database } from "../../kernel/index.ts";
import { announceAudit } from "../audit/announce-audit.ts";
import type { Requester, StaffPrincipal } from "../staff.ts";
import { selectOutlets } from "../store.ts";
import { newCode } from "./code.ts";
import { CODE_MINUTES } from "./device.ts";
import { insertCode } from "./store.ts";

/**
 * Makes a code that enrols one device at an outlet: any outlet for an owner, their own for others. Refuses
 * `outlet_unknown`.
 */
export async function makeDeviceCode(
  database: Database,
  by: Pick<Requester, "role" | "merchantId" | "outletId" | "staffId" | "who">,
  { outlet_id: outletId, name }: NewDeviceCodeBody,
): Promise<{ code: string; expiresAt: Date } | Refusal> {
  const { merchantId } = by;
  if (
    !reaches(by, outletId) ||
    !(await selectOutlets(database.kysely, merchantId)).some((outlet) => outlet.outletId === outletId)
  )
    return refuse("outlet_unknown");
  const { code, hash } = newCode();
  const expiresAt = await inTransaction(database, async (tx) => {
    await announceAudit(tx, by.who, { action: "device.code_made", subject: outletId, after: { name } });
    return insertCode(tx, {
      merchantId,
      hash,
      purpose: "device",
      outletId,
      name,
      madeBy: by.staffId,
      minutes: CODE_MINUTES.device,
    });
  });
  return { code, expiresAt };
}

/** Whether a staff member may act at an outlet: owners at every one, others at their own. */
export function reaches({ role, outletId }: Pick<StaffPrincipal, "role" | "outletId">, target: Id): boolean {
  return role === "owner" || outletId === target;
}
