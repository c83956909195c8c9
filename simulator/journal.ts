import {
  closeSync,
  existsSync,
  fchmodSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Delivery } from "./delivery.ts";
import { upgraded } from "./older.ts";
import type { Transaction } from "./transaction.ts";

/**
 * One line of the journal: the new state of an object. The last line about an object is its current state.
 */
export type Entry =
  | { readonly kind: "transaction"; readonly transaction: Transaction }
  | { readonly kind: "delivery"; readonly delivery: Delivery }
  | { readonly kind: "setting"; readonly name: string; readonly value: string }
  | { readonly kind: "clock"; readonly shiftMs: number };

export interface Journal {
  append(...entries: Entry[]): void;
  close(): void;
}

/** A journal that stores nothing. */
export const memoryOnly: Journal = { append: () => undefined, close: () => undefined };

/**
 * Opens the journal and passes its entries to `replay`. A line is written before its answer is sent, so a
 * killed process has lost nothing that it answered. A partly written last line is cut off. `writeTo` replaces
 * the file system in tests.
 */
export function openJournal(
  path: string,
  replay: (entry: Entry) => void,
  writeTo: (file: number, bytes: Buffer) => number = writeSync,
): Journal {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let end = replayFile(path, replay);
  // it holds keys and customers' names, so only its owner may read it, even if an older version created it
  const file = openSync(path, "a", 0o600);
  fchmodSync(file, 0o600);
  ftruncateSync(file, end);

  /** Writes everything or nothing: when the disk fills up, a partial write is cut off. */
  function write(bytes: Buffer): void {
    try {
      for (let rest = bytes; rest.length > 0; ) rest = rest.subarray(writeTo(file, rest));
      end += bytes.length;
    } catch (error) {
      ftruncateSync(file, end);
      throw error;
    }
  }
  return {
    append: (...entries) => write(Buffer.from(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""))),
    close: () => closeSync(file),
  };
}

/** Replays the complete lines of a journal and returns where they end. A damaged last line is left out. */
function replayFile(path: string, replay: (entry: Entry) => void): number {
  const content = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  let end = 0;
  for (let number = 1, next = content.indexOf("\n"); next >= 0; number++, next = content.indexOf("\n", end)) {
    const line = content.subarray(end, next).toString("utf8");
    const entry = line === "" ? undefined : parsed(line);
    if (line !== "" && entry === undefined) {
      if (next === content.length - 1) break;
      throw new Error(
        `line ${number} of the journal ${path} can't be read; ` +
          "remove that line, or move the file away to begin with an empty one",
      );
    }
    if (entry) replay(upgraded(entry));
    end = next + 1;
  }
  return end;
}

function parsed(line: string): Entry | undefined {
  try {
    return JSON.parse(line) as Entry;
  } catch {
    return undefined;
  }
}
