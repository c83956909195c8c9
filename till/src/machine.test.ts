import type { NewSaleBody } from "@onegate/contract";
import assert from "node:assert/strict";
import { test } from "node:test";
import { checkedToTill, closed, pieces, step, toStored, type Event, type Till } from "./machine.ts";

const latte = { productId: "latte", name: "Latte", picture: null, unitPrice: 2_800_000n };
const roti = { productId: "roti", name: "Roti bakar", picture: null, unitPrice: 1_800_000n };
const sale = (id: string): NewSaleBody => ({
  id,
  lines: [{ product_id: "latte", quantity: 1, unit_price: { amount: "28000.00", currency: "IDR" } }],
  total: { amount: "28000.00", currency: "IDR" },
  tender: { method: "QRIS" },
});
const after = (...events: Event[]): Till => events.reduce(step, closed);
const toPay: Event[] = [
  { type: "unlock" },
  { type: "add", product: latte, saleId: "a" },
  { type: "pay", saleId: "a" },
];

test("a locked till sells nothing", () => {
  assert.equal(after({ type: "add", product: latte, saleId: "a" }), closed);
});

test("adding a product twice makes one line with quantity two", () => {
  const till = after(
    { type: "unlock" },
    { type: "add", product: latte, saleId: "a" },
    { type: "add", product: roti, saleId: "a" },
    { type: "add", product: latte, saleId: "a" },
  );
  assert.ok(till.at === "selling");
  assert.deepEqual(
    till.cart.map((line) => [line.name, line.quantity]),
    [
      ["Latte", 2],
      ["Roti bakar", 1],
    ],
  );
  assert.equal(pieces(till.cart), 3);
});

test("a quantity of zero removes the line, and undoing brings it back", () => {
  const full = after({ type: "unlock" }, { type: "add", product: latte, saleId: "a" });
  const empty = step(full, { type: "count", productId: "latte", quantity: 0 });
  assert.deepEqual(empty, { at: "selling", cart: [], saleId: "a" });
  assert.deepEqual(step(full, { type: "empty" }), empty);
  assert.ok(full.at === "selling");
  assert.deepEqual(step(empty, { type: "refill", cart: full.cart, saleId: "a" }), full);
});

test("a cart keeps the sale id of its first line", () => {
  const full = after(
    { type: "unlock" },
    { type: "add", product: latte, saleId: "a" },
    { type: "add", product: roti, saleId: "b" },
  );
  const till = step(full, { type: "pay", saleId: "c" });
  assert.ok(till.at === "paying");
  assert.equal(till.saleId, "a");
  assert.deepEqual(step(till, { type: "back" }), full);
});

test("undoing doesn't bring back a cart that was sold meanwhile", () => {
  const next = after(
    ...toPay,
    { type: "send", sale: sale("a") },
    { type: "paid", saleId: "a" },
    { type: "next_customer" },
  );
  assert.equal(step(next, { type: "refill", cart: [{ ...latte, quantity: 1 }], saleId: "a" }), next);
});

test("a cart that an older version stored without an id gets one when it is paid", () => {
  const till = step({ at: "selling", cart: [{ ...latte, quantity: 1 }] }, { type: "pay", saleId: "c" });
  assert.ok(till.at === "paying");
  assert.equal(till.saleId, "c");
});

test("an empty cart can't be paid", () => {
  assert.equal(after({ type: "unlock" }, { type: "pay", saleId: "a" }).at, "selling");
});

test("exact cash is three moves from product to paid", () => {
  const till = after(...toPay, { type: "send", sale: sale("a") }, { type: "paid", saleId: "a" });
  assert.deepEqual(till, { at: "paid", saleId: "a" });
  assert.deepEqual(step(till, { type: "next_customer" }), { at: "selling", cart: [] });
});

test("a sale that is being sent can't be left by going back, and no second sale can be sent", () => {
  const sending = after(...toPay, { type: "send", sale: sale("a") });
  for (const event of [
    { type: "back" },
    { type: "send", sale: sale("b") },
    { type: "add", product: roti, saleId: "a" },
  ] as const) {
    assert.equal(step(sending, event), sending);
  }
});

test("a refused sale keeps its cart and gets a new id", () => {
  const till = after(...toPay, { type: "send", sale: sale("a") }, { type: "refused", saleId: "b" });
  assert.ok(till.at === "paying");
  assert.equal(till.saleId, "b");
  assert.equal(till.cart.length, 1);
});

test("another sale's payment doesn't pay this one", () => {
  const waiting = after(...toPay, { type: "send", sale: sale("a") }, { type: "accepted" });
  assert.equal(step(waiting, { type: "paid", saleId: "b" }), waiting);
  assert.deepEqual(step(waiting, { type: "paid", saleId: "a" }), { at: "paid", saleId: "a" });
});

test("changing the payment method makes a new sale with the same cart", () => {
  const till = after(
    ...toPay,
    { type: "send", sale: sale("a") },
    { type: "accepted" },
    { type: "another_way", saleId: "b" },
  );
  assert.ok(till.at === "paying");
  assert.deepEqual([till.saleId, till.cart[0]?.name], ["b", "Latte"]);
});

test("the shop's printed code can be shown for a sale without a QR, and pays that sale", () => {
  const waiting = after(...toPay, { type: "send", sale: sale("a") }, { type: "accepted" });
  const shown = step(waiting, { type: "static" });
  assert.deepEqual([shown.at, "saleId" in shown && shown.saleId], ["static", "a"]);
  assert.deepEqual(checkedToTill(toStored(shown)), shown);
  assert.deepEqual(step(shown, { type: "paid", saleId: "a" }), { at: "paid", saleId: "a" });
  const back = step(shown, { type: "another_way", saleId: "b" });
  assert.ok(back.at === "paying");
  assert.equal(back.qrisAway, true, "it is offered again");
});

test("a sale sent as static QRIS shows the printed code at once", () => {
  const till = after(
    ...toPay,
    { type: "send", sale: { ...sale("a"), tender: { method: "QRIS_STATIC" } } },
    { type: "accepted" },
  );
  assert.equal(till.at, "static");
});

test("the printed code is offered after a refusal by the providers, and not after other refusals", () => {
  for (const qrisAway of [true, false]) {
    const till = after(
      ...toPay,
      { type: "send", sale: sale("a") },
      { type: "refused", saleId: "b", qrisAway },
    );
    assert.ok(till.at === "paying");
    assert.equal(till.qrisAway ?? false, qrisAway);
  }
});

test("locking and unlocking in the middle of a payment returns to the same payment", () => {
  const waiting = after(...toPay, { type: "send", sale: sale("a") }, { type: "accepted" });
  assert.deepEqual(step(step(waiting, { type: "lock" }), { type: "unlock" }), waiting);
});

test("a new price changes a cart that is not paid yet", () => {
  const till = after(...toPay, { type: "reprice", prices: new Map([["latte", 3_000_000n]]) });
  assert.ok(till.at === "paying");
  assert.equal(till.cart[0]?.unitPrice, 3_000_000n);
});

test("a reload during a payment restores the same sale", () => {
  for (const events of [
    toPay,
    [...toPay, { type: "send", sale: sale("a") }, { type: "accepted" }] satisfies Event[],
  ]) {
    const till = after(...events);
    assert.deepEqual(checkedToTill(toStored(till)), till);
  }
});

test("stored text that can't be read gives a locked till", () => {
  for (const text of [
    null,
    "",
    "{}",
    "null",
    '{"at":"selling"}',
    '{"at":"locked"}',
    '{"at":"toString","cart":[]}',
  ]) {
    assert.equal(checkedToTill(text), closed);
  }
});
