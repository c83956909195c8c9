import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { jsonProblem, MAX_JSON_DEPTH } from "./json-shape.ts";

const LIMIT = 65_536;
const nested = (depth: number) => `${"[".repeat(depth)}1${"]".repeat(depth)}`;

describe("a JSON text is looked at before it is parsed", () => {
  it("is refused when it is nested too deep, as objects, as arrays or in turns", () => {
    assert.equal(jsonProblem(nested(MAX_JSON_DEPTH), LIMIT), undefined);
    assert.match(jsonProblem(nested(MAX_JSON_DEPTH + 1), LIMIT) ?? "", /nested deeper/);
    assert.match(jsonProblem('{"a":'.repeat(MAX_JSON_DEPTH + 1), LIMIT) ?? "", /nested deeper/);
    assert.match(jsonProblem('[{"a":'.repeat(MAX_JSON_DEPTH), LIMIT) ?? "", /nested deeper/);
    assert.equal(
      jsonProblem(`[${"[],".repeat(1_000)}[]]`, LIMIT),
      undefined,
      "one beside the other is not deep",
    );
  });

  it("is refused when it has more keys than a body of its length has", () => {
    const keys = (count: number) => `{${Array.from({ length: count }, (_, n) => `"k${n}":1`).join(",")}}`;
    assert.equal(jsonProblem(keys(8_192), LIMIT), undefined);
    assert.match(jsonProblem(keys(8_193), LIMIT) ?? "", /more than 8192 keys/);
  });

  it("counts nothing that stands in a string", () => {
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
      "a backslash that is escaped escapes no quote",
    );
    assert.equal(jsonProblem(`"never closed ${"[".repeat(100)}`, LIMIT), undefined, "the parser refuses it");
  });
});
