import { IDR, isRefusal, money, newId, type Id } from "@onegate/contract";
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { sql } from "kysely";
import {
  createAccessTokens,
  createKnownKeys,
  createRefusals,
  createSecretBox,
  guard,
  insertMerchant,
  insertOutlet,
  insertStaff,
  openSigningKeys,
  outlets,
} from "./identity/index.ts";
import { newToken } from "./identity/secret.ts";
import {
  asMerchant,
  createHttp,
  createLog,
  createMetrics,
  everywhere,
  inTransaction,
  nowhere,
  openDatabase,
  PROGRAM_ROLE,
  readSettings,
  systemClock,
  type Database,
} from "./kernel/index.ts";
import { accountId, CHART, chartOf, createLedger, openAccounts } from "./ledger/index.ts";
import { openTestDatabase, type TestDatabase } from "./testing/database.ts";
import { bearing, openTestSession } from "./testing/session.ts";

const A = newId();
const B = newId();
const NO_RIGHT = (error: unknown) => (error as { code: string }).code === "42501";

/** Tables of the installation or of wallet users, without a merchant. Think twice before adding one. */
const WITHOUT_MERCHANT = [
  "api_access_logs",
  "api_keys",
  "authentications",
  "currency",
  "external_services",
  "flyway_schema_history",
  "ledger_signed_head",
  "outbox_consumer",
  "setup_code",
  "sign_in_try",
  "signing_key",
  "user_session",
  "users",
];

