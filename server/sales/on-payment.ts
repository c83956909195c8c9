import { isId } from "@onegate/contract";
import { announce, type Tx } from "../kernel/index.ts";
import { isOpen, paidSum, paymentsOf, type Payment } from "../payments/index.ts";
import { completeSale } from "./complete.ts";
import { outletOf, type Sales } from "./context.ts";
import { reverseEarlierRefunds } from "./on-refund.ts";
import { next } from "./sale.ts";
import { markState, selectSale } from "./store.ts";

/** A payment ended: if it belongs to a sale, the sale is completed or expires in the same transaction. */
export async function onPaymentEnded(tx: Tx, sales: Sales, payment: Payment): Promise<void> {
  if (!isId(payment.orderId)) return;
  const sale = await selectSale(tx, payment.merchantId, payment.orderId, "for update of s");
  if (!sale) return;
  if (payment.state === "succeeded") {
    // several payments may pay a sale; the last one completes it
    if (paidSum(await paymentsOf(tx, payment.merchantId, payment.orderId)) < sale.total + sale.rounding)
      return;
    if (!next(sale.state, "pay")) throw new Error(`a sale in state ${sale.state} was paid`);
    await completeSale(tx, sales, sale, await outletOf(tx, sale.merchantId, sale.outletId), payment.method);
    return reverseEarlierRefunds(tx, sales, sale);
  }
  // another payment of the same sale may still be under way
  const payments = await paymentsOf(tx, payment.merchantId, payment.orderId);
  const expired = payments.some(({ state }) => isOpen(state)) ? undefined : next(sale.state, "expire");
  if (!expired) return;
  await markState(tx, sale, expired);
  await announce(tx, sale.merchantId, "sale.expired", sale.saleId, {
    sale_id: sale.saleId,
    outlet_id: sale.outletId,
  });
}
