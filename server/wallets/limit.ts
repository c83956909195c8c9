import { refuse, type Id, type Money, type Refusal } from "@onegate/contract";
import type { Tx } from "../kernel/index.ts";
import type { OperationKind } from "./operation.ts";
import { addUsage, selectLimit, selectUsage } from "./store.ts";

/** The kinds of operation that can have a limit. */
export const LIMITED = [
  "TOPUP",
  "PAYMENT",
  "TRANSFER",
  "WITHDRAWAL",
] as const satisfies readonly OperationKind[];

/**
 * Counts an amount against an account's limits, in the caller's transaction. Concurrent requests of the same
 * account wait for each other. Refuses `limit_per_transaction`, `limit_per_day`, `limit_per_month`, in this
 * order, with the limit and what is left of it, in minor units.
 */
export async function useLimit(
  tx: Tx,
  merchantId: Id,
  accountId: Id,
  kind: (typeof LIMITED)[number],
  { minor, currency }: Money,
): Promise<Refusal | undefined> {
  const limit = await selectLimit(tx, merchantId, kind, currency);
  if (limit?.perTransaction != null && minor > limit.perTransaction)
    return refuse("limit_per_transaction", { limit: limit.perTransaction.toString() });
  await addUsage(tx, merchantId, accountId, kind, minor);
  const used = await selectUsage(tx, merchantId, accountId, kind);
  const left = (max: bigint, sum: bigint) => ({
    limit: max.toString(),
    left: (max > sum - minor ? max - (sum - minor) : 0n).toString(),
  });
  if (limit?.perDay != null && used.day > limit.perDay)
    return refuse("limit_per_day", left(limit.perDay, used.day));
  if (limit?.perMonth != null && used.month > limit.perMonth)
    return refuse("limit_per_month", left(limit.perMonth, used.month));
  return undefined;
}
