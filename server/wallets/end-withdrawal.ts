import { isRefusal, refuse, toDecimal, type Id, type WithdrawalBody } from "@onegate/contract";
import { announceAudit } from "../identity/index.ts";
import { announce, type Once } from "../kernel/index.ts";
import { operationBody } from "./body.ts";
import { onceFor, withPayout, type Decider, type Wallets } from "./context.ts";
import { next } from "./operation.ts";
import { selectOperation, takeBackUsage, updateOperation } from "./store.ts";

/**
 * How a withdrawal ends without a payout: an operator rejects it, the bank fails to carry it out, or the user
 * cancels it.
 */
const ENDS = { reject: "reject", fail: "fail", cancel: "release" } as const;

/**
 * Ends a withdrawal without a payout and releases what was reserved, once per key. Users can end only their
 * own withdrawals, and only before approval. Refuses `withdrawal_unknown`, `withdrawal_decided`.
 */
export async function endWithdrawal(
  wallets: Wallets,
  decider: Decider,
  operationId: Id,
  how: keyof typeof ENDS,
  reason: string | null,
  key: string,
): Promise<Once<WithdrawalBody>> {
  const { merchantId, actor: by, userId } = decider;
  const done = await onceFor(
    wallets,
    { merchantId, who: by, verb: `withdrawal_${how}`, key },
    { operationId, reason },
    async (tx) => {
      const withdrawal = await selectOperation(tx, merchantId, operationId, "for update");
      if (
        withdrawal?.kind !== "WITHDRAWAL" ||
        withdrawal.holdId === null ||
        withdrawal.counterAccountId === null
      )
        return refuse("withdrawal_unknown");
      if (userId !== undefined && withdrawal.userId !== userId) return refuse("withdrawal_unknown");
      const step = next(withdrawal.kind, withdrawal.step, ENDS[how]);
      if (!step) return refuse("withdrawal_decided", { step: withdrawal.step });
      const { accountId, counterAccountId, amount, holdId } = withdrawal;
      const released = await wallets.ledger.applyIn(tx, merchantId, [
        { op: "release", id: holdId, hold: holdId, debit: accountId, credit: counterAccountId, amount },
      ]);
      if (isRefusal(released)) return released;
      await takeBackUsage(tx, withdrawal, amount.minor);
      const ended = await updateOperation(tx, withdrawal, step, {
        by,
        ...(reason === null ? {} : { note: reason }),
      });
      await announce(tx, merchantId, "wallet.withdrawal_ended", operationId, {
        operation_id: operationId,
        step,
      });
      await announceAudit(tx, decider, {
        action: "wallet.withdrawal_decided",
        subject: operationId,
        before: { step: withdrawal.step },
        after: { step, amount: toDecimal(withdrawal.amount), currency: withdrawal.amount.currency },
      });
      return operationBody(ended);
    },
  );
  return withPayout(wallets, merchantId, done);
}
