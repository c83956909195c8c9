import assert from "node:assert/strict";
import { test } from "node:test";
import { quickAmounts } from "@onegate/contract";
import { belowZeroOf, isUnusual } from "./sum.ts";

const RUPIAH = 100n;

test("no sum that the till offers is asked about, and none that notes make", () => {
  for (const total of [500n, 18_000n, 64_000n, 99_500n, 100_000n, 1_250_500n, 999_999_999n]) {
    for (const amount of quickAmounts(total * RUPIAH))
      assert.equal(isUnusual(amount, total * RUPIAH), false, `${amount} for ${total}`);
  }
});

test("change of the largest note, or more, is asked about", () => {
  assert.equal(isUnusual(163_999n * RUPIAH, 64_000n * RUPIAH), false);
  assert.equal(isUnusual(164_000n * RUPIAH, 64_000n * RUPIAH), true);
  assert.equal(isUnusual(8_990_000_000n * RUPIAH, 46_000n * RUPIAH), true);
});

test("what was sold below zero is named with its level, and most answers name nothing", () => {
  assert.equal(belowZeroOf({ id: "a" }), "");
  const sold = [
    { name: "Latte", level: -2 },
    { name: "Klepon", level: -19 },
  ];
  assert.equal(belowZeroOf({ id: "a", stock_below_zero: sold }), "Latte −2, Klepon −19");
});
