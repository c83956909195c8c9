import type { Id } from "@onegate/contract";
import { announce, type Tx } from "../kernel/index.ts";
import { next } from "./payment.ts";
import { lockOrder, markOrderCancelled, selectPayments, updatePayment } from "./store.ts";

/**
 * Gives up an order and its open payments, within the caller's transaction. Tripay has no cancellation: should the payer pay all
 * the same, the money goes to suspense with a case. A paid one stays paid; answers whether there is one.
 */
export async function cancelOrder(tx: Tx, merchantId: Id, orderId: string): Promise<{ paid: boolean }> {
  await lockOrder(tx, merchantId, orderId);
  const all = await selectPayments(tx, merchantId, orderId);
  if (all.some(({ state }) => state === "succeeded")) return { paid: true };
  await markOrderCancelled(tx, merchantId, orderId);
  for (const payment of all) {
    const state = next(payment.state, "cancel");
    if (!state) continue;
    await updatePayment(tx, payment, state);
    await announce(tx, merchantId, `payment.${state}`, payment.paymentId, { order_id: orderId, state });
  }
  return { paid: false };
}
