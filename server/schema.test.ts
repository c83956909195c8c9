import { readFileSync, writeFileSync } from "node:fs";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { flywayChecksum, migrate, readMigrations, StartFailure } from "./kernel/index.ts";
import { MIGRATIONS } from "./schema.ts";
import { openTestDatabase, type TestDatabase } from "./testing/database.ts";

let test: TestDatabase;
before(async () => {
  test = await openTestDatabase();
});
after(() => test.close());

const SNAPSHOT = new URL("./migrations/schema.snapshot.sql", import.meta.url);

/** The schema as the database's catalogs describe it. */
async function describeSchema(): Promise<string> {
  const { pool } = test.database;
  const lines: string[] = [];
  const { rows: tables } = await pool.query<{ name: string; kind: string; oid: number }>(
    `select c.relname as name, c.relkind::text as kind, c.oid::int as oid from pg_class c
      where c.relnamespace = 'public'::regnamespace
        and c.relkind in ('r', 'v', 'p') and not c.relispartition
      order by 1`,
  );
  for (const { name, kind, oid } of tables) {
    lines.push(`${{ r: "table", v: "view", p: "partitioned table" }[kind]} ${name}`);
    const { rows: columns } = await pool.query<{ line: string }>(
      `select a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
              || case when a.attnotnull then ' not null' else '' end
              || coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '') as line
         from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
        where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped order by a.attnum`,
      [oid],
    );
    const { rows: constraints } = await pool.query<{ line: string }>(
      `select pg_get_constraintdef(oid) as line from pg_constraint
        where conrelid = $1 and contype <> 'n'
        order by contype desc, conname`,
      [oid],
    );
    const { rows: indexes } = await pool.query<{ line: string }>(
      `select pg_get_indexdef(indexrelid) as line from pg_index
        where indrelid = $1 and not indisprimary
        order by 1`,
      [oid],
    );
    lines.push(...[...columns, ...constraints, ...indexes].map(({ line }) => `  ${line}`), "");
  }
  const { rows: functions } = await pool.query<{ line: string }>(
    `select 'function ' || p.oid::regprocedure || ' returns ' || pg_get_function_result(p.oid) as line
       from pg_proc p where p.pronamespace = 'public'::regnamespace order by 1`,
  );
  return [...lines, ...functions.map(({ line }) => line), ""].join("\n");
}

describe("the schema", () => {
  it("equals the snapshot, which shows the effect of each migration", async () => {
    const found = await describeSchema();
    if (process.env["UPDATE_SNAPSHOTS"] === "1") writeFileSync(SNAPSHOT, found);
    assert.equal(
      found,
      readFileSync(SNAPSHOT, "utf8"),
      "run UPDATE_SNAPSHOTS=1 npm test -- server/schema.test.ts and look at the difference",
    );
  });

  it("has merchant_id first in the key of each merchant's table, so that it can be sharded", async () => {
    const { rows } = await test.database.pool.query<{ name: string; first: string }>(
      `select c.relname as name, a.attname as first
         from pg_class c
         join pg_attribute m on m.attrelid = c.oid and m.attname = 'merchant_id'
         join pg_index i on i.indrelid = c.oid and i.indisprimary
         join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
        where c.relnamespace = 'public'::regnamespace and not c.relispartition`,
    );
    assert.ok(rows.length > 15);
    // a session is looked up by its token before the merchant is known
    assert.deepEqual(
      rows.filter(({ name, first }) => first !== "merchant_id" && name !== "staff_session"),
      [],
    );
  });

  it("has One Gate's tables and columns by their original names", async () => {
    const columns = async (table: string) =>
      (
        await test.database.pool.query<{ column_name: string }>(
          `select column_name from information_schema.columns
            where table_schema = 'public' and table_name = $1`,
          [table],
        )
      ).rows.map((row) => row.column_name);
    const wanted = {
      users: ["id", "username", "email", "phone", "password", "created_at", "updated_at"],
      authentications: ["token", "user_id", "created_at"],
      accounts: ["id", "user_id", "balance", "currency", "account_status", "created_at", "updated_at"],
      historical_transactions: [
        "id",
        "user_id",
        "account_id",
        "transaction_id",
        "transaction_type",
        "transaction_status",
        "amount",
        "balance_before",
        "balance_after",
        "currency",
        "description",
        "external_reference",
        "payment_method",
        "metadata",
        "is_accessible_external",
        "created_at",
        "updated_at",
      ],
      external_services: [
        "id",
        "company",
        "service_type",
        "contact_email",
        "description",
        "is_active",
        "created_at",
        "updated_at",
      ],
      api_keys: [
        "id",
        "external_service_id",
        "key_name",
        "permissions",
        "rate_limit_count",
        "rate_limit_unit",
        "expires_at",
        "is_active",
        "created_at",
        "updated_at",
      ],
      api_access_logs: [
        "id",
        "external_service_id",
        "api_key_id",
        "endpoint",
        "http_method",
        "ip_address",
        "user_agent",
        "response_status",
        "created_at",
      ],
    };
    for (const [table, names] of Object.entries(wanted)) {
      const found = await columns(table);
      assert.deepEqual(
        names.filter((name) => !found.includes(name)),
        [],
        table,
      );
    }
  });
});

describe("migrations", () => {
  it("run once; a second call applies nothing", async () => {
    assert.equal(await migrate(test.database.pool, readMigrations(MIGRATIONS)), 0);
  });

  it("refuse data of a newer Onegate, and an edited script", async () => {
    const all = readMigrations(MIGRATIONS);
    await assert.rejects(
      migrate(test.database.pool, all.slice(0, -1)),
      (error: unknown) => error instanceof StartFailure && /newer Onegate/.test(error.message),
    );
    const edited = all.map((migration, i) =>
      i === 2 ? { ...migration, checksum: migration.checksum + 1 } : migration,
    );
    await assert.rejects(
      migrate(test.database.pool, edited),
      (error: unknown) => error instanceof StartFailure && /edited/.test(error.message),
    );
  });

  it("leave nothing behind if they fail", async () => {
    const bad = {
      version: 999,
      description: "bad",
      script: "V999__bad.sql",
      sql: "create table half (id int); select nonsense;",
      checksum: 1,
    };
    await assert.rejects(migrate(test.database.pool, [...readMigrations(MIGRATIONS), bad]), /V999__bad\.sql/);
    const { rowCount } = await test.database.pool.query("select 1 from pg_class where relname = 'half'");
    assert.equal(rowCount, 0);
  });

  it("have Flyway's checksum: CRC-32 of the lines without any kind of line ending", () => {
    assert.equal(flywayChecksum("select 1;\nselect 2;\n"), flywayChecksum("\uFEFFselect 1;\r\nselect 2;"));
    // CRC-32 of "123456789" is 0xCBF43926, the check value of the polynomial
    assert.equal(flywayChecksum("123\n456\n789"), 0xcbf43926 | 0);
  });
});
