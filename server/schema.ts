import { currencies } from "@onegate/contract";
import { Logger, runMigrations } from "graphile-worker";
import { fileURLToPath } from "node:url";
import {
  migrate,
  openDatabase,
  PROGRAM_ROLE,
  readMigrations,
  type Connection,
  type Database,
} from "./kernel/index.ts";

const silent = new Logger(() => () => undefined);

export const MIGRATIONS = fileURLToPath(new URL("./migrations/", import.meta.url));

/** How many months ahead partitions for transfers are created. */
const MONTHS_AHEAD = 3;

/** Only one process at a time prepares the schema; the others then find it done. */
const PREPARE_LOCK = 7_226_144_283_753;

/**
 * Prepares a database that was opened as its owner: runs our migrations and the job queue's, updates the
 * currencies, and creates partitions. Returns how many of our scripts ran.
 */
export async function prepareSchema({ pool }: Database): Promise<number> {
  const client = await pool.connect();
  try {
    await client.query("set lock_timeout = 0");
    await client.query("select pg_advisory_lock($1)", [PREPARE_LOCK]);
    const done = await migrate(pool, readMigrations(MIGRATIONS));
    await runMigrations({ pgPool: pool, logger: silent });
    await client.query("select onegate_raise_wall()");
    await client.query(QUEUE_RIGHTS);
    await prepareMonths({ pool });
    await client.query(
      `insert into currency (code, exponent) select * from unnest($1::text[], $2::smallint[])
       on conflict (code) do update set exponent = excluded.exponent
        where currency.exponent <> excluded.exponent`,
      [currencies.map(({ code }) => code), currencies.map(({ exponent }) => exponent)],
    );
    return done;
  } finally {
    // closing the session releases the lock
    client.release(true);
  }
}

/**
 * Gives the program's role access to the job queue. Its tables have row-level security, so they need a
 * policy.
 */
const QUEUE_RIGHTS = `
  grant usage on schema graphile_worker to ${PROGRAM_ROLE};
  grant select, insert, update, delete on all tables in schema graphile_worker to ${PROGRAM_ROLE};
  grant usage on all sequences in schema graphile_worker to ${PROGRAM_ROLE};
  grant execute on all functions in schema graphile_worker to ${PROGRAM_ROLE};
  do $$ declare t regclass; begin
    for t in select c.oid from pg_class c
              where c.relnamespace = 'graphile_worker'::regnamespace
                and c.relkind in ('r', 'p') and c.relrowsecurity
                and not exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'onegate')
    loop
      execute format('create policy onegate on %s to ${PROGRAM_ROLE} using (true) with check (true)', t);
    end loop;
  end $$`;

/** Opens a database as its owner, prepares the newest schema and closes it. Returns how many scripts ran. */
export async function migrateAsOwner(connection: Connection): Promise<number> {
  const database = openDatabase(connection, 2, () => undefined);
  try {
    return await prepareSchema(database);
  } finally {
    await database.close();
  }
}

/** Creates missing partitions for the coming months. */
export async function prepareMonths({ pool }: Pick<Database, "pool">): Promise<void> {
  await pool.query("select ledger_prepare_months($1)", [MONTHS_AHEAD]);
}
