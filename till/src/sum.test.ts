import assert from "node:assert/strict";
import { test } from "node:test";
import { quickAmounts } from "@onegate/contract";
import { belowZeroOf, isUnusual } from "./sum.ts";

const RUPIAH = 100n;

test("no sum that the till offers needs confirmation", () => {
  for (const total of [500n, 18_000n, 64_000n, 99_500n, 100_000n, 1_250_500n, 999_999_999n]) {
    for (const amount of quickAmounts(total * RUPIAH))
      assert.equal(isUnusual(amount, total * RUPIAH), false, `${amount} for ${total}`);
  }
});

test("change of the largest banknote or more needs confirmation", () => {
  assert.equal(isUnusual(163_999n * RUPIAH, 64_000n * RUPIAH), false);
  assert.equal(isUnusual(164_000n * RUPIAH, 64_000n * RUPIAH), true);
  assert.equal(isUnusual(8_990_000_000n * RUPIAH, 46_000n * RUPIAH), true);
});

test("products sold below zero are named with their level; without any the text is empty", () => {
  assert.equal(belowZeroOf({ id: "a" }), "");
  const sold = [
    { name: "Latte", level: -2 },
    { name: "Klepon", level: -19 },
  ];
  assert.equal(belowZeroOf({ id: "a", stock_below_zero: sold }), "Latte −2, Klepon −19");
});
