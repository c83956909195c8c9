import { isRefusal, refuse, toDecimal, type Id, type WithdrawalBody } from "@onegate/contract";
import { announceAudit } from "../identity/index.ts";
import { announce, derivedAt, type Once } from "../kernel/index.ts";
import { operationBody } from "./body.ts";
import { onceFor, withPayout, type Decider, type Wallets } from "./context.ts";
import { detailsOf, next } from "./operation.ts";
import { selectOperation, updateOperation } from "./store.ts";

/**
 * Records that an operator paid a withdrawal out at the bank, with the bank's reference, once per key. The
 * reserved amount leaves the wallet. Refuses `withdrawal_unknown`, `withdrawal_decided` (not approved, or
 * done already), `account_frozen`.
 */
export async function payOut(
  wallets: Wallets,
  decider: Decider,
  operationId: Id,
  { bank_reference: reference }: { bank_reference: string },
  key: string,
): Promise<Once<WithdrawalBody>> {
  const { merchantId, actor: by } = decider;
  const done = await onceFor(
    wallets,
    { merchantId, who: by, verb: "pay_out", key },
    { operationId, reference },
    async (tx) => {
      const withdrawal = await selectOperation(tx, merchantId, operationId, "for update");
      if (
        withdrawal?.kind !== "WITHDRAWAL" ||
        withdrawal.holdId === null ||
        withdrawal.counterAccountId === null
      )
        return refuse("withdrawal_unknown");
      const step = next(withdrawal.kind, withdrawal.step, "finish");
      if (!step) return refuse("withdrawal_decided", { step: withdrawal.step });
      const { accountId, counterAccountId, amount, holdId } = withdrawal;
      const settled = await wallets.ledger.applyIn(tx, merchantId, [
        {
          op: "settle",
          id: derivedAt(operationId, "withdrawal", merchantId),
          hold: holdId,
          kind: "withdrawal",
          debit: accountId,
          credit: counterAccountId,
          amount,
          rest: "release",
          reference,
          details: detailsOf(withdrawal),
        },
      ]);
      if (isRefusal(settled)) return settled;
      const paid = await updateOperation(tx, withdrawal, step, { settled: amount.minor, reference, by });
      await announce(tx, merchantId, "wallet.withdrawal_paid", operationId, {
        operation_id: operationId,
        amount: amount.minor.toString(),
        currency: amount.currency,
      });
      await announceAudit(tx, decider, {
        action: "wallet.withdrawal_decided",
        subject: operationId,
        before: { step: withdrawal.step },
        after: { step, amount: toDecimal(withdrawal.amount), currency: withdrawal.amount.currency },
      });
      return operationBody(paid);
    },
  );
  return withPayout(wallets, merchantId, done);
}
