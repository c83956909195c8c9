import { isId, isRefusal, money, type Id } from "@onegate/contract";
import { announce, type Tx } from "../kernel/index.ts";
import { accountId, CHART, transfersOf, type Transfer } from "../ledger/index.ts";
import { refundsDoneOf, type Refund } from "../payments/index.ts";
import type { Sales } from "./context.ts";
import type { Sale } from "./sale.ts";
import { markRefunded, selectSale } from "./store.ts";

/**
 * A sale's payment is given back: the sale takes back revenue and tax in proportion, so that the parts of several refunds
 * add up to the whole, to the rupiah. Answers what is to be posted; nothing for an order that is no sale.
 */
export async function onPaymentRefunded(tx: Tx, refund: Refund): Promise<ReadonlyArray<Omit<Transfer, "op">>> {
  if (refund.orderId === null || !isId(refund.orderId)) return [];
  const sale = await selectSale(tx, refund.merchantId, refund.orderId, "for update of s");
  if (sale?.state !== "paid") return [];
  const whole = sale.total + sale.rounding;
  const before = await markRefunded(tx, sale, refund.amount.minor);
  const tax = taxOf(sale.tax, before + refund.amount.minor, whole) - taxOf(sale.tax, before, whole);
  await announce(tx, sale.merchantId, "sale.refunded", sale.saleId, {
    sale_id: sale.saleId, outlet_id: sale.outletId, refund_id: refund.refundId, amount: refund.amount.minor.toString(), currency: sale.currency, tax: tax.toString(),
  });
  const account = (code: string): Id => accountId(sale.merchantId, code);
  return transfersOf(
    "sale_return",
    sale.merchantId,
    refund.refundId,
    { sales: account(CHART.sales), tax: account(CHART.tax), received: account(CHART.received) },
    { revenue: money(refund.amount.minor - tax, sale.currency), tax: money(tax, sale.currency) },
  );
}

/** A part of a sale may be given back before the last part completes it: what the sale then recognises in whole, it takes back at once. */
export async function takeBackEarlier(tx: Tx, sales: Sales, { merchantId, saleId }: Sale): Promise<void> {
  for (const refund of await refundsDoneOf(tx, merchantId, saleId)) {
    const posted = await sales.ledger.postIn(tx, merchantId, await onPaymentRefunded(tx, refund));
    if (isRefusal(posted)) throw new Error(`the ledger refused what a sale takes back: ${posted.refusal}`);
  }
}

/** The tax in the first `part` of a sale, rounded down: differences of these lose nothing between them. */
function taxOf(tax: bigint, part: bigint, whole: bigint): bigint {
  return (tax * part) / whole;
}