describe("row-level security of every table", () => {
  let test: TestDatabase;
  let program: Database;
  before(async () => {
    test = await openTestDatabase();
    program = openDatabase(test.connection, 2, () => undefined, PROGRAM_ROLE);
  });
  after(async () => {
    await program.close();
    await test.close();
  });

  it("is on for each table with merchants' data; the other tables are listed here", async () => {
    const { rows } = await test.database.pool.query<{ name: string; is_walled: boolean }>(
      `select c.relname as name, c.relrowsecurity as is_walled from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') order by 1`,
    );
    assert.deepEqual(
      rows.filter(({ is_walled: isWalled }) => !isWalled).map(({ name }) => name),
      WITHOUT_MERCHANT,
    );
    const { rows: views } = await test.database.pool.query(
      `select relname from pg_class
        where relnamespace = 'public'::regnamespace and relkind = 'v'
          and not coalesce(reloptions, '{}') @> '{security_invoker=true}'`,
    );
    assert.deepEqual(
      views,
      [],
      "create the view with (security_invoker = true), so that the caller's row-level security applies",
    );
    const { rows: open } = await test.database.pool.query(
      `select p.oid::regprocedure::text as name from pg_proc p
        where p.pronamespace = 'public'::regnamespace and p.prosecdef
          and has_function_privilege('onegate_app', p.oid, 'execute')
        order by 1`,
    );
    assert.deepEqual(
      open.map(({ name }: { name: string }) => name.replace(/\(.*/, "")),
      ["ledger_post", "ledger_prepare_months"],
      "a security definer function bypasses row-level security: " +
        "let it check whose rows it touches, and list it here",
    );
  });

  it("shows one merchant's rows to an unfiltered query, and accepts no other's", async () => {
    const { pool } = test.database;
    // the rows' contents don't matter, so the other constraints are dropped, only in this test's database
    await pool.query(`do $$ declare c record; begin
      for c in select conrelid::regclass as t, conname as n from pg_constraint
                where connamespace = 'public'::regnamespace and coninhcount = 0
                  and contype in ('f', 'c') loop
        execute format('alter table %s drop constraint %I', c.t, c.n); end loop;
      for c in select conrelid::regclass as t, conname as n from pg_constraint
                where connamespace = 'public'::regnamespace and coninhcount = 0 and conparentid = 0
                  and contype in ('p', 'u') loop
        execute format('alter table %s drop constraint if exists %I', c.t, c.n); end loop;
      for c in select a.attrelid::regclass as t, a.attname as n, a.attidentity <> '' as i
                 from pg_attribute a join pg_class r on r.oid = a.attrelid
                where r.relnamespace = 'public'::regnamespace and r.relkind in ('r', 'p')
                  and not r.relispartition and a.attnum > 0 and a.attnotnull loop
        if c.i then execute format('alter table %s alter %I drop identity', c.t, c.n); end if;
        execute format('alter table %s alter %I drop not null', c.t, c.n); end loop;
    end $$`);
    const { rows } = await pool.query<{ name: string }>(
      `select c.relname as name
         from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'merchant_id'
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        order by 1`,
    );
    assert.ok(rows.length > 35);
    const whose = async (table: string) =>
      (
        await program.pool.query<{ merchant_id: Id }>(`select merchant_id from ${table} order by merchant_id`)
      ).rows.map(({ merchant_id: id }) => id);
    /** The number of rows that a statement touched; `undefined` if the program may not run it at all. */
    const touched = async (statement: string) =>
      program.pool.query(statement).then(
        ({ rowCount }) => rowCount,
        (error: unknown) => (NO_RIGHT(error) ? undefined : assert.fail(`${statement}: ${String(error)}`)),
      );
    for (const { name } of rows) {
      await pool.query(`delete from ${name}`);
      await pool.query(`insert into ${name} (merchant_id) values ($1), ($2)`, [A, B]);
      const theirs = [A, B].sort();
      assert.deepEqual(await everywhere(() => whose(name)), theirs, name);
      assert.deepEqual(await asMerchant(A, () => whose(name)), [A], name);
      assert.deepEqual(await nowhere(() => whose(name)), [], name);
      assert.deepEqual(await whose(name), [], `${name}: without a merchant set, a query returns no rows`);
      await asMerchant(A, async () => {
        for (const statement of [
          `update ${name} set merchant_id = '${B}'`,
          `insert into ${name} (merchant_id) values ('${B}')`,
        ])
          await assert.rejects(program.pool.query(statement), NO_RIGHT, statement);
        for (const statement of [
          `update ${name} set merchant_id = merchant_id where merchant_id = '${B}'`,
          `delete from ${name} where merchant_id = '${B}'`,
        ])
          assert.ok([0, undefined].includes((await touched(statement)) ?? undefined), statement);
      });
      await nowhere(async () => {
        await assert.rejects(
          program.pool.query(`insert into ${name} (merchant_id) values ('${A}')`),
          NO_RIGHT,
          name,
        );
        assert.ok([0, undefined].includes((await touched(`delete from ${name}`)) ?? undefined), name);
      });
      assert.deepEqual(
        (
          await pool.query<{ merchant_id: Id }>(`select merchant_id from ${name} order by merchant_id`)
        ).rows.map(({ merchant_id: id }) => id),
        theirs,
        name,
      );
    }
  });

  it("lets every merchant read the default limits and none change them", async () => {
    const nobody = "00000000-0000-0000-0000-000000000000";
    await test.database.pool.query("insert into wallet_limit (merchant_id) values ($1)", [nobody]);
    await asMerchant(A, async () => {
      assert.equal((await program.pool.query("select from wallet_limit")).rowCount, 2);
      assert.equal((await program.pool.query("update wallet_limit set per_day = 1")).rowCount, 1);
      assert.equal(
        (await program.pool.query("delete from wallet_limit where merchant_id = $1", [nobody])).rowCount,
        0,
      );
      await assert.rejects(
        program.pool.query("insert into wallet_limit (merchant_id) values ($1)", [nobody]),
        NO_RIGHT,
      );
    });
  });

  it("is added to a new table when the schema is prepared", async () => {
    const { pool } = test.database;
    await pool.query("create table later (merchant_id uuid not null)");
    await pool.query("insert into later values ($1), ($2)", [A, B]);
    assert.equal(
      (await pool.query<{ raised: number }>("select onegate_raise_wall() as raised")).rows[0]?.raised,
      1,
    );
    assert.equal(
      (await pool.query<{ raised: number }>("select onegate_raise_wall() as raised")).rows[0]?.raised,
      0,
    );
    assert.equal((await asMerchant(A, () => program.pool.query("select from later"))).rowCount, 1);
  });
});

describe("row-level security on two connections", () => {
  let test: TestDatabase;
  let program: Database;
  before(async () => {
    test = await openTestDatabase();
    program = openDatabase(test.connection, 2, () => undefined, PROGRAM_ROLE);
    for (const merchantId of [A, B]) {
      await insertMerchant(test.database.kysely, {
        merchantId,
        name: `Toko ${merchantId}`,
        currency: IDR,
        isDemo: false,
      });
      await insertOutlet(test.database.kysely, {
        merchantId,
        outletId: newId(),
        name: "Pusat",
        address: "Jl. Contoh 1",
        phone: "+62210000000",
        timeZone: "Asia/Jakarta",
        dayBegins: "00:00",
        tax: undefined,
        cashRounding: { unit: 0, direction: "down" },
        receiptCode: "P",
        receiptHeader: "",
        receiptFooter: "",
      });
      await openAccounts(test.database.kysely, merchantId, chartOf(merchantId, IDR, ["tripay"], []));
    }
  });
  after(async () => {
    await program.close();
    await test.close();
  });

  const seen = async () =>
    (await sql<{ merchant_id: Id }>`select merchant_id from outlet`.execute(program.kysely)).rows.map(
      ({ merchant_id: id }) => id,
    );

  it("follows the work, not the connection, in 500 tasks of two merchants with failures", async () => {
    const runTask = async (i: number) => {
      const mine = i % 3 === 0 ? A : B;
      await asMerchant(mine, async () => {
        if (i % 7 === 0) await assert.rejects(program.pool.query("select 1 / 0"));
        if (i % 11 === 0)
          await assert.rejects(inTransaction(program, async (tx) => sql`select nonsense`.execute(tx)));
        if (i % 13 === 0) {
          await assert.rejects(
            inTransaction(program, async (tx) => {
              await sql`set local statement_timeout = 1`.execute(tx);
              await sql`select pg_sleep(1)`.execute(tx);
            }),
            (error: unknown) => (error as { code: string }).code === "57014",
          );
        }
        if (i % 50 === 0)
          await assert.rejects(program.pool.query("select pg_terminate_backend(pg_backend_pid())"));
        if (i % 2 === 0) assert.deepEqual(await seen(), [mine]);
        else
          assert.deepEqual(
            await inTransaction(program, async (tx) =>
              (await sql<{ merchant_id: Id }>`select merchant_id from outlet`.execute(tx)).rows.map(
                ({ merchant_id: id }) => id,
              ),
            ),
            [mine],
          );
      });
    };
    // enough at once that each waits for a connection that another task used
    for (let first = 0; first < 500; first += 25)
      await Promise.all(Array.from({ length: 25 }, (_, i) => runTask(first + i)));
    assert.deepEqual(await seen(), []);
    assert.equal((await everywhere(seen)).length, 2);
  });

  it("applies to postings: a batch runs as its own merchant, whichever caller started it", async () => {
    const ledger = createLedger(program, { concurrency: 1, queue: 1_000 });
    const transfer = (merchantId: Id) =>
      ({
        id: newId(),
        kind: "payment",
        debit: accountId(merchantId, CHART.bank),
        credit: accountId(merchantId, CHART.received),
        amount: money(100n, IDR),
      }) as const;
    const posted = await Promise.all(
      Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? A : B)).map((merchantId) =>
        asMerchant(merchantId, () => ledger.post(merchantId, transfer(merchantId))),
      ),
    );
    assert.deepEqual(posted.filter(isRefusal), []);
    await assert.rejects(
      asMerchant(A, () => ledger.post(B, transfer(B))),
      /another's books/,
    );
    await assert.rejects(
      asMerchant(A, () => inTransaction(program, (tx) => ledger.postIn(tx, B, [transfer(B)]))),
      NO_RIGHT,
    );
    await assert.rejects(
      nowhere(() => inTransaction(program, (tx) => ledger.postIn(tx, B, [transfer(B)]))),
      NO_RIGHT,
    );
    assert.deepEqual(
      (
        await everywhere(() =>
          program.pool.query<{ merchant_id: Id; count: bigint }>(
            "select merchant_id, count(*) as count from ledger_transfer group by 1",
          ),
        )
      ).rows.map(({ count }) => count),
      [50n, 50n],
    );
    assert.equal((await asMerchant(A, () => program.pool.query("select from ledger_entry"))).rowCount, 100);
  });

  it("shows concurrent HTTP requests of two merchants only their own rows", async () => {
    const log = createLog("silent");
    const http = createHttp(log, createMetrics(), readSettings({}));
    const keys = await openSigningKeys(program, createSecretBox(randomBytes(32), undefined));
    guard(http, {
      database: program,
      accessTokens: createAccessTokens(keys, systemClock),
      knownKeys: createKnownKeys(program, "test"),
      refusals: createRefusals(program, log),
    });
    const look = async () => ({ seen: await seen() });
    http.get("/look", { config: { right: "order.read" } }, look);
    http.post("/look", { config: { right: "order.create" }, bodyLimit: 1_048_576 }, look);
    http.post("/everywhere", { config: { right: "till.open" }, bodyLimit: 1_048_576 }, look);
    const url = await http.listen({ port: 0, host: "127.0.0.1" });
    try {
      const tokens = new Map<Id, string>();
      for (const merchantId of [A, B]) {
        const { token, hash } = newToken();
        tokens.set(merchantId, token);
        await inTransaction(test.database, async (tx) => {
          const [outlet] = await outlets(tx, merchantId);
          assert.ok(outlet);
          const staffId = newId();
          const rina = { staffId, name: "Rina", role: "owner" } as const;
          await insertStaff(tx, merchantId, outlet.outletId, rina, "");
          await openTestSession(tx, { merchantId, outletId: outlet.outletId, staffId }, hash);
        });
      }
      const checkOwn = async (merchantId: Id, i: number) => {
        const headers = { ...bearing(tokens.get(merchantId)), "content-type": "application/json" };
        const body = JSON.stringify({ note: "x".repeat(i % 4 === 1 ? 70_000 : 10) });
        const response = await (i % 2 === 0
          ? fetch(`${url}/look`, { headers })
          : fetch(`${url}/look`, { method: "POST", headers, body }));
        assert.deepEqual(await response.json(), { seen: [merchantId] });
      };
      for (let round = 0; round < 10; round++)
        await Promise.all(Array.from({ length: 50 }, (_, i) => checkOwn(i % 3 === 0 ? A : B, i)));
      const response = await fetch(`${url}/everywhere`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "{}",
      });
      assert.equal(((await response.json()) as { seen: Id[] }).seen.length, 2);
    } finally {
      await http.close();
    }
  });
});
