import assert from "node:assert/strict";
import { test } from "node:test";
import { fitsOf, pairsOf, type StaticPayment } from "./fit-static.ts";

const payment = (paymentId: string, rupiah: bigint, change: Partial<StaticPayment> = {}): StaticPayment => ({
  paymentId,
  orderId: `order-${paymentId}`,
  reference: null,
  amount: rupiah,
  day: "2026-11-21",
  isWaiting: true,
  ...change,
});
const row = (reference: string, gross: bigint, paidDay = "2026-11-21") => ({
  rowId: `row-${reference}`,
  reference,
  merchantRef: null,
  gross,
  paidDay,
});
const pairs = (...[rows, payments]: Parameters<typeof pairsOf>) =>
  pairsOf(rows, payments).map(({ row, payment }) => `${row.reference} ${payment.paymentId}`);

test("a row matches the payment of its amount, on its day or a day apart", () => {
  for (const day of ["2026-11-20", "2026-11-21", "2026-11-22"])
    assert.deepEqual(pairs([row("A", 22_000n, day)], [payment("p", 22_000n), payment("q", 28_000n)]), [
      "A p",
    ]);
  assert.deepEqual(pairs([row("A", 22_000n, "2026-11-23"), row("B", 22_001n)], [payment("p", 22_000n)]), []);
});

test("two payments that match a row, or two rows that match a payment, are left to a person", () => {
  assert.deepEqual(pairs([row("A", 22_000n)], [payment("p", 22_000n), payment("q", 22_000n)]), []);
  assert.deepEqual(pairs([row("A", 22_000n), row("B", 22_000n)], [payment("p", 22_000n)]), []);
});

test("a reference tells payments of the same amount apart, however it was typed", () => {
  const two = [payment("p", 22_000n), payment("q", 22_000n, { reference: "RRN632511" })];
  assert.deepEqual(pairs([row("rrn 632511", 22_000n), row("B", 22_000n)], two), ["rrn 632511 q", "B p"]);
});

test("a row matches no payment with another reference, and a used reference matches no other", () => {
  assert.deepEqual(pairs([row("A", 22_000n)], [payment("p", 22_000n, { reference: "OTHER1" })]), []);
  assert.deepEqual(
    fitsOf(row("A", 22_000n), [
      payment("p", 22_000n),
      payment("q", 22_000n, { reference: "A", isWaiting: false }),
    ]),
    [],
  );
  assert.deepEqual(
    fitsOf(row("A", 22_000n), [payment("p", 22_000n), payment("q", 5_000n, { reference: "A" })]),
    [],
    "nor is one of another sum",
  );
});
