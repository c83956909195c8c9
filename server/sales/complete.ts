import { money } from "@onegate/contract";
import type { Outlet } from "../identity/index.ts";
import { announce, derivedId, type Tx } from "../kernel/index.ts";
import { accountId, CHART, transfersOf, type Transfer } from "../ledger/index.ts";
import { moveStock } from "../stock/index.ts";
import type { Sales } from "./context.ts";
import type { Sale } from "./sale.ts";
import { markPaid, nextReceiptNumber } from "./store.ts";

/**
 * Completes a sale whose amount is collected, within the transaction that collected it: receipt number,
 * stock, revenue and tax in the ledger, and the event. Rows are locked in a fixed order, so that concurrent
 * sales can't deadlock: the outlet's receipt counter, its stock levels by product, and last, at the commit,
 * the ledger's balances.
 */
export async function completeSale(
  tx: Tx,
  sales: Sales,
  sale: Sale,
  outlet: Outlet,
  method: string,
): Promise<void> {
  const { receiptNumber, businessDate, hour } = await nextReceiptNumber(tx, outlet);
  const movements = sale.lines.map(({ productId, quantity }, index) => ({
    movementId: derivedId("sold", sale.saleId, String(index)),
    productId,
    kind: "sale" as const,
    quantity: -quantity,
  }));
  const levels = await moveStock(tx, sale.merchantId, sale.outletId, sale.saleId, movements);
  const oversold = levels.filter(({ isCounted, onHand }) => isCounted && onHand < 0);
  sales.ledger.stageIn(tx, sale.merchantId, recognition(sale));
  await markPaid(tx, sale, receiptNumber, businessDate, oversold);
  await announce(tx, sale.merchantId, "sale.paid", sale.saleId, {
    sale_id: sale.saleId,
    outlet_id: sale.outletId,
    receipt_number: receiptNumber,
    business_date: businessDate,
    hour,
    method,
    currency: sale.currency,
    gross: sale.total.toString(),
    tax: sale.tax.toString(),
    lines: sale.lines.map(({ productId, name, quantity, unitPrice }) => ({
      product_id: productId,
      name,
      quantity,
      amount: (unitPrice * BigInt(quantity)).toString(),
    })),
    oversold: oversold.map(({ productId, onHand }) => ({ product_id: productId, on_hand: onHand })),
  });
}

/** The transfers of a sale. Revenue is the price; cash rounding is booked separately. */
export function recognition({
  merchantId,
  saleId,
  currency,
  total,
  tax,
  rounding,
}: Pick<Sale, "merchantId" | "saleId" | "currency" | "total" | "tax" | "rounding">): Array<
  Omit<Transfer, "op">
> {
  const account = (code: string) => accountId(merchantId, code);
  const [down, up] = rounding < 0n ? [-rounding, 0n] : [0n, rounding];
  return transfersOf(
    "sale",
    merchantId,
    saleId,
    {
      received: account(CHART.received),
      sales: account(CHART.sales),
      tax: account(CHART.tax),
      rounding: account(CHART.rounding),
    },
    {
      revenue: money(total - tax - down, currency),
      tax: money(tax, currency),
      roundedDown: money(down, currency),
      roundedUp: money(up, currency),
    },
  );
}
