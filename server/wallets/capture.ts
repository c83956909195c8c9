import { checkedToMoney, isRefusal, money, refuse, type Id, type OperationBody } from "@onegate/contract";
import { announce, derivedAt, type Once } from "../kernel/index.ts";
import { mayDecide } from "./account.ts";
import { operationBody } from "./body.ts";
import { onceFor, type Decider, type Wallets } from "./context.ts";
import { detailsOf, next } from "./operation.ts";
import { selectOperation, takeBackUsage, updateOperation } from "./store.ts";

export type CaptureInput = {
  /** All that is left by default. */
  readonly amount?: string | number;
  /** Releases what is left after this capture. */
  readonly final?: boolean;
};

/**
 * Moves a held amount, or a part of it, to the payee, once per key. Refuses `hold_unknown`, `hold_ended`,
 * malformed amounts, and what the ledger refuses: `account_frozen`, `hold_expired`, `hold_exceeded`, in this
 * order.
 */
export async function capture(
  wallets: Wallets,
  decider: Decider,
  holdId: Id,
  unchecked: CaptureInput,
  key: string,
): Promise<Once<OperationBody>> {
  const { merchantId, actor: by } = decider;
  return onceFor(
    wallets,
    { merchantId, who: by, verb: "capture", key },
    { holdId, ...unchecked },
    async (tx) => {
      const held = await selectOperation(tx, merchantId, holdId, "for update");
      if (
        held?.kind !== "PAYMENT" ||
        held.holdId === null ||
        held.counterAccountId === null ||
        !(await mayDecide(tx, decider, held.counterAccountId))
      )
        return refuse("hold_unknown");
      const finished = next(held.kind, held.step, "finish");
      if (!finished) return refuse("hold_ended");
      const { currency } = held.amount;
      const left = held.amount.minor - held.settled;
      const amount =
        unchecked.amount === undefined
          ? money(left, currency)
          : checkedToMoney({ amount: unchecked.amount, currency });
      if (isRefusal(amount)) return amount;

      const final = unchecked.final === true || amount.minor === left;
      const id = derivedAt(wallets.newId(), "capture", merchantId);
      const settled = await wallets.ledger.applyIn(tx, merchantId, [
        {
          op: "settle",
          id,
          hold: held.holdId,
          kind: "payment",
          debit: held.accountId,
          credit: held.counterAccountId,
          amount,
          rest: final ? "release" : "keep",
          details: detailsOf(held),
        },
      ]);
      if (isRefusal(settled)) return settled;
      if (final && amount.minor < left) await takeBackUsage(tx, held, left - amount.minor);
      const operation = await updateOperation(tx, held, final ? finished : held.step, {
        settled: amount.minor,
        by,
      });
      await announce(tx, merchantId, "wallet.captured", holdId, {
        operation_id: holdId,
        amount: amount.minor.toString(),
        currency,
        final: String(final),
      });
      return operationBody(operation);
    },
  );
}
