import { isRefusal, money, refuse, STATIC_PROVIDER, type Id, type Refusal } from "@onegate/contract";
import type { Tx } from "../kernel/index.ts";
import { applyState, paymentsOf, selectPayment, type Payment } from "../payments/index.ts";
import type { SettlementCase } from "./case.ts";
import type { Settlement } from "./context.ts";
import { selectRows } from "./store.ts";
import { verifyByRow } from "./verify-rows.ts";

/**
 * Takes a row of money that we did not know as the payment of an order, as if the provider had told of it: the payment
 * is booked, its sale completed, and what does not fit goes to suspense, all by the one way that payments have. The order
 * is the one that is named, or that of the payment which the row names. A row of a printed code, where more than one
 * payment fits, verifies the order's. Refuses `case_action_unfit` where it is no payment, `order_unknown`,
 * `order_not_at_provider` where the order has no payment to take it, and what `verifyByRow` refuses.
 */
export async function applyToOrder(
  tx: Tx,
  settlement: Settlement,
  one: SettlementCase,
  orderId: string | undefined,
): Promise<{ payment: Payment } | Refusal> {
  const [row] = one.rowId === null ? [] : await selectRows(tx, one.merchantId, [one.rowId]);
  if (!row || row.kind !== "payment") return refuse("case_action_unfit");
  if (one.provider === STATIC_PROVIDER) {
    const ofOrder = orderId === undefined ? [] : await paymentsOf(tx, one.merchantId, orderId);
    if (ofOrder.length === 0) return refuse("order_unknown");
    const verified = await verifyByRow(tx, settlement, row, ofOrder);
    return isRefusal(verified) ? verified : { payment: verified };
  }
  const payment = await paymentFor(tx, one, orderId);
  if (isRefusal(payment)) return payment;
  await applyState(tx, settlement.payments, payment, {
    reference: row.reference ?? payment.reference ?? payment.merchantRef,
    merchantRef: payment.merchantRef,
    status: "paid",
    amount: money(row.gross, one.currency),
    feeMerchant: money(row.fee, one.currency),
    feeCustomer: money(0n, one.currency),
    paidAt: row.paidAt,
  });
  return { payment };
}

/** The payment that takes the money: one that is not paid before one that is, the newest first. */
async function paymentFor(
  tx: Tx,
  { merchantId, paymentId, provider }: SettlementCase,
  orderId: string | undefined,
): Promise<Payment | Refusal> {
  const named: Id | undefined = paymentId ?? undefined;
  if (orderId === undefined)
    return (named && (await selectPayment(tx, merchantId, named))) || refuse("order_unknown");
  const all = await paymentsOf(tx, merchantId, orderId);
  const theirs = all.filter((payment) => payment.provider === provider).reverse();
  return (
    theirs.find((payment) => payment.paymentId === named) ??
    theirs.find(({ state }) => state !== "succeeded") ??
    theirs[0] ??
    refuse(all.length === 0 ? "order_unknown" : "order_not_at_provider")
  );
}
