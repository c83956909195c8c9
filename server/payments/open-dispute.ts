import { money } from "@onegate/contract";
import { announce, type Tx } from "../kernel/index.ts";
import { accountId, CHART, clearingCode, transfersOf } from "../ledger/index.ts";
import type { TakenBack } from "../providers/index.ts";
import type { Payments } from "./context.ts";
import { takenBack, type Dispute } from "./dispute.ts";
import { insertDispute, selectDisputesOf } from "./dispute-store.ts";
import { leftOf } from "./give-back.ts";
import type { Payment } from "./payment.ts";
import {
  lockOrder,
  markCase,
  selectCase,
  selectCaseOf,
  selectPayment,
  selectTakenPayment,
  type SuspenseCase,
} from "./store.ts";
import { outletOf } from "./tell.ts";

/**
 * Writes down what a provider took back of a payment's money, within the caller's transaction, and books it: once per the
 * provider's reference. The order's row is held. Answers whether anything was new. Of a payment that brought no money nothing
 * can be taken back.
 */
export async function openDisputes(
  tx: Tx,
  payments: Payments,
  payment: Payment,
  words: readonly TakenBack[],
): Promise<boolean> {
  let isNew = false;
  for (const word of words) {
    // refunds and disputes before this one count
    const found = await collectedOf(tx, payment);
    if (!found) continue;
    const opened = await openOne(tx, payments, found, word);
    isNew ||= opened !== undefined;
  }
  return isNew;
}

type Collected = {
  readonly payment: Payment /** What is neither given nor taken back, in minor units. */;
  readonly left: bigint /** Where it lies in suspense. */;
  readonly found?: SuspenseCase;
};

/** The payment that a provider's money became, and what is left of it: this one, one that it was applied to out of suspense, or none yet. */
async function collectedOf(tx: Tx, payment: Payment): Promise<Collected | undefined> {
  if (payment.state === "succeeded") return { payment, left: await leftOf(tx, payment) };
  const seen = await selectCaseOf(tx, payment);
  if (!seen) return undefined;
  const taken = seen.state === "applied" ? await selectTakenPayment(tx, seen) : undefined;
  if (taken) {
    await lockOrder(tx, taken.merchantId, taken.orderId);
    return { payment: taken, left: await leftOf(tx, taken) };
  }
  const found = await selectCase(tx, seen.merchantId, seen.caseId, true);
  if (found?.state !== "open") return { payment, left: 0n };
  const left =
    found.amount.minor - takenBack(await selectDisputesOf(tx, payment.merchantId, payment.paymentId));
  return { payment, left: left > 0n ? left : 0n, found };
}

async function openOne(
  tx: Tx,
  payments: Payments,
  { payment, left, found }: Collected,
  word: TakenBack,
): Promise<Dispute | undefined> {
  const { merchantId, paymentId, orderId, provider } = payment;
  const { minor, currency } = word.amount;
  const amount = money(minor < left ? minor : left, currency);
  const caseId = found?.amount.minor === amount.minor ? found.caseId : null;
  const dispute = await insertDispute(tx, {
    merchantId,
    disputeId: payments.newId(),
    paymentId,
    orderId,
    caseId,
    provider,
    reference: word.reference,
    amount,
    beyond: minor - amount.minor,
    reason: word.reason.slice(0, 200),
  });
  if (!dispute) return undefined;
  if (caseId) await markCase(tx, merchantId, caseId, { state: "refunding", by: provider });
  const account = (code: string) => accountId(merchantId, code);
  const accounts = {
    disputed: account(CHART.disputed),
    clearing: account(clearingCode(provider)),
    suspense: account(CHART.suspense),
  };
  const transfers = transfersOf(
    "dispute",
    merchantId,
    dispute.disputeId,
    accounts,
    { disputed: amount, beyond: money(dispute.beyond, currency) },
    { reference: word.reference },
  );
  payments.ledger.stageIn(tx, merchantId, transfers);
  await announceDispute(tx, dispute, "payment.disputed");
  return dispute;
}

type DisputeTopic = "payment.disputed" | "payment.dispute_won" | "payment.dispute_lost";

/** Says within the transaction what a dispute has become; sums are minor units as text, and the provider's words stay here. */
export async function announceDispute(
  tx: Tx,
  { merchantId, paymentId, disputeId, orderId, provider, state, amount }: Dispute,
  topic: DisputeTopic,
): Promise<void> {
  const payment = await selectPayment(tx, merchantId, paymentId);
  await announce(tx, merchantId, topic, paymentId, {
    order_id: orderId,
    dispute_id: disputeId,
    state,
    amount: amount.minor.toString(),
    currency: amount.currency,
    provider,
    ...outletOf({ outletId: payment?.outletId ?? null }),
  });
}
