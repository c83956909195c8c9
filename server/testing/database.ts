import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import {
  codeOf,
  openDatabase,
  startCluster,
  type Cluster,
  type Connection,
  type Database,
} from "../kernel/index.ts";
import { prepareSchema } from "../schema.ts";

const TEMPLATE = "onegate_template";
let count = 0;

/**
 * Starts a PostgreSQL for tests, with a migrated template database that each test's database is copied from.
 */
export async function startTestCluster(): Promise<{ cluster: Cluster; stop(): Promise<void> }> {
  const data = mkdtempSync(join(tmpdir(), "onegate-test-"));
  // the tests kill servers, never the machine, so protection against machine crashes is off for speed
  const cluster = await startCluster({
    data,
    settings: { fsync: "off", full_page_writes: "off", max_connections: "120" },
  });
  const admin = new pg.Client({ ...cluster.connection, database: "postgres" });
  await admin.connect();
  await admin.query(`create database ${TEMPLATE}`);
  await admin.end();
  const template = openDatabase({ ...cluster.connection, database: TEMPLATE }, 4, () => undefined);
  await prepareSchema(template);
  await template.close();
  return {
    cluster,
    async stop() {
      await cluster.stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

export type TestDatabase = {
  readonly connection: Exclude<Connection, string>;
  readonly database: Database;
  close(): Promise<void>;
};

/** Opens a new database for one test, with the newest schema and no rows. A deadlock in it fails the test. */
export async function openTestDatabase(
  maxConnections = 12,
  { mayDeadlock = false }: { readonly mayDeadlock?: boolean } = {},
): Promise<TestDatabase> {
  const shared = process.env["ONEGATE_TEST_CLUSTER"];
  const own = shared ? undefined : await startTestCluster();
  const server = shared ? (JSON.parse(shared) as Exclude<Connection, string>) : own!.cluster.connection;
  const name = `test_${process.pid}_${(count += 1)}`;
  const admin = new pg.Client({ ...server, database: "postgres" });
  await admin.connect();
  await copyTemplate(admin, name);
  const connection = { ...server, database: name };
  const database = openDatabase(connection, maxConnections, () => undefined);
  return {
    connection,
    database,
    async close() {
      await database.close();
      const deadlocks = await deadlocksOf(admin, name);
      await admin.query(`drop database ${name} with (force)`);
      await admin.end();
      await own?.stop();
      if (mayDeadlock) return;
      assert.equal(
        deadlocks,
        0,
        `transactions of this test's database deadlocked ${deadlocks} times; ` +
          "every transaction must lock in the same order",
      );
    },
  };
}

/** How many deadlocks a database has had. A session reports its own when it ends, at the latest. */
export async function deadlocksOf(client: pg.Client | pg.Pool, database: string): Promise<number> {
  await client.query("select pg_stat_force_next_flush(), pg_stat_clear_snapshot()");
  const { rows } = await client.query<{ deadlocks: bigint }>(
    "select deadlocks from pg_stat_database where datname = $1",
    [database],
  );
  return Number(rows[0]?.deadlocks ?? 0);
}

/**
 * Copies the template. It must have no open session, and the one that just migrated it needs a moment to
 * close.
 */
async function copyTemplate(admin: pg.Client, name: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await admin.query(`create database ${name} template ${TEMPLATE}`);
      return;
    } catch (error) {
      if (codeOf(error) !== "55006" || tries === 100) throw error;
      await sleep(20);
    }
  }
}
