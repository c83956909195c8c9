import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { canonicalGtin, ean13CheckDigit, findByBarcode, isGtin } from "./barcode.ts";

describe("a GTIN", () => {
  it("names the same article in all of its forms", () => {
    for (const form of [
      "012345678905",
      "0012345678905",
      "00012345678905",
      "0 12345 67890 5",
      "0-12345-67890-5",
    ])
      assert.equal(canonicalGtin(form), "0012345678905", form);
    for (const form of ["96385074", "000096385074", "0000096385074", "00000096385074"])
      assert.equal(canonicalGtin(form), "96385074", form);
    for (const form of ["4006381333931", "04006381333931"])
      assert.equal(canonicalGtin(form), "4006381333931", form);
    assert.equal(
      canonicalGtin("10012345678902"),
      "10012345678902",
      "a case of twelve is another article than what is in it",
    );
  });

  it("is invalid with a wrong check digit or another length", () => {
    for (const text of [
      "012345678906",
      "4006381333932",
      "12345678905",
      "",
      "abc",
      "4006381333931x",
      "000000000000000",
    ])
      assert.equal(canonicalGtin(text), undefined, text);
  });

  it("has one canonical form, whatever its leading zeros", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999_999_999_999 }), (number) => {
        const twelve = String(number).padStart(12, "0");
        const thirteen = `${twelve}${ean13CheckDigit(twelve)}`;
        const canonical = canonicalGtin(thirteen);
        assert.ok(canonical !== undefined && isGtin(canonical));
        assert.deepEqual([canonicalGtin(canonical), canonicalGtin(`0${thirteen}`)], [canonical, canonical]);
        if (thirteen.startsWith("0")) assert.equal(canonicalGtin(thirteen.slice(1)), canonical);
      }),
    );
  });

  it("is found by any form that a scanner reads", () => {
    const products = [
      { name: "Sabun", barcode: "0012345678905" },
      { name: "Lama", barcode: "036000291452" },
      { name: "Kode sendiri", barcode: "RAK-12" },
      { name: "Tanpa", barcode: null },
    ];
    const found = (code: string) => findByBarcode(products, code)?.name;
    assert.deepEqual(["012345678905", "0012345678905", "00012345678905"].map(found), [
      "Sabun",
      "Sabun",
      "Sabun",
    ]);
    assert.deepEqual(
      [found("0036000291452"), found("036000291452")],
      ["Lama", "Lama"],
      "kept before there was one form",
    );
    assert.deepEqual(
      [found("RAK-12"), found("012345678906"), found("")],
      ["Kode sendiri", undefined, undefined],
    );
  });
});
