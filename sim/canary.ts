import type { Ledger } from "../server/ledger/index.ts";
import type { Random } from "./random.ts";

const ONE_IN = 4;

/**
 * A broken ledger: sometimes it reports a transfer as posted and forgets it, and it always forgets the tax of
 * a refunded sale. The auditor must notice.
 */
export function forgetful(ledger: Ledger, random: Random): Ledger {
  return {
    ...ledger,
    post: async (merchantId, transfer) =>
      transfer.amount.minor > 0n && random.below(ONE_IN) === 0
        ? { id: transfer.id, posted: "now" }
        : ledger.post(merchantId, transfer),
    stageIn: (tx, merchantId, transfers) =>
      ledger.stageIn(
        tx,
        merchantId,
        transfers.filter(({ kind }) => kind !== "tax_return"),
      ),
  };
}
