import { refuse, type Refusal } from "@onegate/contract";
import { sql } from "kysely";
import { inTransaction, isDiskFull, type Database } from "./database.ts";
import { everywhere } from "./wall.ts";

/** How long an answer is reused, so that the probes of many monitors cost one check a second. */
const ANSWER_MS = 1_000;
/**
 * How long the server is not ready after a request failed on a full disk, whatever the check finds: it sees
 * only one of several disks.
 */
const AFTER_FAILURE_MS = 10_000;
/** Rows that exceed the check's memory, so that PostgreSQL writes about half a MB of them to its disk. */
const SPILLED_ROWS = 40_000;

export type Readiness = {
  /** `undefined` if payments can be taken now, or why not: `storage_full`, `unavailable`. */
  check(): Promise<Refusal | undefined>;
  /** Notes the error with which a request failed. */
  noteFailure(error: unknown): void;
};

/** A server is ready if its database accepts writes; with a full disk it would still answer `select 1`. */
export function createReadiness(database: Database, now: () => number = () => performance.now()): Readiness {
  let fullUntil = -Infinity;
  let latest: { readonly at: number; readonly refusal: Promise<Refusal | undefined> } | undefined;

  async function tryNow(): Promise<Refusal | undefined> {
    try {
      await everywhere(() => tryToWrite(database));
      return undefined;
    } catch (error) {
      return refuse(isDiskFull(error) ? "storage_full" : "unavailable");
    }
  }

  return {
    async check() {
      if (!latest || now() - latest.at >= ANSWER_MS) latest = { at: now(), refusal: tryNow() };
      const refusal = await latest.refusal;
      return refusal ?? (now() < fullUntil ? refuse("storage_full") : undefined);
    },
    noteFailure(error) {
      if (isDiskFull(error)) fullUntil = now() + AFTER_FAILURE_MS;
    },
  };
}

/**
 * Makes PostgreSQL allocate space on its data disk, for a temporary file that leaves no rows behind, and
 * flush a commit without changes. Throws if either fails, and on a read-only server.
 */
async function tryToWrite(database: Database): Promise<void> {
  await inTransaction(database, async (tx) => {
    await sql`set local work_mem = '64kB'`.execute(tx);
    const { rows } = await sql<{ is_read_only: boolean }>`
      select current_setting('transaction_read_only')::boolean as is_read_only
        from (select count(*) from generate_series(1, ${SPILLED_ROWS}::int)) spilled`.execute(tx);
    if (rows[0]?.is_read_only !== false) throw new Error("the database is read-only");
    await sql`select pg_logical_emit_message(true, 'onegate', '')`.execute(tx);
  });
}
