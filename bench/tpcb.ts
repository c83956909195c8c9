import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createDatabase, type BenchServer } from "./server.ts";

const SCALE = 20;
const CLIENTS = [8, 32];

/** Finds Debian's pgbench, whose path depends on its version. */
function findPgbench(): string {
  const versions = existsSync("/usr/lib/postgresql")
    ? readdirSync("/usr/lib/postgresql").sort().reverse()
    : [];
  const found = [
    "/usr/bin/pgbench",
    ...versions.map((version) => `/usr/lib/postgresql/${version}/bin/pgbench`),
  ].find((path) => existsSync(path));
  if (!found) throw new Error("pgbench is missing: install Debian's postgresql-contrib");
  return found;
}

/**
 * Runs pgbench's TPC-B, prepared, scale 20; returns the best of 8 and 32 clients, in transactions a second.
 */
export async function runTpcb(server: BenchServer, seconds: number): Promise<number> {
  const pgbench = findPgbench();
  await createDatabase(server, "tpcb");
  const { host, user } = server.cluster.connection;
  const env = { ...process.env, PGHOST: host, PGUSER: user };
  const run = (args: string[]) => {
    const { status, stdout, stderr } = spawnSync(pgbench, [...args, "tpcb"], { env, encoding: "utf8" });
    if (status !== 0) throw new Error(`pgbench: ${stderr}`);
    return stdout;
  };
  run(["-i", "-q", "-s", String(SCALE)]);
  const rates = CLIENTS.map((clients) => {
    const output = run(["-M", "prepared", "-c", String(clients), "-j", "2", "-T", String(seconds)]);
    return Number(/tps = ([0-9.]+)/.exec(output)?.[1]);
  });
  return Math.max(...rates);
}
