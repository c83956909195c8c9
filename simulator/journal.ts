import { closeSync, existsSync, fchmodSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { Delivery } from "./delivery.ts";
import { upgraded } from "./older.ts";
import type { Transaction } from "./transaction.ts";

/** One line of the journal: a thing as it stands from now on. The last line about a thing is the thing. */
export type Entry =
  | { readonly kind: "transaction"; readonly transaction: Transaction }
  | { readonly kind: "delivery"; readonly delivery: Delivery }
  | { readonly kind: "setting"; readonly name: string; readonly value: string }
  | { readonly kind: "clock"; readonly shiftMs: number };

export interface Journal {
  append(...entries: Entry[]): void;
  close(): void;
}

/** A journal that remembers nothing. */
export const memoryOnly: Journal = { append: () => undefined, close: () => undefined };

/**
 * Opens the journal and hands what it holds to `replay`. A line is written before its answer leaves, so a killed
 * process has lost nothing it answered for; the half line it may have been writing is cut off.
 */
export function openJournal(path: string, replay: (entry: Entry) => void): Journal {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const content = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  const whole = content.subarray(0, content.lastIndexOf("\n") + 1);
  for (const line of whole.toString("utf8").split("\n")) if (line) replay(upgraded(JSON.parse(line) as Entry));
  // it holds keys and customers' names: its owner's alone, also where it was made before that was so
  const file = openSync(path, "a", 0o600);
  fchmodSync(file, 0o600);
  ftruncateSync(file, whole.length);
  return {
    append: (...entries) => void writeSync(file, entries.map((entry) => `${JSON.stringify(entry)}\n`).join("")),
    close: () => closeSync(file),
  };
}
