import type { Id } from "@onegate/contract";
import { announce, type Tx } from "../kernel/index.ts";
import type { Payment } from "./payment.ts";

/**
 * Announces the new state of a payment in the transaction that changes it. Amounts are minor units as text;
 * the event holds no personal data.
 */
export async function announcePayment(tx: Tx, payment: Payment): Promise<void> {
  const { merchantId, paymentId, orderId, state, amount, method, provider } = payment;
  await announce(tx, merchantId, `payment.${state}`, paymentId, {
    order_id: orderId,
    state,
    amount: amount.minor.toString(),
    currency: amount.currency,
    method,
    provider,
    ...outletOf(payment),
  });
}

/**
 * The outlet of an event: a till receives only its own outlet's events. Empty for events without an outlet.
 */
export function outletOf({ outletId }: { readonly outletId: Id | null }): { outlet_id?: Id } {
  return outletId === null ? {} : { outlet_id: outletId };
}
