import { isRefusal, refuse, type Id } from "@onegate/contract";
import type { Executor } from "../kernel/index.ts";
import type { Item, Result } from "./item.ts";
import { hasFloor } from "./store.ts";

/**
 * Distinguishes two refusals that `ledger_post` reports alike. An account without a floor never lacks funds,
 * so its refusal means that the amount exceeds what a balance can hold.
 */
export async function nameRefusals(
  executor: Executor,
  merchantId: Id,
  items: readonly Item[],
  results: readonly Result[],
): Promise<Result[]> {
  const answers: Result[] = [];
  for (const [index, result] of results.entries()) {
    const item = items[index];
    const isShort = item && isRefusal(result) && result.refusal === "insufficient_funds";
    const isBeyond = isShort && !(await hasFloor(executor, merchantId, item.debit));
    answers.push(isBeyond ? refuse("amount_too_large") : result);
  }
  return answers;
}
