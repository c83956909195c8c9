import { currencies } from "@onegate/contract";
import { Logger, runMigrations } from "graphile-worker";
import { fileURLToPath } from "node:url";
import { migrate, readMigrations, type Database } from "./kernel/index.ts";

const silent = new Logger(() => () => undefined);

export const MIGRATIONS = fileURLToPath(new URL("./migrations/", import.meta.url));

/** Brings a database to the newest schema: our scripts, the job queue's, and the currencies. Answers how many scripts ran. */
export async function prepareSchema({ pool }: Database): Promise<number> {
  const done = await migrate(pool, readMigrations(MIGRATIONS));
  await runMigrations({ pgPool: pool, logger: silent });
  await pool.query(
    `insert into currency (code, exponent) select * from unnest($1::text[], $2::smallint[])
     on conflict (code) do update set exponent = excluded.exponent where currency.exponent <> excluded.exponent`,
    [currencies.map(({ code }) => code), currencies.map(({ exponent }) => exponent)],
  );
  return done;
}
