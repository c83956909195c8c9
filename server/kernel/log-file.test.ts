import assert from "node:assert/strict";
import { closeSync, openSync } from "node:fs";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createLogFile } from "./log-file.ts";

/** A file that accepts `room` bytes and then fails with `code`. */
function fileWith(room: number, code: string) {
  const file = {
    room,
    text: "",
    write: (_file: number, bytes: Buffer) => {
      const taken = bytes.subarray(0, file.room);
      if (taken.length === 0) throw Object.assign(new Error(code), { code });
      file.room -= taken.length;
      file.text += taken.toString();
      return taken.length;
    },
  };
  return file;
}

describe("a log's file", () => {
  it("loses and counts lines when the disk is full, and ends a torn line before the next", () => {
    const file = fileWith(12, "ENOSPC");
    const log = createLogFile(2, file.write);
    for (const line of ["first\n", "second, which is long\n", "third\n"]) log.write(line);
    assert.equal(file.text, "first\nsecond");
    assert.equal(log.takeLost(), 2);
    file.room = 100;
    log.write("fourth\n");
    log.write("fifth\n");
    assert.equal(file.text, "first\nsecond\nfourth\nfifth\n");
    assert.equal(log.takeLost(), 0);
  });

  it("never throws on a real file that is always full", () => {
    const full = openSync("/dev/full", "w");
    const log = createLogFile(full);
    log.write("line\n");
    closeSync(full);
    assert.equal(log.takeLost(), 1);
  });

  it("buffers lines for a slow reader, whole and in order", async () => {
    const file = fileWith(8, "EAGAIN");
    const log = createLogFile(2, file.write);
    for (const line of ["first\n", "second\n", "third\n"]) log.write(line);
    assert.equal(file.text, "first\nse");
    file.room = 100;
    while (!file.text.endsWith("third\n")) await sleep(10);
    assert.equal(file.text, "first\nsecond\nthird\n");
    assert.equal(log.takeLost(), 0);
  });

  it("limits its buffer", () => {
    const file = fileWith(0, "EAGAIN");
    const log = createLogFile(2, file.write);
    for (let i = 0; i < 2_000; i++) log.write(`${"x".repeat(1_023)}\n`);
    assert.equal(log.takeLost(), 2_000 - 1_024);
  });
});
