import type { Tx } from "../kernel/index.ts";
import { announcePayment } from "./announce-payment.ts";
import type { Payments } from "./context.ts";
import { isOpen, next, type Payment, type PaymentEvent } from "./payment.ts";
import { updatePayment, type PaymentFacts } from "./store.ts";

/**
 * Moves a payment by an event, the only way its state changes: the next state is written and announced, and
 * `dependents` (the sale or top-up that waits for it) learn of an end, all in the caller's transaction. The
 * caller holds the lock on the order's row. `dependents` is null where the caller tells them itself. Answers
 * undefined if the event has no effect in the payment's state.
 */
export async function movePayment(
  tx: Tx,
  dependents: Pick<Payments, "onEnded"> | null,
  payment: Payment,
  event: PaymentEvent,
  facts: PaymentFacts = {},
): Promise<Payment | undefined> {
  const state = next(payment.state, event);
  if (!state) return undefined;
  const written = await updatePayment(tx, payment, state, facts);
  await announcePayment(tx, written);
  if (dependents && !isOpen(state)) await dependents.onEnded(tx, written);
  return written;
}

/** Writes what the provider said of a payment whose state stays as it is. */
export function noteFacts(tx: Tx, payment: Payment, facts: PaymentFacts): Promise<Payment> {
  return updatePayment(tx, payment, payment.state, facts);
}
