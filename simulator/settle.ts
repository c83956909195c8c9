import type { Entry } from "./journal.ts";
import {
  advance,
  denied,
  refundable,
  withRefund,
  type Refund,
  type Status,
  type Transaction,
} from "./transaction.ts";
import type { World } from "./world.ts";

/** Records a transaction's new state and its provider's notifications in one write, and sends those due. */
export function put(world: World, transaction: Transaction): Transaction {
  const { book, courier } = world;
  const faults = { ...world.faults.callbacks, ...transaction.faults };
  const letters = world.providers.get(transaction.provider)?.letters(world, transaction, faults) ?? [];
  const deliveries = courier.prepare(transaction, letters, faults);
  book.record(
    { kind: "transaction", transaction },
    ...deliveries.map((delivery): Entry => ({ kind: "delivery", delivery })),
  );
  void courier.sendDue();
  return transaction;
}

/** Moves a transaction to a state; undefined if it can't. `amount` is what was paid, if it differs. */
export function settle(
  world: World,
  reference: string,
  to: Exclude<Status, "UNPAID" | "REFUND">,
  amount?: number,
): Transaction | undefined {
  const before = world.book.transaction(reference);
  const moved = before && advance(before, to, world.clock.seconds());
  return moved && put(world, amount === undefined ? moved : { ...moved, amount });
}

/** Refunds a part of a payment, or all that is left. Undefined if it is not paid or the rest is too small. */
export function refund(
  world: World,
  reference: string,
  { key, amount, reason }: Pick<Refund, "key" | "reason"> & { amount?: number | undefined },
): Transaction | undefined {
  const before = world.book.transaction(reference);
  const sum = amount ?? (before ? refundable(before) : 0);
  const all = before && sum === refundable(before);
  if (!all && world.providers.get(before?.provider ?? "")?.refundsParts !== true) return undefined;
  const id = `${reference}-R${(before?.refunds.length ?? 0) + 1}`;
  const refunded = before && withRefund(before, { id, key, amount: sum, at: world.clock.seconds(), reason });
  return refunded && put(world, refunded);
}

/**
 * Takes back a payment, as the payer's bank does (all that is left, or a part) or the acquirer. Undefined if
 * it is not paid or the provider does not report this.
 */
export function takeBack(
  world: World,
  reference: string,
  how: "chargeback" | "deny",
  amount?: number,
): Transaction | undefined {
  const before = world.book.transaction(reference);
  if (!before || world.providers.get(before.provider)?.takesBack !== true) return undefined;
  if (how === "chargeback")
    return refund(world, reference, { key: null, amount, reason: "Fraudulent transaction" });
  const after = denied(before);
  return after && put(world, after);
}

/** Expires unpaid transactions whose time is over. */
export function expireDue(world: World): void {
  const now = world.clock.seconds();
  for (const { reference, expiresAt } of world.book.unpaid())
    if (expiresAt <= now) settle(world, reference, "EXPIRED");
}
