import type { Id } from "@onegate/contract";
import { inTransaction, type Tx } from "../kernel/index.ts";
import { applyState } from "./apply.ts";
import { providerOf, type Payments } from "./context.ts";
import { movePayment } from "./move-payment.ts";
import { isCodeless, isOpen, type Payment } from "./payment.ts";
import { endLost } from "./replace.ts";
import { isOlder, lockPayment, markLost, planInquiry, selectPayment } from "./store.ts";

const SECOND = 1_000;
/** Delay between a payment's expiry and its inquiry, so that the provider can report the end by itself. */
const AFTER_EXPIRY_MS = 10 * SECOND;
/** If a provider doesn't know a payment that was sent this long ago, it never received it. */
const ABSENT_FOR_SURE_S = 30;
/** Longer than any provider timeout: an answer that has not come by then is lost. */
const LOST_FOR_SURE_S = 90;

/**
 * Whether the payment may still be paid: it is open, or it was cancelled here and the payer's time is not
 * over. Tripay has no cancellation, so that money may still arrive.
 */
function mayStillBePaid({ clock }: Payments, { state, provider, expiresAt }: Payment): boolean {
  if (isOpen(state)) return true;
  return (
    state === "cancelled" &&
    provider !== "cash" &&
    (expiresAt?.getTime() ?? 0) + 3 * AFTER_EXPIRY_MS > clock.now()
  );
}

/**
 * Inquires of the provider about an open payment, applies its status, and schedules the next inquiry unless
 * the status is final. A payment whose code was lost is ended and replaced.
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
    const current = await selectPayment(tx, merchantId, paymentId);
    const isFinal = answer.answer === "found" && answer.state.status !== "pending";
    if (current)
      await planInquiry(
        tx,
        current,
        !isFinal && mayStillBePaid(payments, current) ? nextInquiryMs(payments, current, tries + 1) : null,
      );
    const isPendingWithoutCode =
      answer.answer === "found" && answer.state.status === "pending" && answer.opened === null;
    if (!isPendingWithoutCode || !provider.cancel || current?.state !== "pending" || !isCodeless(current))
      return undefined;
    if (current.lostAt === null && !(await isOlder(tx, current, LOST_FOR_SURE_S))) return undefined;
    await markLost(tx, current);
    return current;
  });
  if (lost) await endLost(payments, lost);
}

/** The provider never received the payment: nobody was charged, and the order can be paid again. */
async function fail(tx: Tx, payments: Payments, before: Payment): Promise<void> {
  const { payment } = await lockPayment(tx, before);
  await movePayment(tx, payments, payment, "refuse", { note: "the provider knows nothing of it" });
}

/**
 * Milliseconds until the next inquiry, with exponential backoff: short for an unknown payment, longer for a
 * pending one, and never beyond the moment just after its expiry.
 */
function nextInquiryMs(payments: Payments, payment: Payment, tries: number): number {
  if (payment.state === "created" || payment.state === "unknown")
    return Math.min(2 ** tries, 60) * 2 * SECOND;
  const untilExpiry = (payment.expiresAt?.getTime() ?? 0) - payments.clock.now() + AFTER_EXPIRY_MS;
  const backoff = Math.min(2 ** tries * 10, 300) * SECOND;
  return untilExpiry > 0 ? Math.min(backoff, untilExpiry) : backoff;
}
