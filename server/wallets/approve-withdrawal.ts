import { refuse, toDecimal, type Id, type WithdrawalBody } from "@onegate/contract";
import { announceAudit } from "../identity/index.ts";
import { announce, type Once } from "../kernel/index.ts";
import { operationBody } from "./body.ts";
import { onceFor, withPayout, type Decider, type Wallets } from "./context.ts";
import { next } from "./operation.ts";
import { selectOperation, updateOperation } from "./store.ts";

/**
 * Approves a withdrawal, so that it can be paid out, once per key. Refuses `withdrawal_unknown`,
 * `withdrawal_decided`.
 */
export async function approveWithdrawal(
  wallets: Wallets,
  decider: Decider,
  operationId: Id,
  key: string,
): Promise<Once<WithdrawalBody>> {
  const { merchantId, actor: by } = decider;
  const done = await onceFor(
    wallets,
    { merchantId, who: by, verb: "approve", key },
    { operationId },
    async (tx) => {
      const withdrawal = await selectOperation(tx, merchantId, operationId, "for update");
      if (withdrawal?.kind !== "WITHDRAWAL") return refuse("withdrawal_unknown");
      const step = next(withdrawal.kind, withdrawal.step, "approve");
      if (!step) return refuse("withdrawal_decided", { step: withdrawal.step });
      const approved = await updateOperation(tx, withdrawal, step, { by });
      await announce(tx, merchantId, "wallet.withdrawal_approved", operationId, {
        operation_id: operationId,
      });
      await announceAudit(tx, decider, {
        action: "wallet.withdrawal_decided",
        subject: operationId,
        before: { step: withdrawal.step },
        after: { step, amount: toDecimal(withdrawal.amount), currency: withdrawal.amount.currency },
      });
      return operationBody(approved);
    },
  );
  return withPayout(wallets, merchantId, done);
}
