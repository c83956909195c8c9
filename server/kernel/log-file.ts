import { writeSync } from "node:fs";

/** Bytes that are buffered for a slow reader; lines beyond them are lost. */
const MAX_KEPT_BYTES = 1_048_576;
const RETRY_MS = 50;

export type LogFile = {
  write(line: string): void;
  /** Lines that were lost since the last call. */
  takeLost(): number;
};

/**
 * Writes lines to an open file, synchronously and in order, and never throws: a log that can't be written
 * must not fail the work that it describes. Lines that a full disk refuses are lost and counted; lines that a
 * slow reader does not accept yet are buffered. `writeTo` replaces the file in tests.
 */
export function createLogFile(
  file: number,
  writeTo: (file: number, bytes: Buffer) => number = writeSync,
): LogFile {
  let kept: Buffer[] = [];
  let keptBytes = 0;
  let lost = 0;
  /** Whether the last line in the file may be incomplete: the next one then begins with a line break. */
  let isTorn = false;
  let timer: NodeJS.Timeout | undefined;

  /** Writes as much as the file accepts. Returns the rest, and whether to retry it. */
  function put(bytes: Buffer): { readonly rest: Buffer; readonly isSlow: boolean } {
    let rest = bytes;
    try {
      while (rest.length > 0) rest = rest.subarray(writeTo(file, rest));
      return { rest, isSlow: false };
    } catch (error) {
      return { rest, isSlow: error instanceof Error && "code" in error && error.code === "EAGAIN" };
    }
  }

  /** Returns whether the line is done: written or lost, not buffered. */
  function writeLine(line: Buffer): boolean {
    const { rest, isSlow } = put(isTorn ? Buffer.concat([LINE_BREAK, line]) : line);
    isTorn = rest.length > 0 && !isSlow;
    if (isTorn) lost += 1;
    // the beginning is in the file already: only the rest is retried
    else if (rest.length > 0) keep(rest);
    return rest.length === 0 || isTorn;
  }

  function keep(line: Buffer): void {
    if (keptBytes + line.length > MAX_KEPT_BYTES) {
      lost += 1;
      return;
    }
    kept.push(line);
    keptBytes += line.length;
    timer ??= setTimeout(offerKept, RETRY_MS).unref();
  }

  function offerKept(): void {
    timer = undefined;
    const lines = kept;
    kept = [];
    keptBytes = 0;
    for (const [index, line] of lines.entries()) {
      if (writeLine(line)) continue;
      for (const later of lines.slice(index + 1)) keep(later);
      return;
    }
  }

  return {
    write(line) {
      const bytes = Buffer.from(line);
      if (kept.length > 0) keep(bytes);
      else writeLine(bytes);
    },
    takeLost() {
      const count = lost;
      lost = 0;
      return count;
    },
  };
}

const LINE_BREAK = Buffer.from("\n");
