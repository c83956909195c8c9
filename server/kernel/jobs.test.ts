import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { prepareSchema } from "../schema.ts";
import { until } from "../testing/until.ts";
import { addJob, createLog, openDatabase, startJobs, startSupervisedCluster, type Cluster, type Database } from "./index.ts";

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

  for (const [fate, error] of [["is done", undefined], ["fails", new Error("no")]] as const) {
    it(`faults 5 and 24: PostgreSQL is killed just before a job ${fate}: jobs go on, and that one is run again`, async () => {
      const runs: string[] = [];
      const jobs = await startJobs(database, {
        fatal: async () => {
          runs.push("fatal");
          if (runs.length > 1) return;
          process.kill(cluster.pid, "SIGKILL");
          await sleep(50);
          if (error) throw error;
        },
        other: async () => void runs.push("other"),
      }, "", createLog("silent"), { pollMs: 200 });
      await addJob(database.kysely, "fatal", {});
      await until(async () => runs.length, (count) => count === 2, 30_000);
      await addJob(database.kysely, "other", {});
      await until(async () => runs, () => runs.length === 3, 10_000);
      const waiting = async () => (await database.pool.query("select 1 from graphile_worker.jobs")).rowCount;
      await until(waiting, (count) => count === 0, 10_000);
      await jobs.stop();
      assert.deepEqual(runs, ["fatal", "fatal", "other"]);
    });
  }
});
