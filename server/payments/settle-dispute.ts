import { isRefusal, money, refuse, toDecimal, type Id, type Money, type Refusal } from "@onegate/contract";
import { announceAudit, type Who } from "../identity/index.ts";
import { once, type Once, type Tx } from "../kernel/index.ts";
import { accountId, CHART, clearingCode, transfersOf } from "../ledger/index.ts";
import type { Payments } from "./context.ts";
import { nextDispute, type Dispute } from "./dispute.ts";
import { selectDispute, updateDeadline, updateDispute } from "./dispute-store.ts";
import { announceDispute } from "./open-dispute.ts";
import { lockOrder, markCase } from "./store.ts";

export type Verdict = {
  readonly outcome: "won" | "lost" /** What the provider keeps for a lost one. */;
  readonly fee: Money;
  readonly note: string;
};

/**
 * Says how a dispute ended, once per key: won, the provider owes the sum again; lost, it is gone. Refuses `dispute_unknown`,
 * `dispute_settled`, `currency_differs`, in this order.
 */
export async function settleDispute(
  payments: Payments,
  who: Who,
  disputeId: Id,
  { outcome, fee, note }: Verdict,
  key: string,
): Promise<Once<Dispute>> {
  const { merchantId, actor: by } = who;
  const asked = { disputeId, outcome, fee: fee.minor, note };
  const { answer, replayed } = await once(
    payments.database,
    { merchantId, route: "dispute.settle", key },
    asked,
    async (tx) => {
      const dispute = await holdDispute(tx, merchantId, disputeId);
      if (!dispute) return refuse("dispute_unknown");
      const state = nextDispute(dispute.state, outcome === "won" ? "win" : "lose");
      if (!state) return refuse("dispute_settled");
      if (fee.currency !== dispute.amount.currency) return refuse("currency_differs");
      const written = await updateDispute(tx, dispute, state, {
        fee: state === "lost" ? fee.minor : 0n,
        note,
        by,
      });
      await book(tx, payments, written, by);
      await announceDispute(tx, written, state === "won" ? "payment.dispute_won" : "payment.dispute_lost");
      await announceAudit(tx, who, {
        action: "dispute.settled",
        subject: disputeId,
        after: {
          outcome: state,
          amount: toDecimal(dispute.amount),
          currency: dispute.amount.currency,
          fee: toDecimal(money(written.fee, dispute.amount.currency)),
        },
      });
      return { dispute_id: disputeId };
    },
  );
  if (isRefusal(answer)) return { answer, replayed };
  return {
    answer:
      (await selectDispute(payments.database.kysely, merchantId, disputeId)) ?? refuse("dispute_unknown"),
    replayed,
  };
}

/** The dispute as it is once its row is held; its order's comes first, as everywhere. */
async function holdDispute(tx: Tx, merchantId: Id, disputeId: Id): Promise<Dispute | undefined> {
  const seen = await selectDispute(tx, merchantId, disputeId);
  if (seen) await lockOrder(tx, merchantId, seen.orderId);
  return seen && selectDispute(tx, merchantId, disputeId, true);
}

/** What is lost is a loss; what was lost of money in suspense went back to its payer, and its case is settled by that. */
async function book(
  tx: Tx,
  payments: Payments,
  { merchantId, disputeId, caseId, provider, state, amount, beyond, fee, reference }: Dispute,
  by: string,
): Promise<void> {
  const account = (code: string) => accountId(merchantId, code);
  const accounts = {
    disputed: account(CHART.disputed),
    clearing: account(clearingCode(provider)),
    suspense: account(CHART.suspense),
    losses: account(CHART.losses),
    bearer: account(caseId ? CHART.suspense : CHART.losses),
    fees: account(CHART.fees),
  };
  const sum = (minor: bigint) => money(minor, amount.currency);
  const transfers = transfersOf(
    state === "won" ? "dispute_won" : "dispute_lost",
    merchantId,
    disputeId,
    accounts,
    { disputed: amount, beyond: sum(beyond), fee: sum(fee) },
    { reference },
  );
  payments.ledger.stageIn(tx, merchantId, transfers);
  if (caseId) await markCase(tx, merchantId, caseId, { state: state === "won" ? "open" : "refunded", by });
}

/** Notes until when the provider wants evidence. Refuses `dispute_unknown`, `dispute_settled`. */
export async function noteDeadline(
  { database }: Pick<Payments, "database">,
  merchantId: Id,
  disputeId: Id,
  until: Date,
): Promise<Dispute | Refusal> {
  const noted = await updateDeadline(database.kysely, merchantId, disputeId, until);
  return (
    noted ??
    refuse(
      (await selectDispute(database.kysely, merchantId, disputeId)) ? "dispute_settled" : "dispute_unknown",
    )
  );
}
