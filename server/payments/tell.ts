import { announce, type Tx } from "../kernel/index.ts";
import type { Payment } from "./payment.ts";

/** Says within the transaction what a payment has become; sums are minor units as text, and nobody is named. */
export async function tell(tx: Tx, { merchantId, paymentId, orderId, state, amount, method, provider }: Payment): Promise<void> {
  await announce(tx, merchantId, `payment.${state}`, paymentId, { order_id: orderId, state, amount: amount.minor.toString(), currency: amount.currency, method, provider });
}
