import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { prepareSchema } from "../schema.ts";
import { until } from "../testing/until.ts";
import {
  addJob,
  createLog,
  openDatabase,
  startJobs,
  startSupervisedCluster,
  type Cluster,
  type Database,
} from "./index.ts";

/** A process that takes a job, prints a line and never ends the job. */
const HOLDER = `
  import { createLog, openDatabase, startJobs } from "./server/kernel/index.ts";
  const database = openDatabase(JSON.parse(process.argv[1]), 4, () => undefined);
  const jobs = { [process.argv[2]]: () => new Promise(() => console.log("holding")) };
  await startJobs(database, jobs, "", createLog("silent"));
`;
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

describe("jobs", () => {
  const data = mkdtempSync(join(tmpdir(), "onegate-jobs-"));
  let cluster: Cluster;
  let database: Database;
  before(async () => {
    cluster = await startSupervisedCluster({ data, settings: { fsync: "off" } }, () => undefined);
    database = openDatabase(cluster.connection, 6, () => undefined);
    await prepareSchema(database);
  });
  after(async () => {
    await database.close();
    await cluster.stop();
    rmSync(data, { recursive: true, force: true });
  });

  for (const [fate, error] of [
    ["is done", undefined],
    ["fails", new Error("no")],
  ] as const) {
    it(`faults 5 and 24: a job is run again if PostgreSQL is killed just before it ${fate}`, async () => {
      const runs: string[] = [];
      const jobs = await startJobs(
        database,
        {
          fatal: async () => {
            runs.push("fatal");
            if (runs.length > 1) return;
            process.kill(cluster.pid, "SIGKILL");
            await sleep(50);
            if (error) throw error;
          },
          other: async () => void runs.push("other"),
        },
        "",
        createLog("silent"),
        { pollMs: 200 },
      );
      await addJob(database.kysely, "fatal", {});
      await until(
        async () => runs.length,
        (count) => count === 2,
        30_000,
      );
      await addJob(database.kysely, "other", {});
      await until(
        async () => runs,
        () => runs.length === 3,
        10_000,
      );
      const waiting = async () => (await database.pool.query("select 1 from graphile_worker.jobs")).rowCount;
      await until(waiting, (count) => count === 0, 10_000);
      await jobs.stop();
      assert.deepEqual(runs, ["fatal", "fatal", "other"]);
    });
  }

  it("a job of a killed process is run by another process, and a job of a living one is not", async (t) => {
    const hold = async (task: string) => {
      await addJob(database.kysely, task, {});
      const child = spawn(
        process.execPath,
        ["--input-type=module", "--eval", HOLDER, JSON.stringify(cluster.connection), task],
        { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] },
      );
      t.after(() => child.kill("SIGKILL"));
      await once(child.stdout, "data");
      return child;
    };
    await hold("ledger:prove");
    const killed = await hold("payment:void");
    killed.kill("SIGKILL");
    await once(killed, "exit");

    const runs: string[] = [];
    const jobs = await startJobs(
      database,
      {
        "payment:void": async () => void runs.push("void"),
        "ledger:prove": async () => void runs.push("prove"),
      },
      "",
      createLog("silent"),
      { pollMs: 100, deadPollMs: 500 },
    );
    await until(
      async () => runs,
      ({ length }) => length > 0,
      20_000,
    );
    // and through further polls
    await sleep(1_500);
    assert.deepEqual(runs, ["void"]);
    const { rows } = await database.pool.query<{ locked: boolean }>(
      "select locked_by is not null as locked from graphile_worker.jobs",
    );
    assert.deepEqual(rows, [{ locked: true }], "the living process still holds its job");
    await jobs.stop();
  });
});
