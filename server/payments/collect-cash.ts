import { isRefusal, type Id, type Money, type Refusal } from "@onegate/contract";
import { announce, derivedId, type Tx } from "../kernel/index.ts";
import { accountId, CHART, drawerCode } from "../ledger/index.ts";
import type { Payments } from "./context.ts";
import { merchantRefOf } from "./payment.ts";
import { insertPayment } from "./store.ts";

/** Takes cash into an outlet's drawer for an order, within the caller's transaction: paid the moment it is written. */
export async function collectCash(
  tx: Tx,
  payments: Payments,
  { merchantId, outletId, orderId, amount }: { merchantId: Id; outletId: Id; orderId: string; amount: Money },
): Promise<Id | Refusal> {
  const paymentId = derivedId("cash", merchantId, orderId);
  await insertPayment(tx, {
    merchantId, paymentId, orderId, method: "CASH", channel: "CASH", provider: "cash", amount, state: "succeeded", merchantRef: merchantRefOf(paymentId), expiresAt: null,
  });
  const posted = await payments.ledger.postIn(tx, merchantId, [
    {
      id: derivedId("collect", merchantId, paymentId),
      kind: "collect",
      debit: accountId(merchantId, drawerCode(outletId)),
      credit: accountId(merchantId, CHART.received),
      amount,
    },
  ]);
  if (isRefusal(posted)) return posted;
  await announce(tx, merchantId, "payment.succeeded", paymentId, { order_id: orderId, state: "succeeded" });
  return paymentId;
}
