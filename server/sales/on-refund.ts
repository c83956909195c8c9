import { isId, money, type Id } from "@onegate/contract";
import { announce, type Tx } from "../kernel/index.ts";
import { accountId, CHART, transfersOf, type Transfer } from "../ledger/index.ts";
import {
  paymentsOf,
  refundsDoneOf,
  refundsOfReturns,
  selectPayment,
  type Refund,
} from "../payments/index.ts";
import { outletOf, type Sales } from "./context.ts";
import { selectReturns } from "./return-store.ts";
import type { Sale } from "./sale.ts";
import { markRefunded, selectHour, selectMoment, selectSale } from "./store.ts";

/**
 * A sale's payment is refunded: the sale reverses revenue, tax and cash rounding in proportion, so that the
 * parts of several refunds add up exactly to the whole. Returns the transfers to post; none if the order is
 * not a paid sale.
 */
export async function onPaymentRefunded(
  tx: Tx,
  refund: Refund,
): Promise<ReadonlyArray<Omit<Transfer, "op">>> {
  if (refund.orderId === null || !isId(refund.orderId)) return [];
  const sale = await selectSale(tx, refund.merchantId, refund.orderId, "for update of s");
  if (sale?.state !== "paid") return [];
  const whole = sale.total + sale.rounding;
  const before = await markRefunded(tx, sale, refund.amount.minor);
  const shareOfRefund = (sum: bigint) =>
    shareOf(sum, before + refund.amount.minor, whole) - shareOf(sum, before, whole);
  const [tax, gross] = [shareOfRefund(sale.tax), shareOfRefund(sale.total)];
  const rounding = refund.amount.minor - gross;
  const [down, up] = rounding < 0n ? [-rounding, 0n] : [0n, rounding];
  const payment = await selectPayment(tx, sale.merchantId, refund.paymentId ?? "");
  const { businessDate, hour } = await selectMoment(tx, await outletOf(tx, sale.merchantId, sale.outletId));
  await announce(tx, sale.merchantId, "sale.refunded", sale.saleId, {
    sale_id: sale.saleId,
    outlet_id: sale.outletId,
    refund_id: refund.refundId,
    return_id: refund.returnId,
    business_date: businessDate,
    hour,
    method: payment?.method ?? "CASH",
    amount: refund.amount.minor.toString(),
    currency: sale.currency,
    gross: gross.toString(),
    tax: tax.toString(),
  });
  const account = (code: string): Id => accountId(sale.merchantId, code);
  return transfersOf(
    "sale_return",
    sale.merchantId,
    refund.refundId,
    {
      sales: account(CHART.sales),
      tax: account(CHART.tax),
      received: account(CHART.received),
      rounding: account(CHART.rounding),
    },
    {
      revenue: money(refund.amount.minor - up - tax, sale.currency),
      tax: money(tax, sale.currency),
      roundedDown: money(down, sale.currency),
      roundedUp: money(up, sale.currency),
    },
  );
}

/**
 * A refund is abandoned, so the money stays. If it belonged to a void, the day's report counts the sale
 * again, once. Stock that the void returned stays returned.
 */
export async function onRefundAbandoned(tx: Tx, { merchantId, orderId, returnId }: Refund): Promise<void> {
  if (returnId === null || !isId(orderId)) return;
  const sale = await selectSale(tx, merchantId, orderId, "for update of s");
  const returns = await selectReturns(tx, merchantId, [orderId]);
  const voided = returns.find((each) => each.returnId === returnId && each.kind === "void");
  if (!sale || !voided) return;
  const refunds = await refundsOfReturns(tx, merchantId, [voided.returnId]);
  if (refunds.filter(({ state }) => state === "failed").length > 1) return;
  const payments = await paymentsOf(tx, merchantId, sale.saleId);
  const method = payments.findLast(({ paymentId }) =>
    refunds.some((refund) => refund.paymentId === paymentId),
  )?.method;
  const outlet = await outletOf(tx, merchantId, sale.outletId);
  await announce(tx, merchantId, "sale.void_failed", sale.saleId, {
    sale_id: sale.saleId,
    return_id: voided.returnId,
    outlet_id: sale.outletId,
    business_date: voided.businessDate,
    sold_hour: await selectHour(tx, outlet, sale.paidAt ?? sale.createdAt),
    sold_method: method ?? "CASH",
  });
}

/**
 * Part of a sale may be refunded before its last payment completes it. The sale then recognises the whole
 * amount, and this reverses the part that was refunded earlier.
 */
export async function reverseEarlierRefunds(
  tx: Tx,
  sales: Sales,
  { merchantId, saleId }: Sale,
): Promise<void> {
  for (const refund of await refundsDoneOf(tx, merchantId, saleId)) {
    sales.ledger.stageIn(tx, merchantId, await onPaymentRefunded(tx, refund));
  }
}

/**
 * The share of `sum` in the first `part` of a sale, rounded down. Differences of successive shares add up to
 * the whole without loss.
 */
function shareOf(sum: bigint, part: bigint, whole: bigint): bigint {
  return (sum * part) / whole;
}
