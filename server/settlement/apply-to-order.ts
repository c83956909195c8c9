import { isRefusal, money, refuse, STATIC_PROVIDER, type Id, type Refusal } from "@onegate/contract";
import type { Tx } from "../kernel/index.ts";
import { applyState, paymentsOf, selectPayment, type Payment } from "../payments/index.ts";
import type { SettlementCase } from "./case.ts";
import type { Settlement } from "./context.ts";
import { selectRows } from "./store.ts";
import { verifyByRow } from "./verify-rows.ts";

/**
 * Takes a row of unknown money as the payment of an order, as if the provider had reported it. The payment is
 * booked, its sale is completed, and any excess goes to suspense, in the same way as for every payment. The
 * order is the one given, or else that of the payment which the row names. For a printed code, where more
 * than one payment may match a row, the row verifies the given order's payment. Refuses `case_action_unfit`
 * where the row is no payment, `order_unknown`, `order_not_at_provider` where the order has no payment to
 * take the money, and what `verifyByRow` refuses.
 */
export async function applyToOrder(
  tx: Tx,
  settlement: Settlement,
  settlementCase: SettlementCase,
  orderId: string | undefined,
): Promise<{ payment: Payment } | Refusal> {
  const [row] =
    settlementCase.rowId === null
      ? []
      : await selectRows(tx, settlementCase.merchantId, [settlementCase.rowId]);
  if (!row || row.kind !== "payment") return refuse("case_action_unfit");
  if (settlementCase.provider === STATIC_PROVIDER) {
    const ofOrder = orderId === undefined ? [] : await paymentsOf(tx, settlementCase.merchantId, orderId);
    if (ofOrder.length === 0) return refuse("order_unknown");
    const verified = await verifyByRow(tx, settlement, row, ofOrder);
    return isRefusal(verified) ? verified : { payment: verified };
  }
  const payment = await paymentFor(tx, settlementCase, orderId);
  if (isRefusal(payment)) return payment;
  await applyState(tx, settlement.payments, payment, {
    reference: row.reference ?? payment.reference ?? payment.merchantRef,
    merchantRef: payment.merchantRef,
    status: "paid",
    amount: money(row.gross, settlementCase.currency),
    feeMerchant: money(row.fee, settlementCase.currency),
    feeCustomer: money(0n, settlementCase.currency),
    paidAt: row.paidAt,
  });
  return { payment };
}

/**
 * The payment that takes the money: the one that the row names, or else an unpaid one before a paid one,
 * newest first.
 */
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
