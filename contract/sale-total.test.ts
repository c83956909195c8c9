import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { cashRounding, PPN_INCLUDED, quickAmounts, saleTotal } from "./index.ts";

const line = (rupiah: bigint, quantity: number) => ({ unitPrice: rupiah * 100n, quantity });

describe("a sale's total", () => {
  it("includes PPN: 12 % on 11/12 of the price, so 11/111 of the total", () => {
    assert.deepEqual(saleTotal([line(28_000n, 1), line(18_000n, 1)], PPN_INCLUDED), {
      subtotal: 4_600_000n,
      tax: 455_900n,
      total: 4_600_000n,
    });
  });

  it("adds PPN if prices exclude it", () => {
    // PMK 131/2024: 50.000.000 has a base of 45.833.333 and PPN of 5.500.000
    assert.deepEqual(saleTotal([line(50_000_000n, 1)], { ...PPN_INCLUDED, included: false }), {
      subtotal: 5_000_000_000n,
      tax: 550_000_000n,
      total: 5_550_000_000n,
    });
  });

  it("has no tax if the shop charges none", () => {
    assert.deepEqual(saleTotal([line(5_000n, 3)], undefined), {
      subtotal: 1_500_000n,
      tax: 0n,
      total: 1_500_000n,
    });
  });

  it("has tax in whole rupiah, and the parts add up", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ unitPrice: fc.bigInt(0n, 10_000_000n), quantity: fc.integer({ min: 1, max: 999 }) }),
          { maxLength: 20 },
        ),
        fc.boolean(),
        (lines, included) => {
          const { subtotal, tax, total } = saleTotal(lines, { ...PPN_INCLUDED, included });
          assert.equal(tax % 100n, 0n);
          assert.equal(total, included ? subtotal : subtotal + tax);
          assert.ok(tax >= 0n && tax <= subtotal);
        },
      ),
    );
  });
});

describe("cash", () => {
  it("is rounded to coins in the shop's direction", () => {
    assert.equal(cashRounding(1_276_500n, { unit: 10_000, direction: "down" }), -6_500n);
    assert.equal(cashRounding(1_276_500n, { unit: 10_000, direction: "nearest" }), 3_500n);
    assert.equal(cashRounding(1_276_500n, { unit: 10_000, direction: "up" }), 3_500n);
    assert.equal(cashRounding(1_270_000n, { unit: 10_000, direction: "up" }), 0n);
    assert.equal(cashRounding(1_276_543n, { unit: 0, direction: "down" }), 0n);
  });

  it("has likely amounts: the exact total, then the next round ones", () => {
    assert.deepEqual(quickAmounts(8_650_000n), [8_650_000n, 9_000_000n, 10_000_000n]);
  });
});
