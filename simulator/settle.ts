import type { Entry } from "./journal.ts";
import { callbackBody } from "./rows.ts";
import { advance, withAmount, type Status, type Transaction } from "./transaction.ts";
import type { World } from "./world.ts";

/**
 * Moves a transaction to a state and puts its callback on the way, both in one line of the journal. `amount` is what
 * was paid if not the sum asked for. Undefined where there is no such step.
 */
export function settle(world: World, reference: string, to: Exclude<Status, "UNPAID">, amount?: number): Transaction | undefined {
  const { book, clock, courier } = world;
  const before = book.transaction(reference);
  const moved = before && advance(before, to, clock.seconds());
  if (!moved) return undefined;
  const transaction = amount === undefined ? moved : withAmount(moved, amount);
  const changed: Entry = { kind: "transaction", transaction };
  const deliveries = courier.prepare(transaction, JSON.stringify(callbackBody(transaction)));
  book.record(changed, ...deliveries.map((delivery): Entry => ({ kind: "delivery", delivery })));
  void courier.sendDue();
  return transaction;
}

/** Lets run out what is unpaid past its time. */
export function expireDue(world: World): void {
  const now = world.clock.seconds();
  for (const { reference, expiresAt } of world.book.unpaid()) if (expiresAt <= now) settle(world, reference, "EXPIRED");
}
