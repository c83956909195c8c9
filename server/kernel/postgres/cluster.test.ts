import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { until } from "../../testing/until.ts";
import { startCluster, startSupervisedCluster, type Cluster } from "../index.ts";

describe("an embedded PostgreSQL that is watched over", () => {
  const data = mkdtempSync(join(tmpdir(), "onegate-cluster-"));
  const options = { data, settings: { fsync: "off" } };
  const told: string[] = [];
  let cluster: Cluster;
  before(async () => {
    cluster = await startSupervisedCluster(options, (line) => told.push(line));
  });
  after(async () => {
    await cluster.stop();
    rmSync(data, { recursive: true, force: true });
  });

  /** A backend of its own, and its process id. */
  async function backend(): Promise<{ client: pg.Client; pid: number }> {
    const client = new pg.Client(cluster.connection);
    client.on("error", () => undefined);
    await client.connect();
    const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
    return { client, pid: rows[0]?.pid ?? 0 };
  }
  const answers = async () =>
    backend().then(
      ({ client }) => client.end().then(() => true),
      () => false,
    );

  it("stays this Onegate's alone when a backend crashes, though PostgreSQL then drops the lock", async () => {
    const { pid } = await backend();
    process.kill(pid, "SIGKILL");
    await until(
      async () => cluster.isHeld,
      (isHeld) => !isHeld,
    );
    await until(async () => cluster.isHeld, Boolean, 10_000);
    assert.match(told.join("\n"), /dropped all its sessions/);
    await assert.rejects(startCluster(options), /in use by another Onegate/);
    assert.ok(await answers(), "and the one that was refused did no harm");
  });

  it("is started again when its postmaster is killed, and held again", async () => {
    const killed = cluster.pid;
    process.kill(killed, "SIGKILL");
    await until(async () => cluster.pid !== killed && cluster.isHeld && (await answers()), Boolean, 30_000);
    assert.match(told.join("\n"), /died\. Starting it again[^]*is back/);
    await assert.rejects(startCluster(options), /in use by another Onegate/);
  });

  it("fault 5: backends that outlive a killed postmaster are waited for, not taken for another Onegate", async () => {
    const { pid } = await backend();
    process.kill(pid, "SIGSTOP");
    const killed = cluster.pid;
    try {
      process.kill(killed, "SIGKILL");
      await sleep(1_500);
      assert.equal(await answers(), false, "no second postmaster beside the orphan");
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await until(async () => cluster.pid !== killed && cluster.isHeld && (await answers()), Boolean, 30_000);
    assert.doesNotMatch(told.join("\n"), /in use/);
  });

  it("ends with its Onegate, also in the moment in which the lock is lost", async () => {
    const { pid } = await backend();
    process.kill(pid, "SIGKILL");
    await until(
      async () => cluster.isHeld,
      (isHeld) => !isHeld,
    );
    await cluster.stop();
    assert.equal(await answers(), false);
  });
});
