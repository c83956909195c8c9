import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "./clock.ts";
import { databaseNow, type Database } from "./database.ts";

/**
 * How often the timer is compared with the database's clock, because machines sleep and their timers drift.
 */
const COMPARE_MS = 10_000;
/** A reading with a longer round trip is too imprecise to use. */
const MAX_TRANSIT_MS = 1_000;

/**
 * The database's clock without a query for each reading. It reads the database now and then and continues
 * with the process's monotonic timer, which nobody can set. Replicas agree through it on what has expired,
 * even if their own clocks differ or step back.
 */
export async function followDatabaseClock(database: Database): Promise<Clock & { stop(): Promise<void> }> {
  const read = async () => {
    const before = performance.now();
    const at = (await databaseNow(database.kysely)).getTime();
    const transitMs = performance.now() - before;
    return { beginning: at - before - transitMs / 2, transitMs };
  };
  let { beginning } = await read();
  const ending = new AbortController();
  async function compare(): Promise<void> {
    while (!ending.signal.aborted) {
      await sleep(COMPARE_MS, undefined, { signal: ending.signal, ref: false }).catch(() => undefined);
      // while the database is unavailable, the last reading is kept
      const found = ending.signal.aborted ? undefined : await read().catch(() => undefined);
      if (found && found.transitMs < MAX_TRANSIT_MS) beginning = found.beginning;
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
