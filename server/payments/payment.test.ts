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

/** A lifecycle as a table: every state by every event; a dot means no effect. */
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

describe("the lifecycle of a payment", () => {
  it("its transitions are this table", () => {
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

  it("statuses of a provider lead to the same state in whatever order they arrive", () => {
    const statuses: PaymentEvent[] = ["open", "expire", "pay", "fail"];
    const orders = permutations(statuses);
    const ends = new Set(
      orders.map((order) =>
        order.reduce<PaymentState>((state, event) => next(state, event) ?? state, "created"),
      ),
    );
    assert.deepEqual([...ends], ["succeeded"]);
  });

  it("a succeeded payment stays succeeded, and an open one can always succeed", () => {
    assert.deepEqual(lifecycle.succeeded, {});
    for (const state of Object.keys(lifecycle) as PaymentState[])
      if (isOpen(state)) assert.equal(next(state, "pay"), "succeeded");
  });
});

describe("the verification of a payment to a printed code", () => {
  it("its transitions are this table", () => {
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

describe("the lifecycle of a sale", () => {
  it("its transitions are this table", () => {
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
