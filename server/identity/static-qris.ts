import {
  checkedToStaticQris,
  isQrisProblem,
  isRefusal,
  parseQris,
  refuse,
  VERIFY_WITHIN_DAYS,
  type Id,
  type NewStaticQrisBody,
  type Refusal,
  type StaticQrisBody,
} from "@onegate/contract";
import { announce, inTransaction, type Database, type Executor } from "../kernel/index.ts";
import { announceAudit } from "./audit/announce-audit.ts";
import type { Who } from "./audit/entry.ts";
import {
  deleteStaticQris,
  selectOutlets,
  selectStaticQris,
  upsertStaticQris,
  type StaticQris,
} from "./store.ts";

/**
 * Sets an outlet's printed QRIS code, which customers pay to when no provider can be reached. Refuses
 * `outlet_unknown`, then what `checkedToStaticQris` refuses.
 */
export async function setStaticQris(
  database: Database,
  who: Who,
  outletId: Id,
  unchecked: NewStaticQrisBody,
): Promise<StaticQris | Refusal> {
  const { merchantId, actor: staffId } = who;
  if (!(await isOutlet(database.kysely, merchantId, outletId))) return refuse("outlet_unknown");
  const code = checkedToStaticQris(unchecked.payload);
  if (isRefusal(code)) return code;
  return inTransaction(database, async (tx) => {
    const before = await selectStaticQris(tx, merchantId, outletId);
    const set = await upsertStaticQris(tx, {
      merchantId,
      outletId,
      payload: unchecked.payload.trim(),
      merchantName: code.merchantName,
      verifyWithinDays: unchecked.verify_within_days ?? VERIFY_WITHIN_DAYS,
      setBy: staffId,
    });
    await announce(tx, merchantId, "outlet.static_qris_set", outletId, {
      outlet_id: outletId,
      nmid: code.nmid,
      merchant_name: code.merchantName,
      set_by: staffId,
    });
    await announceAudit(tx, who, {
      action: "outlet.static_qris_set",
      subject: outletId,
      before: before && shownOf(before),
      after: shownOf(set),
    });
    return set;
  });
}

/**
 * Removes an outlet's printed code. Payments already made to it are still awaited. Refuses `outlet_unknown`,
 * `static_qris_missing`.
 */
export async function removeStaticQris(
  database: Database,
  who: Who,
  outletId: Id,
): Promise<Refusal | undefined> {
  const { merchantId, actor: staffId } = who;
  if (!(await isOutlet(database.kysely, merchantId, outletId))) return refuse("outlet_unknown");
  return inTransaction(database, async (tx) => {
    const before = await selectStaticQris(tx, merchantId, outletId);
    if (!before || !(await deleteStaticQris(tx, merchantId, outletId))) return refuse("static_qris_missing");
    await announce(tx, merchantId, "outlet.static_qris_removed", outletId, {
      outlet_id: outletId,
      removed_by: staffId,
    });
    await announceAudit(tx, who, {
      action: "outlet.static_qris_removed",
      subject: outletId,
      before: shownOf(before),
    });
    return undefined;
  });
}

/** Refuses `outlet_unknown`, `static_qris_missing`. */
export async function showStaticQris(
  executor: Executor,
  merchantId: Id,
  outletId: Id,
): Promise<StaticQris | Refusal> {
  if (!(await isOutlet(executor, merchantId, outletId))) return refuse("outlet_unknown");
  return (await selectStaticQris(executor, merchantId, outletId)) ?? refuse("static_qris_missing");
}

async function isOutlet(executor: Executor, merchantId: Id, outletId: Id): Promise<boolean> {
  return (await selectOutlets(executor, merchantId)).some((outlet) => outlet.outletId === outletId);
}

function shownOf({ payload, merchantName, verifyWithinDays }: StaticQris) {
  const code = parseQris(payload);
  return {
    merchant_name: merchantName,
    nmid: isQrisProblem(code) ? null : code.nmid,
    verify_within_days: verifyWithinDays,
  };
}

export function staticQrisBody({
  outletId,
  payload,
  merchantName,
  verifyWithinDays,
  setBy,
  setAt,
}: StaticQris): StaticQrisBody {
  const code = parseQris(payload);
  if (isQrisProblem(code))
    throw new Error(`the stored QRIS code of outlet ${outletId} is not valid: ${code.problem}`);
  return {
    outlet_id: outletId,
    payload,
    merchant_name: merchantName,
    city: code.city,
    nmid: code.nmid,
    acquirers: code.accounts.map(({ domain }) => domain),
    verify_within_days: verifyWithinDays,
    set_by: setBy,
    set_at: setAt.toISOString(),
  };
}
