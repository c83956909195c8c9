import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { until } from "../../testing/until.ts";
import { startCluster, startSupervisedCluster, type Cluster } from "../index.ts";

describe("a supervised embedded PostgreSQL", () => {
  const data = mkdtempSync(join(tmpdir(), "onegate-cluster-"));
  const options = { data, settings: { fsync: "off" } };
  const lines: string[] = [];
  let cluster: Cluster;
  before(async () => {
    cluster = await startSupervisedCluster(options, (line) => lines.push(line));
  });
  after(async () => {
    await cluster.stop();
    rmSync(data, { recursive: true, force: true });
  });

  /** A new backend and its process id. */
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

  it("stays locked by this Onegate when a backend crash drops the lock", async () => {
    const { pid } = await backend();
    process.kill(pid, "SIGKILL");
    await until(
      async () => cluster.isHeld,
      (isHeld) => !isHeld,
    );
    await until(async () => cluster.isHeld, Boolean, 10_000);
    assert.match(lines.join("\n"), /dropped all its sessions/);
    await assert.rejects(startCluster(options), /in use by another Onegate/);
    assert.ok(await answers(), "the refused start did not disturb the running one");
  });

  it("is restarted and locked again when its postmaster is killed", async () => {
    const killed = cluster.pid;
    process.kill(killed, "SIGKILL");
    await until(async () => cluster.pid !== killed && cluster.isHeld && (await answers()), Boolean, 30_000);
    assert.match(lines.join("\n"), /died\. Starting it again[^]*is back/);
    await assert.rejects(startCluster(options), /in use by another Onegate/);
  });

  it("fault 5: waits for backends of a killed postmaster, and doesn't report another Onegate", async () => {
    const { pid } = await backend();
    process.kill(pid, "SIGSTOP");
    const killed = cluster.pid;
    try {
      process.kill(killed, "SIGKILL");
      await sleep(1_500);
      assert.equal(await answers(), false, "no second postmaster starts beside the orphaned backend");
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await until(async () => cluster.pid !== killed && cluster.isHeld && (await answers()), Boolean, 30_000);
    assert.doesNotMatch(lines.join("\n"), /in use/);
  });

  it("stops with its Onegate, even while the lock is lost", async () => {
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
