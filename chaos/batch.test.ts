import { isRefusal, newId } from "@onegate/contract";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openDatabase, startSupervisedCluster, type Cluster, type Database } from "../server/kernel/index.ts";
import { prepareSchema } from "../server/schema.ts";
import { openBooks } from "../server/testing/ledger.ts";
import { until } from "../server/testing/until.ts";

const SETS = 40;
const LEGS = 10;

describe("PostgreSQL killed in the middle of a batch", () => {
  const data = mkdtempSync(join(tmpdir(), "onegate-batch-"));
  let cluster: Cluster;
  let database: Database;
  before(async () => {
    cluster = await startSupervisedCluster({ data }, () => undefined);
    database = openDatabase(cluster.connection, 6, () => undefined);
    await prepareSchema(database);
  });
  after(async () => {
    await database.close();
    await cluster.stop();
    rmSync(data, { recursive: true, force: true });
  });

  it("fault 5: a set of ten is posted whole or not at all, and posting resumes within 30 s", async () => {
    const books = await openBooks(database);
    await books.open("andi");
    await books.open("budi");
    await books.fund("andi", "100000.00");
    const sets = new Map<string, readonly string[]>();
    const acked = new Set<string>();
    let isOver = false;
    const poster = async () => {
      while (!isOver) {
        const name = newId();
        const legs = Array.from({ length: LEGS }, () => books.transfer("andi", "budi", "0.01"));
        sets.set(
          name,
          legs.map(({ id }) => id),
        );
        const posted = await books.ledger.postLinked(books.merchantId, legs).catch(() => undefined);
        if (posted && !isRefusal(posted)) acked.add(name);
        else await sleep(20);
      }
    };
    const posters = Array.from({ length: SETS }, poster);
    // instants that fall at different points of a batch
    for (const instant of [50, 83, 121, 157, 199]) {
      const enough = acked.size + 20;
      await until(
        async () => acked.size,
        (count) => count > enough,
        30_000,
      );
      await sleep(instant);
      const killed = cluster.pid;
      process.kill(killed, "SIGKILL");
      await until(
        async () => cluster.pid,
        (pid) => pid !== killed,
        30_000,
      );
    }
    const enough = acked.size + 20;
    await until(
      async () => acked.size,
      (count) => count > enough,
      30_000,
    );
    isOver = true;
    await Promise.all(posters);

    const { rows } = await database.pool.query<{ transfer_id: string }>(
      "select transfer_id from ledger_transfer where merchant_id = $1",
      [books.merchantId],
    );
    const there = new Set(rows.map(({ transfer_id: id }) => id));
    assert.equal(there.size, rows.length, "no transfer exists twice");
    for (const [name, ids] of sets) {
      const count = ids.filter((id) => there.has(id)).length;
      assert.ok(
        count === 0 ? !acked.has(name) : count === LEGS,
        `${count} of ${LEGS} legs exist, ${acked.has(name) ? "" : "not "}acknowledged`,
      );
    }
    await books.assertHold();
  });
});
