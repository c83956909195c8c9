import type { Id } from "@onegate/contract";
import { addJob, announce, inTransaction, type Tx } from "../kernel/index.ts";
import { applyState } from "./apply.ts";
import { providerOf, type Payments } from "./context.ts";
import { isOpen, next, type Payment } from "./payment.ts";
import { lockOrder, selectPayment, updatePayment } from "./store.ts";

/** The job's name. */
export const INQUIRE = "payment:inquire";

const SECOND = 1_000;
/** After a payment's time is over its provider gets this long to say so before it is asked. */
const AFTER_EXPIRY_MS = 10 * SECOND;
/** A provider that knows nothing of a payment which was certainly sent this long ago never got it. */
const ABSENT_FOR_SURE_MS = 30 * SECOND;

/** Asks the provider about an open payment and applies its word; plans the next question while there is no final one. */
export async function inquirePayment(payments: Payments, merchantId: Id, paymentId: Id, tries: number): Promise<void> {
  const payment = await selectPayment(payments.database.kysely, merchantId, paymentId);
  if (!payment || !isOpen(payment.state)) return;
  const provider = providerOf(payments, payment.provider);
  const answer = await provider.inquire({ reference: payment.reference, merchantRef: payment.merchantRef });
  await inTransaction(payments.database, async (tx) => {
    if (answer.answer === "found") await applyState(tx, payments, payment, answer.state, answer.opened);
    else if (answer.answer === "absent" && payments.clock.now() - payment.createdAt.getTime() > ABSENT_FOR_SURE_MS) await fail(tx, payments, payment);
    const now = await selectPayment(tx, merchantId, paymentId);
    if (now && isOpen(now.state)) await planInquiry(tx, payments, now, tries + 1);
  });
  payments.poke();
}

/** The provider never got it, and says so: nobody was charged, and the order may be paid anew. */
async function fail(tx: Tx, payments: Payments, { merchantId, paymentId, orderId }: Payment): Promise<void> {
  await lockOrder(tx, merchantId, orderId);
  const payment = await selectPayment(tx, merchantId, paymentId);
  const state = payment && next(payment.state, "refuse");
  if (!payment || !state) return;
  const written = await updatePayment(tx, payment, state, { note: "the provider knows nothing of it" });
  await announce(tx, merchantId, `payment.${state}`, paymentId, { order_id: orderId, state });
  await payments.onEnded(tx, written);
}

async function planInquiry(tx: Tx, payments: Payments, payment: Payment, tries: number): Promise<void> {
  const at = new Date(payments.clock.now() + pause(payments, payment, tries));
  await addJob(tx, INQUIRE, { merchantId: payment.merchantId, paymentId: payment.paymentId, tries }, { at, key: `inquire:${payment.paymentId}` });
}

/** An unknown payment is asked about soon and often; a pending one now and then, and just after its time is over. */
function pause(payments: Payments, payment: Payment, tries: number): number {
  if (payment.state !== "pending") return Math.min(2 ** tries, 60) * 2 * SECOND;
  const untilExpiry = (payment.expiresAt?.getTime() ?? 0) - payments.clock.now() + AFTER_EXPIRY_MS;
  const usual = Math.min(2 ** tries * 10, 300) * SECOND;
  return untilExpiry > 0 ? Math.min(usual, untilExpiry) : usual;
}
