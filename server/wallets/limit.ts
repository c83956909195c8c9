import { refuse, type Id, type Money, type Refusal } from "@onegate/contract";
import type { Tx } from "../kernel/index.ts";
import type { OperationKind } from "./operation.ts";
import { addUsage, selectLimit, selectUsage } from "./store.ts";

/** Kinds that a limit may be set for. */
export const LIMITED = [
  "TOPUP",
  "PAYMENT",
  "TRANSFER",
  "WITHDRAWAL",
] as const satisfies readonly OperationKind[];

/**
 * Counts a sum against an account's limits, within the caller's transaction: twins wait for each other. Refuses
 * `limit_per_transaction`, `limit_per_day`, `limit_per_month`, in this order, with what is left, in minor units.
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
  const left = (most: bigint, sum: bigint) => ({
    limit: most.toString(),
    left: (most > sum - minor ? most - (sum - minor) : 0n).toString(),
  });
  if (limit?.perDay != null && used.day > limit.perDay)
    return refuse("limit_per_day", left(limit.perDay, used.day));
  if (limit?.perMonth != null && used.month > limit.perMonth)
    return refuse("limit_per_month", left(limit.perMonth, used.month));
  return undefined;
}
