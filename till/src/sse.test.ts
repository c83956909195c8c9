import assert from "node:assert/strict";
import { test } from "node:test";
import { createReader } from "./sse.ts";

test("a message is read whatever chunks it arrives in", () => {
  const text =
    ': hello\n\nid: 41\nevent: sale.paid\ndata: {"sale_id":"a"}\n\n' +
    "id: 42\nevent: stock.changed\ndata: {}\n\n";
  for (let size = 1; size <= text.length; size += 7) {
    const push = createReader();
    const messages = [];
    for (let at = 0; at < text.length; at += size) messages.push(...push(text.slice(at, at + size)));
    assert.deepEqual(messages, [
      { id: "41", event: "sale.paid", data: '{"sale_id":"a"}' },
      { id: "42", event: "stock.changed", data: "{}" },
    ]);
  }
});

test("a heartbeat is not a message", () => assert.deepEqual(createReader()(": still here\n\n"), []));
