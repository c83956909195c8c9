import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { openDatabase, startCluster, type Cluster, type Database } from "../server/kernel/index.ts";
import { prove } from "../server/ledger/index.ts";
import { prepareSchema } from "../server/schema.ts";

/** The embedded PostgreSQL as it ships, fully durable, with an empty Onegate. */
export type BenchServer = { readonly cluster: Cluster; readonly database: Database; close(): Promise<void> };

export async function startBenchServer(connections: number): Promise<BenchServer> {
  const data = mkdtempSync(join(tmpdir(), "onegate-bench-"));
  const cluster = await startCluster({ data });
  const database = openDatabase(cluster.connection, connections, () => undefined);
  await prepareSchema(database);
  return {
    cluster,
    database,
    async close() {
      await database.close();
      await cluster.stop();
      rmSync(data, { recursive: true, force: true });
    },
  };
}

export async function createDatabase({ cluster }: BenchServer, name: string): Promise<void> {
  const admin = new pg.Client({ ...cluster.connection, database: "postgres" });
  await admin.connect();
  await admin.query(`create database ${name}`);
  await admin.end();
}

/** A run has no result when its books don't balance or transactions deadlocked. */
export async function checkBooks(database: Database): Promise<"hold" | "broken"> {
  const { rows } = await database.pool.query<{ deadlocks: bigint }>(
    "select deadlocks from pg_stat_database where datname = current_database()",
  );
  const deadlocks = rows[0]?.deadlocks ?? 0n;
  if (deadlocks > 0n) process.stderr.write(`${deadlocks} deadlocks\n`);
  return deadlocks === 0n && (await prove(database)).breaches.length === 0 ? "hold" : "broken";
}
