import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkedToPhone, toLocalMobile } from "./phone.ts";
import { isRefusal } from "./refusal.ts";

describe("a telephone number", () => {
  it("is normalized from every way to write it", () => {
    for (const typed of [
      "0812-3456-7890",
      "6281234567890",
      "+62 812 3456 7890",
      "+6281234567890",
      "+62081234567890",
      "+62 (0)812 3456 7890",
      "006281234567890",
      "0062081234567890",
      "62081234567890",
    ]) {
      assert.equal(checkedToPhone(typed), "+6281234567890", typed);
    }
    assert.equal(checkedToPhone("0065 6123 4567"), "+6561234567");
    assert.equal(checkedToPhone("(021) 555-0100"), "+62215550100");
  });

  it("is refused without a country code or a leading zero, and so are words", () => {
    for (const typed of [
      "81234567890",
      "8123",
      "",
      "+",
      "0",
      "00",
      "+0812345678",
      "0812x4567890",
      "08".padEnd(400, "1"),
      "+62 812 3456 7890 1234",
    ])
      assert.ok(isRefusal(checkedToPhone(typed)), typed);
  });

  it("has a local form only if it is an Indonesian mobile number", () => {
    assert.deepEqual(["+6281234567890", "+62215550100", "+6561234567", null].map(toLocalMobile), [
      "081234567890",
      undefined,
      undefined,
      undefined,
    ]);
  });
});
