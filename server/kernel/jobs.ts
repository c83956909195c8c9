import { run, type Runner, type TaskList } from "graphile-worker";
import { Logger } from "graphile-worker";
import { sql } from "kysely";
import type { Database, Executor } from "./database.ts";
import type { Log } from "./telemetry.ts";

export type Jobs = Readonly<Record<string, (payload: Record<string, unknown>) => Promise<void>>>;

/** Adds a job in the caller's transaction: it runs when that commits, not before `afterMs` by the database's clock. The same key replaces the job. */
export async function addJob(tx: Executor, task: string, payload: Record<string, unknown>, options: { afterMs?: number; key?: string } = {}): Promise<void> {
  await sql`
    select graphile_worker.add_job(${task}, payload := ${JSON.stringify(payload)}::json, run_at := now() + ${options.afterMs ?? 0}::float8 * interval '1 millisecond',
      job_key := ${options.key ?? null}, max_attempts := 25)`.execute(tx);
}

/**
 * Runs jobs until stopped, `concurrency` at once; one that fails is tried again with growing pauses. A job added for now starts at
 * once; one for later is seen within `pollMs`.
 */
export async function startJobs(database: Database, jobs: Jobs, crontab: string, log: Log, { concurrency = 4, pollMs = 1_000 } = {}): Promise<{ stop(): Promise<void> }> {
  const taskList: TaskList = {};
  for (const [name, work] of Object.entries(jobs)) {
    taskList[name] = async (payload) => {
      await work((payload ?? {}) as Record<string, unknown>);
    };
  }
  const runner: Runner = await run({
    pgPool: database.pool,
    concurrency,
    pollInterval: pollMs,
    noHandleSignals: true,
    crontab,
    taskList,
    logger: new Logger(() => (level, message) => {
      if (level === "error") log.error(message);
      // couriers wait for receivers, not for the database: few connections serve many of them
      else if (level === "warning" && !message.includes("maxPoolSize")) log.warn(message);
      else log.debug(message);
    }),
  });
  return { stop: () => runner.stop().catch(() => undefined) };
}
