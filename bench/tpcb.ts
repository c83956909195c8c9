import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createDatabase, type BenchServer } from "./server.ts";

const SCALE = 20;
const CLIENTS = [8, 32];

/** Debian's pgbench, wherever its version put it. */
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

/** pgbench's TPC-B, prepared, scale 20: its best of 8 and 32 clients, in transactions a second. */
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
    const words = run(["-M", "prepared", "-c", String(clients), "-j", "2", "-T", String(seconds)]);
    return Number(/tps = ([0-9.]+)/.exec(words)?.[1]);
  });
  return Math.max(...rates);
}
