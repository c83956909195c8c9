import { isRefusal, refuse, type Id } from "@onegate/contract";
import { addJob, once, type Once, type Tx } from "../kernel/index.ts";
import type { Payments } from "./context.ts";
import type { Order } from "./order.ts";
import { next, type Payment } from "./payment.ts";
import {
  lockOrder,
  markOrderCancelled,
  planInquiry,
  selectOrder,
  selectPayment,
  selectPayments,
  updatePayment,
} from "./store.ts";
import { tell } from "./tell.ts";

/** The job that ends given-up payments at their provider. */
export const VOID = "payment:void";

/**
 * Gives up an order and its open payments, within the caller's transaction; a job then ends them at their providers, where
 * these have a call for it. Should the payer pay all the same, the money goes to suspense with a case. An order that was paid
 * in whole or in part stays; answers whether it is one.
 */
export async function cancelOrder(tx: Tx, merchantId: Id, orderId: string): Promise<{ paid: boolean }> {
  await lockOrder(tx, merchantId, orderId);
  const all = await selectPayments(tx, merchantId, orderId);
  if (all.some(({ state }) => state === "succeeded")) return { paid: true };
  await markOrderCancelled(tx, merchantId, orderId);
  await endOpenPayments(tx, all);
  return { paid: false };
}

/** Gives open payments of an order up, whose row the caller holds; a job ends them at their providers. */
export async function endOpenPayments(tx: Tx, payments: readonly Payment[]): Promise<void> {
  for (const payment of payments) {
    const state = next(payment.state, "cancel");
    if (!state) continue;
    const { merchantId, paymentId } = payment;
    const written = await updatePayment(tx, payment, state);
    await addJob(tx, VOID, { merchantId, paymentId }, { key: `void:${paymentId}` });
    await tell(tx, written);
  }
}

/** The same as a request of its own, once per key: the sale or top-up that waits for the order ends with it. Refuses `order_unknown`, and `order_paid`: what is paid is refunded. */
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

/** Ends a given-up payment at its provider. Whether it came too late, the inquiry that follows tells. */
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
      `${payment.provider} did not say whether ${payment.merchantRef} is ended: ${answer.reason}`,
    );
  await planInquiry(payments.database.kysely, payment, 0, true);
}
