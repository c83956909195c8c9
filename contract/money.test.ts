import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  allocate,
  checkedToCurrency,
  checkedToMinor,
  currencies,
  divide,
  exponentOf,
  IDR,
  money,
  toDecimal,
  toNumber,
  toText,
  type Currency,
} from "./index.ts";

const currency = (code: string): Currency => {
  const checked = checkedToCurrency(code);
  assert.ok(checked, code);
  return checked;
};

describe("currencies", () => {
  it("have ISO 4217's exponents", () => {
    assert.deepEqual(
      ["IDR", "JPY", "KWD", "CLF", "USD"].map((code) => exponentOf(currency(code))),
      [2, 0, 3, 4, 2],
    );
    assert.equal(checkedToCurrency("idr"), undefined);
    assert.equal(checkedToCurrency("XXX"), undefined);
    assert.ok(currencies.length > 150);
  });
});

describe("an amount", () => {
  it("is read exactly or refused with a specific code, never rounded", () => {
    const read = (unchecked: unknown, code = "IDR") => {
      const result = checkedToMinor(unchecked, currency(code));
      return typeof result === "bigint" ? result : result.refusal;
    };
    assert.equal(read("12500.00"), 1_250_000n);
    assert.equal(read("12500"), 1_250_000n);
    assert.equal(read(12500.5), 1_250_050n);
    assert.equal(read("0.1", "KWD"), 100n);
    assert.equal(read("5", "JPY"), 5n);
    assert.equal(read("5.00", "JPY"), 5n, "zeros beyond the exponent say nothing");
    assert.equal(read("5.5", "JPY"), "amount_too_precise");
    assert.equal(read("1.001"), "amount_too_precise");
    assert.equal(read("9000000000000000.00"), 900_000_000_000_000_000n);
    assert.equal(read("9000000000000000.01"), "amount_too_large");
    assert.equal(read(2 ** 53), "amount_too_large");
    for (const bad of [
      "1e3",
      "NaN",
      "",
      " 1",
      "1 ",
      "+1",
      ".5",
      "1.",
      "01",
      "1,000",
      "0x10",
      "Infinity",
      null,
      undefined,
      true,
      {},
      [],
      Number.NaN,
      1e-7,
    ]) {
      assert.equal(read(bad), "amount_malformed", JSON.stringify(bad));
    }
  });

  it("survives conversion to text and back in every currency", () => {
    fc.assert(
      fc.property(
        fc.bigInt(-900_000_000_000_000_000n, 900_000_000_000_000_000n),
        fc.constantFrom(...currencies),
        (minor, { code }) => {
          assert.equal(checkedToMinor(toDecimal(money(minor, code)), code), minor);
        },
      ),
    );
  });

  it("becomes a JSON number only if that is exact", () => {
    assert.equal(toNumber(money(1_250_050n, IDR)), 12500.5);
    assert.throws(() => toNumber(money(900_000_000_000_000_001n, IDR)), /no exact JSON number/);
  });

  it("is formatted as people in Indonesia write it", () => {
    assert.equal(toText(money(1_250_000n, IDR)), "Rp 12.500");
    assert.equal(toText(money(1_250_050n, IDR)), "Rp 12.500,50");
    assert.equal(toText(money(-123_456_789_00n, IDR)), "-Rp 123.456.789");
    assert.equal(toText(money(1_250_000n, IDR), "en"), "IDR 12,500");
    assert.equal(toText(money(123_456n, currency("USD"))), "USD 1.234,56");
  });
});

describe("division", () => {
  it("rounds as requested", () => {
    const rows: Array<[bigint, bigint, bigint, bigint, bigint, bigint]> = [
      // numerator, denominator, floor, ceil, halfUp, halfEven
      [5n, 2n, 2n, 3n, 3n, 2n],
      [7n, 2n, 3n, 4n, 4n, 4n],
      [-5n, 2n, -3n, -2n, -2n, -2n],
      [1n, 3n, 0n, 1n, 0n, 0n],
      [6n, 3n, 2n, 2n, 2n, 2n],
    ];
    for (const [numerator, denominator, ...expected] of rows) {
      assert.deepEqual(
        (["floor", "ceil", "halfUp", "halfEven"] as const).map((rounding) =>
          divide(numerator, denominator, rounding),
        ),
        expected,
      );
    }
  });

  it("splits without loss, and each part is exact to within a unit", () => {
    fc.assert(
      fc.property(
        fc.bigInt(-1_000_000n, 1_000_000n),
        fc
          .array(fc.bigInt(0n, 1000n), { minLength: 1, maxLength: 8 })
          .filter((weights) => weights.some((w) => w > 0n)),
        (minor, weights) => {
          const parts = allocate(minor, weights);
          const whole = weights.reduce((a, b) => a + b, 0n);
          assert.equal(
            parts.reduce((a, b) => a + b, 0n),
            minor,
          );
          parts.forEach((part, i) => {
            const exact = minor * weights[i]!;
            const distance = part * whole - exact;
            assert.ok((distance < 0n ? -distance : distance) < whole);
          });
        },
      ),
    );
  });
});
