import { run, type Runner, type TaskList } from "graphile-worker";
import { Logger } from "graphile-worker";
import { sql } from "kysely";
import type { Database, Executor } from "./database.ts";
import type { Log } from "./telemetry.ts";

export type Jobs = Readonly<Record<string, (payload: Record<string, unknown>) => Promise<void>>>;

/** Adds a job in the caller's transaction: it runs when that commits, not before `at`. The same key replaces the job. */
export async function addJob(tx: Executor, task: string, payload: Record<string, unknown>, options: { at?: Date; key?: string } = {}): Promise<void> {
  await sql`
    select graphile_worker.add_job(${task}, payload := ${JSON.stringify(payload)}::json, run_at := ${options.at ?? null}::timestamptz,
      job_key := ${options.key ?? null}, max_attempts := 25)`.execute(tx);
}

/** Runs jobs until stopped; one that fails is tried again with growing pauses. */
export async function startJobs(database: Database, jobs: Jobs, crontab: string, log: Log): Promise<{ stop(): Promise<void> }> {
  const taskList: TaskList = {};
  for (const [name, work] of Object.entries(jobs)) {
    taskList[name] = async (payload) => {
      await work((payload ?? {}) as Record<string, unknown>);
    };
  }
  const runner: Runner = await run({
    pgPool: database.pool,
    concurrency: 4,
    pollInterval: 1000,
    noHandleSignals: true,
    crontab,
    taskList,
    logger: new Logger(() => (level, message) => {
      if (level === "error") log.error(message);
      else if (level === "warning") log.warn(message);
      else log.debug(message);
    }),
  });
  return { stop: () => runner.stop().catch(() => undefined) };
}
