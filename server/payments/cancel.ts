import { isRefusal, refuse, type Id } from "@onegate/contract";
import { addJob, once, type Once, type Tx } from "../kernel/index.ts";
import type { Payments } from "./context.ts";
import { movePayment } from "./move-payment.ts";
import type { Order } from "./order.ts";
import { type Payment } from "./payment.ts";
import {
  lockOrder,
  markOrderCancelled,
  planInquiry,
  selectOrder,
  selectPayment,
  selectPayments,
} from "./store.ts";

/** The job that cancels payments at their provider. */
export const VOID = "payment:void";

/**
 * Cancels an order and its open payments, within the caller's transaction. A job then cancels the payments at
 * providers that support it. If the payer pays anyway, the money goes to suspense with a case. An order that
 * was paid in full or in part is not cancelled: `paid` is then true.
 */
export async function cancelOrder(tx: Tx, merchantId: Id, orderId: string): Promise<{ paid: boolean }> {
  await lockOrder(tx, merchantId, orderId);
  const earlier = await selectPayments(tx, merchantId, orderId);
  if (earlier.some(({ state }) => state === "succeeded")) return { paid: true };
  await markOrderCancelled(tx, merchantId, orderId);
  await cancelOpenPayments(tx, earlier);
  return { paid: false };
}

/**
 * Cancels the open ones of an order's payments, and adds the jobs that cancel them at their providers. The
 * caller holds the lock on the order's row.
 */
export async function cancelOpenPayments(tx: Tx, payments: readonly Payment[]): Promise<void> {
  for (const payment of payments) {
    const { merchantId, paymentId } = payment;
    // whoever cancels an order tells its sale or top-up once, not for each payment
    if (!(await movePayment(tx, null, payment, "cancel"))) continue;
    await addJob(tx, VOID, { merchantId, paymentId }, { key: `void:${paymentId}` });
  }
}

/**
 * Cancels an order on request, once per key. The sale or top-up that waits for the order ends in the same
 * transaction. Refuses `order_unknown`, and `order_paid`: a paid order is refunded instead.
 */
export async function giveUpOrder(
  payments: Payments,
  merchantId: Id,
  orderId: string,
  key: string,
): Promise<Once<Order>> {
  const { answer, replayed } = await once(
    payments.database,
    { merchantId, route: "order.cancel", key },
    { orderId },
    async (tx) => {
      if (!(await selectOrder(tx, merchantId, orderId))) return refuse("order_unknown");
      const { paid } = await cancelOrder(tx, merchantId, orderId);
      if (paid) return refuse("order_paid");
      await payments.onOrderCancelled(tx, merchantId, orderId);
      return { order_id: orderId };
    },
  );
  if (isRefusal(answer)) return { answer, replayed };
  return {
    answer: (await selectOrder(payments.database.kysely, merchantId, orderId)) ?? refuse("order_unknown"),
    replayed,
  };
}

/**
 * Cancels a payment at its provider. The inquiry planned afterwards shows whether the payer had paid before.
 */
export async function voidPayment(payments: Payments, merchantId: Id, paymentId: Id): Promise<void> {
  const payment = await selectPayment(payments.database.kysely, merchantId, paymentId);
  const account = payment && (await payments.providers.find(payment.provider, payment.accountId));
  if (payment?.state !== "cancelled" || !account?.provider.cancel) return;
  const answer = await account.provider.cancel({
    reference: payment.reference,
    merchantRef: payment.merchantRef,
  });
  if (answer.answer === "unknown")
    throw new Error(
      `${payment.provider} did not confirm that ${payment.merchantRef} is cancelled: ${answer.reason}`,
    );
  await planInquiry(payments.database.kysely, payment, 0, true);
}
