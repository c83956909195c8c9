import { Logger, run, type Runner, type TaskList, type WorkerEvents } from "graphile-worker";
import { sql } from "kysely";
import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { isUnavailable, type Database, type Executor } from "./database.ts";
import type { Log } from "./telemetry.ts";
import { everywhere } from "./wall.ts";

export type Jobs = Readonly<Record<string, (payload: Record<string, unknown>) => Promise<void>>>;

/**
 * Adds a job in the caller's transaction. It runs after the commit, and not before `afterMs` by the
 * database's clock. A job with the same key replaces an earlier one. With `attempts: 1` a job is never
 * started twice.
 */
export async function addJob(
  tx: Executor,
  task: string,
  payload: Record<string, unknown>,
  options: { afterMs?: number; key?: string; attempts?: number } = {},
): Promise<void> {
  await sql`
    select graphile_worker.add_job(
      ${task},
      payload := ${JSON.stringify(payload)}::json,
      run_at := now() + ${options.afterMs ?? 0}::float8 * interval '1 millisecond',
      job_key := ${options.key ?? null},
      max_attempts := ${options.attempts ?? 25})`.execute(tx);
}

/** How long to wait before a runner is restarted that ended because the database was unavailable. */
const RETRY_MS = 500;
/** How often to look for jobs of runners that died. */
const DEAD_POLL_MS = 5_000;
/** Average pause; the actual one is between half of it and one and a half times as long. */
const REST_MS = 100;

/**
 * Runs jobs until stopped, `concurrency` at once. A job that fails is retried with growing pauses. A job that
 * is due now starts almost at once; one that is due later starts within `pollMs` of its time. If the database
 * becomes unavailable just as a job ends, the runner can't record that and ends: it is restarted, and the
 * jobs that it held are run again. Jobs of a killed process, here or elsewhere, are run again within
 * `2 * deadPollMs`.
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
    // webhook deliveries wait for receivers, not for the database, so a small pool serves many of them
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
    // the listening session lives as long as the runner, and is reopened when it is lost
    events.on(
      "pool:listen:success",
      ({ workerPool, client }) => void holdLifeLock(client, workerPool.id).catch(() => undefined),
    );
    // Batching with a delay of 0, although each batch holds only the jobs that end in one turn of the event
    // loop: without batching, a single job whose end can't be recorded ends the process.
    // Each added job, even one that is due later, wakes all runners: a runner that found nothing polls again
    // only after a pause.
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
          log.warn("the job runner ended and was restarted");
          break;
        } catch (error) {
          if (!isUnavailable(error)) log.error({ err: error }, "the job runner failed to start; will retry");
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
      // the watch may have just restarted one
      await runner.stop().catch(() => undefined);
    },
  };
}

/** How long to wait for a new session's own first statement (LISTEN) before it is used here. */
const LISTEN_MS = 200;

/** Holds a lock in a runner's name. PostgreSQL releases it with the session, however the runner ends. */
async function holdLifeLock(
  client: { query(text: string, values: unknown[]): Promise<unknown> },
  holder: string,
): Promise<void> {
  await sleep(LISTEN_MS, undefined, { ref: false });
  await client.query(`select pg_advisory_lock(${LIFE_LOCK})`, [holder]);
}

const LIFE_LOCK = "hashtextextended('onegate jobs ' || $1::text, 0)";

/**
 * Runners that hold jobs while no session holds the lock in their name. A runner that lost its session, for
 * example because PostgreSQL restarted, is among them until it has a new one.
 */
async function selectLifelessHolders(executor: Executor): Promise<string[]> {
  const { rows } = await sql<{ holder: string }>`
    with holder as materialized (
           select distinct locked_by as name from graphile_worker.jobs where locked_by is not null),
         lock as materialized (
           select (classid::bigint << 32) | objid::bigint as key from pg_locks
            where locktype = 'advisory' and objsubid = 1 and granted
              and database = (select oid from pg_database where datname = current_database()))
    select name as holder from holder
     where not exists (select from lock where key = hashtextextended('onegate jobs ' || name, 0))`.execute(
    executor,
  );
  return rows.map(({ holder }) => holder);
}

/**
 * Frees the jobs of runners that died with their process, which would otherwise stay locked for hours. A
 * runner counts as dead if it holds no lock in two polls in a row: a living one has opened a new session by
 * then.
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
        // observations from before an outage say nothing about which runners live after it
        before = new Set();
        if (!isUnavailable(error))
          log.error({ err: error }, "failed to look for jobs of killed processes; will retry");
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
