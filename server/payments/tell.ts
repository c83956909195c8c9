import type { Id } from "@onegate/contract";
import { announce, type Tx } from "../kernel/index.ts";
import type { Payment } from "./payment.ts";

/** Says within the transaction what a payment has become; sums are minor units as text, and nobody is named. */
export async function tell(tx: Tx, payment: Payment): Promise<void> {
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

/** The outlet of an event, by which tills are told their own outlet's alone; nothing of what is no outlet's. */
export function outletOf({ outletId }: { readonly outletId: Id | null }): { outlet_id?: Id } {
  return outletId === null ? {} : { outlet_id: outletId };
}
