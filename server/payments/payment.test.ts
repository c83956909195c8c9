import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { lifecycle as saleLifecycle } from "../sales/sale.ts";
import {
  isOpen,
  lifecycle,
  next,
  verificationLifecycle,
  type PaymentEvent,
  type PaymentState,
} from "./payment.ts";

/** A lifecycle as a page: every state by every event; a dot is "nothing happens". */
function table(
  moves: Readonly<Record<string, Partial<Record<string, string>>>>,
  events: readonly string[],
): string {
  return [
    ["", ...events],
    ...Object.keys(moves).map((state) => [state, ...events.map((event) => moves[state]?.[event] ?? ".")]),
  ]
    .map((row) =>
      row
        .map((cell) => cell.padEnd(10))
        .join("")
        .trimEnd(),
    )
    .join("\n");
}

describe("the life of a payment", () => {
  it("is this page", () => {
    assert.equal(
      table(lifecycle, ["open", "lose", "refuse", "pay", "expire", "fail", "cancel"]),
      `
          open      lose      refuse    pay       expire    fail      cancel
created   pending   unknown   failed    succeeded expired   failed    cancelled
unknown   pending   .         failed    succeeded expired   failed    cancelled
pending   .         .         .         succeeded expired   failed    cancelled
expired   .         .         .         succeeded .         .         .
failed    pending   .         .         succeeded .         .         .
cancelled .         .         .         .         .         .         .
succeeded .         .         .         .         .         .         .`.slice(1),
    );
  });

  it("ends in the same state whatever the order in which a provider's words arrive", () => {
    const words: PaymentEvent[] = ["open", "expire", "pay", "fail"];
    const orders = permutations(words);
    const ends = new Set(
      orders.map((order) =>
        order.reduce<PaymentState>((state, event) => next(state, event) ?? state, "created"),
      ),
    );
    assert.deepEqual([...ends], ["succeeded"]);
  });

  it("never leaves success, and an open one can always end", () => {
    assert.deepEqual(lifecycle.succeeded, {});
    for (const state of Object.keys(lifecycle) as PaymentState[])
      if (isOpen(state)) assert.equal(next(state, "pay"), "succeeded");
  });
});

describe("what shows a payment by a printed code", () => {
  it("is this page", () => {
    assert.equal(
      table(verificationLifecycle, ["verify", "lose"]),
      `
          verify    lose
unverifiedverified  lost
lost      verified  .
verified  .         .`.slice(1),
    );
  });
});

describe("the life of a sale", () => {
  it("is this page", () => {
    assert.equal(
      table(saleLifecycle, ["pay", "expire", "cancel"]),
      `
          pay       expire    cancel
waiting   paid      expired   cancelled
expired   paid      .         .
paid      .         .         .
cancelled .         .         .`.slice(1),
    );
  });
});

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]];
  return items.flatMap((item, i) =>
    permutations([...items.slice(0, i), ...items.slice(i + 1)]).map((rest) => [item, ...rest]),
  );
}
