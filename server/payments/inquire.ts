import type { Id } from "@onegate/contract";
import { inTransaction, type Tx } from "../kernel/index.ts";
import { applyState } from "./apply.ts";
import { providerOf, type Payments } from "./context.ts";
import { isCodeless, isOpen, next, type Payment } from "./payment.ts";
import { endLost } from "./replace.ts";
import { isOlder, lockPayment, markLost, planInquiry, selectPayment, updatePayment } from "./store.ts";
import { tell } from "./tell.ts";

const SECOND = 1_000;
/** After a payment's time is over its provider gets this long to say so before it is asked. */
const AFTER_EXPIRY_MS = 10 * SECOND;
/** A provider that knows nothing of a payment which was certainly sent this long ago never got it. */
const ABSENT_FOR_SURE_S = 30;
/** Longer than any provider is waited for: what it has not answered by then is lost. */
const LOST_FOR_SURE_S = 90;

/** Open, or given up here while the payer's time runs: Tripay knows no cancellation, so the money may still come. */
function mayStillBePaid({ clock }: Payments, { state, provider, expiresAt }: Payment): boolean {
  if (isOpen(state)) return true;
  return (
    state === "cancelled" &&
    provider !== "cash" &&
    (expiresAt?.getTime() ?? 0) + 3 * AFTER_EXPIRY_MS > clock.now()
  );
}

/**
 * Asks the provider about an open payment and applies its word; plans the next question while there is no final one. One whose
 * code was lost is ended and replaced.
 */
export async function inquirePayment(
  payments: Payments,
  merchantId: Id,
  paymentId: Id,
  tries: number,
): Promise<void> {
  const payment = await selectPayment(payments.database.kysely, merchantId, paymentId);
  if (!payment) return;
  if (!mayStillBePaid(payments, payment)) return planInquiry(payments.database.kysely, payment, null);
  const provider = await providerOf(payments, payment);
  const answer = await provider.inquire({
    reference: payment.reference,
    merchantRef: payment.merchantRef,
    expiresAt: payment.expiresAt,
  });
  const lost = await inTransaction(payments.database, async (tx) => {
    if (answer.answer === "found") await applyState(tx, payments, payment, answer.state, answer.opened);
    else if (answer.answer === "absent" && (await isOlder(tx, payment, ABSENT_FOR_SURE_S)))
      await fail(tx, payments, payment);
    const now = await selectPayment(tx, merchantId, paymentId);
    const final = answer.answer === "found" && answer.state.status !== "pending";
    if (now)
      await planInquiry(
        tx,
        now,
        !final && mayStillBePaid(payments, now) ? pause(payments, now, tries + 1) : null,
      );
    const isTold = answer.answer === "found" && answer.state.status === "pending" && answer.opened === null;
    if (!isTold || !provider.cancel || now?.state !== "pending" || !isCodeless(now)) return undefined;
    if (now.lostAt === null && !(await isOlder(tx, now, LOST_FOR_SURE_S))) return undefined;
    await markLost(tx, now);
    return now;
  });
  if (lost) await endLost(payments, lost);
}

/** The provider never got it, and says so: nobody was charged, and the order may be paid anew. */
async function fail(tx: Tx, payments: Payments, before: Payment): Promise<void> {
  const { payment } = await lockPayment(tx, before);
  const state = next(payment.state, "refuse");
  if (!state) return;
  const written = await updatePayment(tx, payment, state, { note: "the provider knows nothing of it" });
  await tell(tx, written);
  await payments.onEnded(tx, written);
}

/** An unknown payment is asked about soon and often; a pending one now and then, and just after its time is over. */
function pause(payments: Payments, payment: Payment, tries: number): number {
  if (payment.state === "created" || payment.state === "unknown")
    return Math.min(2 ** tries, 60) * 2 * SECOND;
  const untilExpiry = (payment.expiresAt?.getTime() ?? 0) - payments.clock.now() + AFTER_EXPIRY_MS;
  const usual = Math.min(2 ** tries * 10, 300) * SECOND;
  return untilExpiry > 0 ? Math.min(usual, untilExpiry) : usual;
}
