import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import type pg from "pg";
import { messageOf, StartFailure } from "./failure.ts";

export type Migration = {
  readonly version: number;
  readonly description: string;
  readonly script: string;
  readonly sql: string;
  readonly checksum: number;
};

const NAME = /^V([1-9][0-9]*)__([a-z0-9_]+)\.sql$/;
/** Only one process migrates at a time. */
const MIGRATION_LOCK = 7_226_144_283_750;

/** Reads `V<n>__<what>.sql` files in the order of their numbers. */
export function readMigrations(folder: string): Migration[] {
  return readdirSync(folder)
    .flatMap((script) => {
      const match = NAME.exec(script);
      if (!match) return [];
      const sql = readFileSync(join(folder, script), "utf8");
      return [
        {
          version: Number(match[1]),
          description: String(match[2]).replaceAll("_", " "),
          script,
          sql,
          checksum: flywayChecksum(sql),
        },
      ];
    })
    .sort((a, b) => a.version - b.version);
}

/** Flyway's checksum of a script: CRC-32 over its lines without their ends, as a signed 32-bit number. */
export function flywayChecksum(sql: string): number {
  const lines = sql.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines.reduce((crc, line) => crc32(line, crc), 0) | 0;
}

/**
 * Migrates the schema to the newest version, each script in its own transaction, and writes Flyway's history
 * table, so that either program can continue where the other stopped. Refuses a database made by a newer
 * Onegate, and an applied script that was edited afterwards. Returns how many scripts it applied.
 */
export async function migrate(pool: pg.Pool, migrations: readonly Migration[]): Promise<number> {
  const client = await pool.connect();
  try {
    await client.query("set lock_timeout = 0");
    await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    await client.query(HISTORY);
    const { rows } = await client.query<{ version: string; checksum: number }>(
      "select version, checksum from flyway_schema_history where success and version is not null",
    );
    const applied = new Map(rows.map(({ version, checksum }) => [Number(version), checksum]));
    const newest = migrations.at(-1)?.version ?? 0;
    const beyond = [...applied.keys()].find((version) => version > newest);
    if (beyond !== undefined) {
      throw new StartFailure(
        `The data was made by a newer Onegate (schema ${beyond}; this one knows ${newest}).`,
        "Use that version, or set ONEGATE_DATA to another folder. Nothing was changed.",
      );
    }
    let done = 0;
    for (const migration of migrations) {
      const checksum = applied.get(migration.version);
      if (checksum === undefined) {
        await apply(client, migration);
        done += 1;
      } else if (checksum !== migration.checksum) {
        throw new StartFailure(
          `${migration.script} was edited after it had been applied.`,
          "Restore that file; put changes into a new script with the next number.",
        );
      }
    }
    return done;
  } finally {
    // closing the session releases the lock and resets the setting
    client.release(true);
  }
}

async function apply(
  client: pg.PoolClient,
  { version, description, script, sql, checksum }: Migration,
): Promise<void> {
  const begun = performance.now();
  await client.query("begin");
  try {
    await client.query(sql);
    await client.query(
      `insert into flyway_schema_history
         (installed_rank, version, description, type, script, checksum, installed_by, execution_time, success)
       select coalesce(max(installed_rank), 0) + 1, $1, $2, 'SQL', $3, $4, current_user, $5, true
         from flyway_schema_history`,
      [String(version), description, script, checksum, Math.round(performance.now() - begun)],
    );
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw new Error(`${script}: ${messageOf(error)}`, { cause: error });
  }
}

/** The history table, equivalent to the one that flyway-core creates on PostgreSQL. */
const HISTORY = `
  create table if not exists flyway_schema_history (
    installed_rank integer not null constraint flyway_schema_history_pk primary key,
    version varchar(50),
    description varchar(200) not null,
    type varchar(20) not null,
    script varchar(1000) not null,
    checksum integer,
    installed_by varchar(100) not null,
    installed_on timestamp not null default now(),
    execution_time integer not null,
    success boolean not null
  );
  create index if not exists flyway_schema_history_s_idx on flyway_schema_history (success)`;
