import { money, refuse, STATIC_METHOD, STATIC_PROVIDER, type Id, type Refusal } from "@onegate/contract";
import { type Tx } from "../kernel/index.ts";
import { accountId, CHART, transfersOf } from "../ledger/index.ts";
import { cancelOpenPayments } from "./cancel.ts";
import type { Payments } from "./context.ts";
import { merchantRefOf, paidSum } from "./payment.ts";
import { insertPayment, isReferenceUsed, lockOrder, lockReference, selectPayments } from "./store.ts";
import { announcePayment } from "./announce-payment.ts";

export type StaticCollection = {
  readonly merchantId: Id;
  readonly outletId: Id;
  readonly staffId: Id;
  readonly orderId: string;
  readonly reference: string | null;
};

/**
 * Records the remaining amount of an order as paid to the outlet's printed code, within the caller's
 * transaction. A cashier confirms it from the customer's proof; it stays unverified until a statement shows
 * it. The order's other payments are cancelled; if one of them is paid anyway, that money goes to suspense
 * with a case. Repeating the call has no further effect. Refuses, in this order, `order_unknown`,
 * `order_cancelled`, `order_paid` (an unproven payment is never a second payment: a customer who paid twice
 * appears in the acquirer's statement), and `reference_used`.
 */
export async function collectStatic(
  tx: Tx,
  payments: Payments,
  { merchantId, outletId, staffId, orderId, reference }: StaticCollection,
): Promise<Refusal | undefined> {
  const order = await lockOrder(tx, merchantId, orderId);
  if (order.amount === 0n) return refuse("order_unknown");
  const earlier = await selectPayments(tx, merchantId, orderId);
  if (earlier.some(({ verification }) => verification !== null)) return undefined;
  if (order.cancelled) return refuse("order_cancelled");
  const left = order.amount - paidSum(earlier);
  if (left <= 0n) return refuse("order_paid");
  const paymentId = payments.newId();
  if (reference !== null) {
    await lockReference(tx, merchantId, reference);
    if (await isReferenceUsed(tx, merchantId, reference, paymentId)) return refuse("reference_used");
  }
  const amount = money(left, order.currency);
  const merchantRef = merchantRefOf(paymentId);
  const paid = await insertPayment(tx, {
    merchantId,
    paymentId,
    orderId,
    method: STATIC_METHOD,
    channel: STATIC_METHOD,
    provider: STATIC_PROVIDER,
    amount,
    state: "succeeded",
    merchantRef,
    expiresAt: null,
    ...(reference === null ? {} : { reference }),
    outletId,
    confirmedBy: staffId,
  });
  const accounts = {
    unverified: accountId(merchantId, CHART.unverified),
    to: accountId(merchantId, CHART.received),
  };
  const about = reference === null ? {} : { reference };
  payments.ledger.stageIn(
    tx,
    merchantId,
    transfersOf("collect_unverified", merchantId, paymentId, accounts, { gross: amount }, about),
  );
  await announcePayment(tx, paid);
  await cancelOpenPayments(tx, earlier);
  await payments.onEnded(tx, paid);
  return undefined;
}
