import fc from "fast-check";
import assert from "node:assert/strict";
import { it } from "node:test";
import { isWholeCode, toCode } from "./code.ts";

it("a code is the same however it is typed, pasted or scanned", () => {
  for (const typed of [
    "7K4M-Q2XZ",
    "7k4mq2xz",
    " 7K4M Q2XZ ",
    "7k4m\u2013q2xz",
    "https://kasir.example.invalid/#enrol=7K4M-Q2XZ",
  ])
    assert.equal(toCode(typed), "7K4M-Q2XZ", typed);
  assert.equal(toCode("OIL0-1234"), "0110-1234");
  assert.deepEqual(["7K4", "7K4M", "7K4MQ"].map(toCode), ["7K4", "7K4M", "7K4M-Q"]);
  assert.deepEqual(["7K4M-Q2X", "7K4M-Q2XZ"].map(isWholeCode), [false, true]);
  fc.assert(
    fc.property(fc.string(), (typed) =>
      assert.match(toCode(typed), /^(?:[0-9A-HJKMNP-Z]{0,4}|[0-9A-HJKMNP-Z]{4}-[0-9A-HJKMNP-Z]{1,4})$/),
    ),
  );
});
