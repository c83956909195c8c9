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
  readonly outcome: "won" | "lost";
  /** The provider's fee for a lost dispute. */
  readonly fee: Money;
  readonly note: string;
};

/**
 * Records the outcome of a dispute, once per key. If it is won, the provider owes the amount again; if it is
 * lost, the amount is a loss. Refuses `dispute_unknown`, `dispute_settled`, `currency_differs`, in this
 * order.
 */
export async function settleDispute(
  payments: Payments,
  who: Who,
  disputeId: Id,
  { outcome, fee, note }: Verdict,
  key: string,
): Promise<Once<Dispute>> {
  const { merchantId, actor: by } = who;
  const request = { disputeId, outcome, fee: fee.minor, note };
  const { answer, replayed } = await once(
    payments.database,
    { merchantId, route: "dispute.settle", key },
    request,
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

/** Selects a dispute with its row locked. The order's row is locked first, the lock order used everywhere. */
async function holdDispute(tx: Tx, merchantId: Id, disputeId: Id): Promise<Dispute | undefined> {
  const seen = await selectDispute(tx, merchantId, disputeId);
  if (seen) await lockOrder(tx, merchantId, seen.orderId);
  return seen && selectDispute(tx, merchantId, disputeId, true);
}

/**
 * Books the outcome. A lost amount is a loss, unless it was money in suspense: that went back to its payer,
 * which settles the case.
 */
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

/** Saves the provider's deadline for evidence. Refuses `dispute_unknown`, `dispute_settled`. */
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
