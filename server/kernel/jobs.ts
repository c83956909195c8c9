import { Logger, run, type Runner, type TaskList, type WorkerEvents } from "graphile-worker";
import { sql } from "kysely";
import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { isUnavailable, type Database, type Executor } from "./database.ts";
import type { Log } from "./telemetry.ts";
import { everywhere } from "./wall.ts";

export type Jobs = Readonly<Record<string, (payload: Record<string, unknown>) => Promise<void>>>;

/** Adds a job in the caller's transaction: it runs when that commits, not before `afterMs` by the database's clock. The same key replaces the job; one of a single attempt is never begun twice. */
export async function addJob(
  tx: Executor,
  task: string,
  payload: Record<string, unknown>,
  options: { afterMs?: number; key?: string; attempts?: number } = {},
): Promise<void> {
  await sql`
    select graphile_worker.add_job(${task}, payload := ${JSON.stringify(payload)}::json, run_at := now() + ${options.afterMs ?? 0}::float8 * interval '1 millisecond',
      job_key := ${options.key ?? null}, max_attempts := ${options.attempts ?? 25})`.execute(tx);
}

/** How long a runner that ended, because the database went away under it, waits before it is started again. */
const RETRY_MS = 500;
/** How often it is looked for jobs of runners that died. */
const DEAD_POLL_MS = 5_000;
/** On average; between half of it and half as much again. */
const REST_MS = 100;

/**
 * Runs jobs until stopped, `concurrency` at once; one that fails is tried again with growing pauses. A job added for now starts within
 * a moment; one for later is seen within `pollMs`. When the database goes away just as a job ends, the runner can't write that down
 * and gives up: it is started again, and what it held is run again. So is what the runner of a killed process held, here or
 * elsewhere, within `2 * deadPollMs`.
 */
export async function startJobs(
  database: Database,
  jobs: Jobs,
  crontab: string,
  log: Log,
  { concurrency = 4, pollMs = 1_000, deadPollMs = DEAD_POLL_MS } = {},
): Promise<{ stop(): Promise<void> }> {
  const taskList: TaskList = {};
  for (const [name, work] of Object.entries(jobs)) {
    taskList[name] = async (payload) => {
      await everywhere(() => work((payload ?? {}) as Record<string, unknown>));
    };
  }
  const logger = new Logger(() => (level, message) => {
    if (level === "error") log.error(message);
    // couriers wait for receivers, not for the database: few connections serve many of them
    else if (level === "warning" && !message.includes("maxPoolSize")) log.warn(message);
    else log.debug(message);
  });

  let holders = new Set<string>();
  async function begin(): Promise<Runner> {
    if (holders.size > 0)
      await sql`select graphile_worker.force_unlock_workers(${[...holders]}::text[])`.execute(
        database.kysely,
      );
    holders = new Set();
    const events: WorkerEvents = new EventEmitter();
    events.on("pool:create", ({ workerPool }) => holders.add(workerPool.id));
    events.on("worker:create", ({ worker }) => holders.add(worker.workerId));
    // the session that listens lives as long as the runner, and is opened anew when it is lost
    events.on(
      "pool:listen:success",
      ({ workerPool, client }) => void signLife(client, workerPool.id).catch(() => undefined),
    );
    // in batches, though of what ends in one turn of the loop only: the end of a single job that can't be written down ends the process
    // each job that is added, also one for later, calls all runners: while there was nothing to do they look again only after a rest
    const localQueue = {
      size: concurrency,
      refetchDelay: { durationMs: Math.min(REST_MS, pollMs), threshold: 0, maxAbortThreshold: Infinity },
    };
    const preset = { worker: { completeJobBatchDelay: 0, failJobBatchDelay: 0, localQueue } };
    return run({
      pgPool: database.pool,
      concurrency,
      pollInterval: pollMs,
      noHandleSignals: true,
      crontab,
      taskList,
      logger,
      events,
      preset,
    });
  }

  let runner = await begin();
  let stopped = false;
  async function watch(): Promise<void> {
    while (!stopped) {
      await runner.promise.catch(() => undefined);
      while (!stopped) {
        await sleep(RETRY_MS);
        if (stopped) return;
        try {
          runner = await begin();
          log.warn("the job runner ended; it was started again");
          break;
        } catch (error) {
          if (!isUnavailable(error))
            log.error({ err: error }, "the job runner does not start; it will be tried again");
        }
      }
    }
  }
  const watching = watch();
  const reaper = freeJobsOfTheDead(database, log, deadPollMs);
  return {
    async stop() {
      stopped = true;
      await reaper.stop();
      await runner.stop().catch(() => undefined);
      await watching;
      // one that was just being started again
      await runner.stop().catch(() => undefined);
    },
  };
}

/** How long the session that was just handed to a runner is left to its own first statement. */
const LISTEN_MS = 200;

/** Holds a lock in a runner's name, which PostgreSQL takes back with the session, however the runner ends. */
async function signLife(
  client: { query(text: string, values: unknown[]): Promise<unknown> },
  holder: string,
): Promise<void> {
  await sleep(LISTEN_MS, undefined, { ref: false });
  await client.query(`select pg_advisory_lock(${LIFE_LOCK})`, [holder]);
}

const LIFE_LOCK = "hashtextextended('onegate jobs ' || $1::text, 0)";

/**
 * Runners that hold jobs although nobody holds the lock in their name. A runner that lost its session, as all do when
 * PostgreSQL restarts, is among them until it has another.
 */
async function selectLifelessHolders(executor: Executor): Promise<string[]> {
  const { rows } = await sql<{ holder: string }>`
    with holder as materialized (select distinct locked_by as name from graphile_worker.jobs where locked_by is not null),
         lock as materialized (
           select (classid::bigint << 32) | objid::bigint as key from pg_locks
            where locktype = 'advisory' and objsubid = 1 and granted and database = (select oid from pg_database where datname = current_database()))
    select name as holder from holder
     where not exists (select from lock where key = hashtextextended('onegate jobs ' || name, 0))`.execute(
    executor,
  );
  return rows.map(({ holder }) => holder);
}

/**
 * Frees the jobs of runners that died with their process, which would stay locked for hours. Dead is one that is lifeless
 * at two looks in a row: one that lives has opened another session by then.
 */
function freeJobsOfTheDead(database: Database, log: Log, pollMs: number): { stop(): Promise<void> } {
  const ending = new AbortController();
  async function run(): Promise<void> {
    let before: ReadonlySet<string> = new Set();
    while (!ending.signal.aborted) {
      try {
        const lifeless = await selectLifelessHolders(database.kysely);
        const dead = lifeless.filter((holder) => before.has(holder));
        before = new Set(lifeless);
        if (dead.length > 0) {
          await sql`select graphile_worker.force_unlock_workers(${dead}::text[])`.execute(database.kysely);
          log.warn({ runners: dead.length }, "jobs of a killed process are run again");
        }
      } catch (error) {
        // what was seen before an outage says nothing about who lives after it
        before = new Set();
        if (!isUnavailable(error))
          log.error(
            { err: error },
            "jobs of killed processes could not be looked for; it will be tried again",
          );
      }
      await sleep(pollMs, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  }
  const running = everywhere(run);
  return {
    async stop() {
      ending.abort();
      await running;
    },
  };
}
