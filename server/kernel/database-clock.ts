import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "./clock.ts";
import { databaseNow, type Database } from "./database.ts";

/** How often it is compared with the database's: what a machine that slept has missed, and what quartz drifts. */
const COMPARE_MS = 10_000;
/** An answer that was longer on its way says too little about the time. */
const MAX_TRANSIT_MS = 1_000;

/**
 * The database's clock without a query: read now and then, and carried on by a timer that nobody sets. Replicas whose own clocks
 * differ, or step back, agree by it on what has expired.
 */
export async function followDatabaseClock(database: Database): Promise<Clock & { stop(): Promise<void> }> {
  const read = async () => {
    const before = performance.now();
    const at = (await databaseNow(database.kysely)).getTime();
    const way = performance.now() - before;
    return { beginning: at - before - way / 2, way };
  };
  let { beginning } = await read();
  const ending = new AbortController();
  async function compare(): Promise<void> {
    while (!ending.signal.aborted) {
      await sleep(COMPARE_MS, undefined, { signal: ending.signal, ref: false }).catch(() => undefined);
      // while the database is away the timer goes on alone
      const found = ending.signal.aborted ? undefined : await read().catch(() => undefined);
      if (found && found.way < MAX_TRANSIT_MS) beginning = found.beginning;
    }
  }
  const comparing = compare();
  return {
    now: () => Math.floor(beginning + performance.now()),
    async stop() {
      ending.abort();
      await comparing;
    },
  };
}
