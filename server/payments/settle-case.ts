import { isRefusal, refuse, toDecimal, type Id, type Refusal } from "@onegate/contract";
import { announceAudit, type Who } from "../identity/index.ts";
import { announce, once, type Once, type Tx } from "../kernel/index.ts";
import { accountId, CHART, transfersOf } from "../ledger/index.ts";
import type { Payments } from "./context.ts";
import { takenBack } from "./dispute.ts";
import { selectDisputesOf } from "./dispute-store.ts";
import { refundSourceOf, saveRefund, sendRefund } from "./give-back.ts";
import { merchantRefOf, methodOf, paidSum } from "./payment.ts";
import { selectRefund } from "./refund-store.ts";
import {
  insertPayment,
  lockOrder,
  markCase,
  selectCase,
  selectOrder,
  selectPayment,
  selectPayments,
  type SuspenseCase,
} from "./store.ts";
import { outletOf, announcePayment } from "./announce-payment.ts";

/**
 * Applies money in suspense to an order as a payment, once per key. Refuses `case_unknown`, `case_disputed`,
 * `payment_unverified`, `case_settled`, `order_unknown`, `order_cancelled`, and `case_does_not_fit` if the
 * money is more than what is still to be paid or of another currency, in this order.
 */
export async function applyCase(
  payments: Payments,
  who: Who,
  caseId: Id,
  orderId: string,
  key: string,
): Promise<Once<SuspenseCase>> {
  const { merchantId } = who;
  return settled(
    payments,
    merchantId,
    caseId,
    await once(payments.database, { merchantId, route: "case.apply", key }, { caseId, orderId }, (tx) =>
      apply(tx, payments, who, caseId, orderId),
    ),
  );
}

async function apply(
  tx: Tx,
  payments: Payments,
  who: Who,
  caseId: Id,
  orderId: string,
): Promise<{ case_id: Id } | Refusal> {
  const { merchantId, actor: by } = who;
  // the order's row is locked first, as for a notification
  const { cancelled } = await lockOrder(tx, merchantId, orderId);
  const found = await openCase(tx, merchantId, caseId);
  if (isRefusal(found)) return found;
  const order = await selectOrder(tx, merchantId, orderId);
  if (!order) return refuse("order_unknown");
  if (cancelled) return refuse("order_cancelled");
  const left = order.amount.minor - paidSum(await selectPayments(tx, merchantId, orderId));
  if (found.amount.currency !== order.amount.currency || found.amount.minor > left)
    return refuse("case_does_not_fit", { left: left.toString() });
  const origin = found.paymentId ? await selectPayment(tx, merchantId, found.paymentId) : undefined;
  const paymentId = payments.newId();
  const channel = origin?.channel ?? found.provider.toUpperCase();
  await insertPayment(tx, {
    merchantId,
    paymentId,
    orderId,
    method: origin?.method ?? methodOf({ code: channel, group: "" }),
    channel,
    provider: found.provider,
    accountId: found.accountId,
    outletId: order.outletId,
    amount: found.amount,
    state: "succeeded",
    merchantRef: merchantRefOf(paymentId),
    reference: found.reference,
    expiresAt: null,
  });
  const accounts = {
    suspense: accountId(merchantId, CHART.suspense),
    received: accountId(merchantId, CHART.received),
  };
  payments.ledger.stageIn(
    tx,
    merchantId,
    transfersOf(
      "apply",
      merchantId,
      paymentId,
      accounts,
      { applied: found.amount },
      { reference: found.reference },
    ),
  );
  await markCase(tx, merchantId, caseId, { state: "applied", by, appliedTo: orderId });
  await announce(tx, merchantId, "case.applied", caseId, { order_id: orderId, ...outletOf(order) });
  await announceAudit(tx, who, {
    action: "case.decided",
    subject: caseId,
    after: {
      decision: "apply",
      order_id: orderId,
      amount: toDecimal(found.amount),
      currency: found.amount.currency,
    },
  });
  const payment = await selectPayment(tx, merchantId, paymentId);
  if (!payment) throw new Error("the inserted payment was not found");
  await announcePayment(tx, payment);
  await payments.onEnded(tx, payment);
  return { case_id: caseId };
}

/**
 * Refunds money in suspense, once per key. The refund goes through the provider if it can and knows the
 * payment; otherwise a person pays it and then confirms it. Refuses `case_unknown`, `case_disputed`,
 * `payment_unverified`, `case_settled`, in this order.
 */
export async function refundCase(
  payments: Payments,
  who: Who,
  caseId: Id,
  reason: string,
  key: string,
): Promise<Once<SuspenseCase>> {
  const { merchantId, actor: by } = who;
  const done = await once(
    payments.database,
    { merchantId, route: "case.refund", key },
    { caseId, reason },
    async (tx) => {
      const found = await openCase(tx, merchantId, caseId);
      if (isRefusal(found)) return found;
      const origin = found.paymentId ? await selectPayment(tx, merchantId, found.paymentId) : undefined;
      const refund = await saveRefund(tx, payments, {
        merchantId,
        paymentId: null,
        caseId,
        orderId: origin?.orderId ?? null,
        provider: refundSourceOf(found.provider),
        amount: found.amount,
        reason,
        requestedBy: by,
      });
      await markCase(tx, merchantId, caseId, { state: "refunding", by });
      await announceAudit(tx, who, {
        action: "case.decided",
        subject: caseId,
        after: { decision: "refund", amount: toDecimal(found.amount), currency: found.amount.currency },
      });
      return { case_id: caseId, refund_id: refund.refundId };
    },
  );
  if (!isRefusal(done.answer) && !done.replayed) {
    const refund = await selectRefund(payments.database.kysely, merchantId, done.answer.refund_id);
    if (refund) await sendRefund(payments, refund);
  }
  return settled(payments, merchantId, caseId, done);
}

/** Selects an open case and locks it for this transaction. */
async function openCase(tx: Tx, merchantId: Id, caseId: Id): Promise<SuspenseCase | Refusal> {
  const found = await selectCase(tx, merchantId, caseId, true);
  if (!found) return refuse("case_unknown");
  const origin = found.paymentId ? await selectPayment(tx, merchantId, found.paymentId) : undefined;
  // disputes of a succeeded payment are about its own money, not about the money in suspense
  const isDisputed =
    origin &&
    origin.state !== "succeeded" &&
    takenBack(await selectDisputesOf(tx, merchantId, origin.paymentId)) > 0n;
  if (isDisputed) return refuse("case_disputed");
  // a payment that only a cashier has confirmed can be neither applied nor refunded
  if (origin && (origin.verification ?? "verified") !== "verified") return refuse("payment_unverified");
  return found.state === "open" ? found : refuse("case_settled");
}

async function settled(
  payments: Payments,
  merchantId: Id,
  caseId: Id,
  { answer, replayed }: Once<{ case_id: Id }>,
): Promise<Once<SuspenseCase>> {
  if (isRefusal(answer)) return { answer, replayed };
  return {
    answer: (await selectCase(payments.database.kysely, merchantId, caseId)) ?? refuse("case_unknown"),
    replayed,
  };
}
