import { isRefusal, refuse, type Id } from "@onegate/contract";
import type { Executor } from "../kernel/index.ts";
import type { Item, Result } from "./item.ts";
import { hasFloor } from "./store.ts";

/** Names what `ledger_post` can't tell apart: an account without a floor never has too little; its balance can't count more. */
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
