import { money } from "@onegate/contract";
import { announce, type Tx } from "../kernel/index.ts";
import { accountId, CHART, clearingCode, transfersOf } from "../ledger/index.ts";
import type { TakenBack } from "../providers/index.ts";
import type { Payments } from "./context.ts";
import { takenBack, type Dispute } from "./dispute.ts";
import { insertDispute, selectDisputesOf } from "./dispute-store.ts";
import { refundableAmount } from "./give-back.ts";
import type { Payment } from "./payment.ts";
import {
  lockOrder,
  markCase,
  selectCase,
  selectCaseOf,
  selectPayment,
  selectAppliedPayment,
  type SuspenseCase,
} from "./store.ts";
import { outletOf } from "./announce-payment.ts";

/**
 * Records and books what a provider took back of a payment, within the caller's transaction, once per
 * provider reference. The caller holds the lock on the order's row. Returns whether anything was new. Nothing
 * can be taken back of a payment that brought no money.
 */
export async function openDisputes(
  tx: Tx,
  payments: Payments,
  payment: Payment,
  chargebacks: readonly TakenBack[],
): Promise<boolean> {
  let isNew = false;
  for (const chargeback of chargebacks) {
    // read again for each chargeback: the disputes opened before it count
    const found = await collectedOf(tx, payment);
    if (!found) continue;
    const opened = await openDispute(tx, payments, found, chargeback);
    isNew ||= opened !== undefined;
  }
  return isNew;
}

type Collected = {
  readonly payment: Payment;
  /** What is neither refunded nor disputed, in minor units. */
  readonly left: bigint;
  /** The case, if the money is in suspense. */
  readonly found?: SuspenseCase;
};

/**
 * The payment that the provider's money was booked as, and what is left of it: this payment, the one that the
 * money was applied to out of suspense, or none yet.
 */
async function collectedOf(tx: Tx, payment: Payment): Promise<Collected | undefined> {
  if (payment.state === "succeeded") return { payment, left: await refundableAmount(tx, payment) };
  const seen = await selectCaseOf(tx, payment);
  if (!seen) return undefined;
  const taken = seen.state === "applied" ? await selectAppliedPayment(tx, seen) : undefined;
  if (taken) {
    await lockOrder(tx, taken.merchantId, taken.orderId);
    return { payment: taken, left: await refundableAmount(tx, taken) };
  }
  const found = await selectCase(tx, seen.merchantId, seen.caseId, true);
  if (found?.state !== "open") return { payment, left: 0n };
  const left =
    found.amount.minor - takenBack(await selectDisputesOf(tx, payment.merchantId, payment.paymentId));
  return { payment, left: left > 0n ? left : 0n, found };
}

async function openDispute(
  tx: Tx,
  payments: Payments,
  { payment, left, found }: Collected,
  chargeback: TakenBack,
): Promise<Dispute | undefined> {
  const { merchantId, paymentId, orderId, provider } = payment;
  const { minor, currency } = chargeback.amount;
  const amount = money(minor < left ? minor : left, currency);
  const caseId = found?.amount.minor === amount.minor ? found.caseId : null;
  const dispute = await insertDispute(tx, {
    merchantId,
    disputeId: payments.newId(),
    paymentId,
    orderId,
    caseId,
    provider,
    reference: chargeback.reference,
    amount,
    beyond: minor - amount.minor,
    reason: chargeback.reason.slice(0, 200),
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
    { reference: chargeback.reference },
  );
  payments.ledger.stageIn(tx, merchantId, transfers);
  await announceDispute(tx, dispute, "payment.disputed");
  return dispute;
}

type DisputeTopic = "payment.disputed" | "payment.dispute_won" | "payment.dispute_lost";

/**
 * Announces the new state of a dispute in the transaction that changes it. Amounts are minor units as text.
 * The provider's reason is not announced.
 */
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
