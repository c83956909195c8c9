import { addJob, inTransaction, type Tx } from "../kernel/index.ts";
import { providerOf, type Payments } from "./context.ts";
import { movePayment } from "./move-payment.ts";
import { isOpen, merchantRefOf, paidSum, type Payment } from "./payment.ts";
import { FIRST_INQUIRY_MS, REOPEN } from "./plan.ts";
import { insertPayment, lockPayment, selectPayments, type LockedOrder } from "./store.ts";

/**
 * Cancels a payment at its provider that nobody can pay because its code was lost, and opens a replacement
 * only if the provider confirms the cancellation. A payment that can no longer be cancelled is paid or
 * expired, and the next inquiry shows which. If the provider doesn't answer, the next inquiry tries again.
 */
export async function endLost(payments: Payments, lost: Payment): Promise<void> {
  const { reference, merchantRef } = lost;
  const answer = await (await providerOf(payments, lost)).cancel?.({ reference, merchantRef });
  if (answer?.answer !== "cancelled") return;
  await inTransaction(payments.database, async (tx) => {
    const { order, payment } = await lockPayment(tx, lost);
    if (isOpen(payment.state)) await replace(tx, payments, payment, order);
  });
}

/**
 * Cancels a payment that its provider has cancelled, and inserts its replacement, which a job then opens
 * once. The caller holds the lock on the order's row.
 */
export async function replace(
  tx: Tx,
  payments: Payments,
  payment: Payment,
  order: LockedOrder,
): Promise<void> {
  const { merchantId, orderId, method, channel, provider, accountId, outletId, amount, expiresAt, routing } =
    payment;
  // the order goes on with the replacement, so its sale or top-up learns nothing of this
  await movePayment(tx, null, payment, "cancel", {
    note: "the answer with its code was lost; another took its place",
  });
  const paid = paidSum(await selectPayments(tx, merchantId, orderId));
  if (!order.cancelled && paid + amount.minor <= order.amount) {
    const paymentId = payments.newId();
    // the replacement keeps the payer's deadline, so that replacing ends even if every answer is lost
    await insertPayment(tx, {
      merchantId,
      paymentId,
      orderId,
      method,
      channel,
      provider,
      accountId,
      outletId,
      amount,
      state: "created",
      merchantRef: merchantRefOf(paymentId),
      expiresAt,
      inquireAfterMs: FIRST_INQUIRY_MS,
      ...(routing ? { routing } : {}),
    });
    await addJob(tx, REOPEN, { merchantId, paymentId }, { attempts: 1 });
  }
}
