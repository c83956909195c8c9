import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

/** Waits until something is so, asking often; fails with its last answer after `ms`. */
export async function until<T>(ask: () => Promise<T>, isSo: (answer: T) => boolean, ms = 5_000): Promise<T> {
  const deadline = performance.now() + ms;
  for (;;) {
    const answer = await ask();
    if (isSo(answer)) return answer;
    if (performance.now() > deadline) assert.fail(`still not so after ${ms} ms: ${JSON.stringify(answer)}`);
    await sleep(20);
  }
}
