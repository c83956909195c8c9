import { type Id, type Money, type Refusal } from "@onegate/contract";
import { derivedAt, type Tx } from "../kernel/index.ts";
import { accountId, CHART, drawerCode, transfersOf } from "../ledger/index.ts";
import type { Payments } from "./context.ts";
import { merchantRefOf } from "./payment.ts";
import { insertPayment, selectPayment } from "./store.ts";
import { announcePayment } from "./announce-payment.ts";

/** Takes cash for an order into an outlet's drawer, within the caller's transaction. It is paid at once. */
export async function collectCash(
  tx: Tx,
  payments: Payments,
  { merchantId, outletId, orderId, amount }: { merchantId: Id; outletId: Id; orderId: string; amount: Money },
): Promise<Id | Refusal> {
  const paymentId = derivedAt(orderId, "cash", merchantId);
  await insertPayment(tx, {
    merchantId,
    paymentId,
    orderId,
    method: "CASH",
    channel: "CASH",
    provider: "cash",
    amount,
    state: "succeeded",
    merchantRef: merchantRefOf(paymentId),
    expiresAt: null,
    outletId,
  });
  const accounts = {
    drawer: accountId(merchantId, drawerCode(outletId)),
    received: accountId(merchantId, CHART.received),
  };
  payments.ledger.stageIn(
    tx,
    merchantId,
    transfersOf("cash", merchantId, paymentId, accounts, { cash: amount }),
  );
  const paid = await selectPayment(tx, merchantId, paymentId);
  if (!paid) throw new Error("the inserted payment was not found");
  await announcePayment(tx, paid);
  return paymentId;
}
