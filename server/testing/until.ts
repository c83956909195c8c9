import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

/** Polls `read` until its value `isDone`; fails with the last value after `timeoutMs`. */
export async function until<T>(
  read: () => Promise<T>,
  isDone: (value: T) => boolean,
  timeoutMs = 5_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (isDone(value)) return value;
    if (performance.now() > deadline)
      assert.fail(`timed out after ${timeoutMs} ms; last value: ${JSON.stringify(value)}`);
    await sleep(20);
  }
}
