import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { jsonProblem, MAX_JSON_DEPTH } from "./json-shape.ts";

const LIMIT = 65_536;
const nested = (depth: number) => `${"[".repeat(depth)}1${"]".repeat(depth)}`;

describe("the check of a JSON text before it is parsed", () => {
  it("refuses a text that is nested too deep, with objects, arrays or both in turn", () => {
    assert.equal(jsonProblem(nested(MAX_JSON_DEPTH), LIMIT), undefined);
    assert.match(jsonProblem(nested(MAX_JSON_DEPTH + 1), LIMIT) ?? "", /nested deeper/);
    assert.match(jsonProblem('{"a":'.repeat(MAX_JSON_DEPTH + 1), LIMIT) ?? "", /nested deeper/);
    assert.match(jsonProblem('[{"a":'.repeat(MAX_JSON_DEPTH), LIMIT) ?? "", /nested deeper/);
    assert.equal(jsonProblem(`[${"[],".repeat(1_000)}[]]`, LIMIT), undefined, "siblings don't add depth");
  });

  it("refuses a text with more keys than a real body of its length has", () => {
    const keys = (count: number) => `{${Array.from({ length: count }, (_, n) => `"k${n}":1`).join(",")}}`;
    assert.equal(jsonProblem(keys(8_192), LIMIT), undefined);
    assert.match(jsonProblem(keys(8_193), LIMIT) ?? "", /more than 8192 keys/);
  });

  it("ignores the contents of strings", () => {
    for (const text of [
      "[".repeat(100),
      "{:".repeat(9_000),
      '"[[[[',
      "\\",
      '\\"'.repeat(50) + "[".repeat(100),
      "\\\\",
    ])
      assert.equal(jsonProblem(JSON.stringify({ name: text, after: [text] }), LIMIT), undefined, text);
    assert.match(
      jsonProblem(`["\\\\",${nested(MAX_JSON_DEPTH)}]`, LIMIT) ?? "",
      /nested deeper/,
      "an escaped backslash doesn't escape the quote",
    );
    assert.equal(jsonProblem(`"never closed ${"[".repeat(100)}`, LIMIT), undefined, "the parser refuses it");
  });
});
