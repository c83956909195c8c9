import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it, type TestContext } from "node:test";
import { openJournal, type Entry } from "./journal.ts";

function pathOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "onegate-journal-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "journal.jsonl");
}

const clock = (shiftMs: number): Entry => ({ kind: "clock", shiftMs });

it("a line that does not fit on the disk is not written at all, and later lines are complete", (t) => {
  const path = pathOf(t);
  let room = 1_000;
  const journal = openJournal(
    path,
    () => undefined,
    (file, bytes) => {
      if (room === 0) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
      const taken = writeSync(file, bytes.subarray(0, room));
      room -= taken;
      return taken;
    },
  );
  journal.append(clock(1));
  room = 10;
  assert.throws(() => journal.append(clock(2), clock(3)), { code: "ENOSPC" });
  room = 1_000;
  journal.append(clock(4));
  journal.close();
  assert.deepEqual(
    readFileSync(path, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Entry),
    [clock(1), clock(4)],
  );
  const replayed: Entry[] = [];
  openJournal(path, (entry) => replayed.push(entry)).close();
  assert.deepEqual(replayed, [clock(1), clock(4)]);
});
