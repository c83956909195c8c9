import { IDR, newId } from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { consume, migrate, openDatabase, readMigrations, type Database } from "./kernel/index.ts";
import { accountId, createLedger, prove, seal, statement } from "./ledger/index.ts";
import { MIGRATIONS, prepareSchema } from "./schema.ts";
import { openTestDatabase, type TestDatabase } from "./testing/database.ts";
import { until } from "./testing/until.ts";

let test: TestDatabase;
let old: Database;
const merchant = newId();
const [mint, andi, warung] = ["mint", "andi", "warung"].map((code) => accountId(merchant, code)) as [
  string,
  string,
  string,
];

before(async () => {
  test = await openTestDatabase();
  await test.database.pool.query("create database before_upgrade");
  old = openDatabase({ ...test.connection, database: "before_upgrade" }, 4, () => undefined);
});
after(async () => {
  await old.close();
  await test.database.pool.query("drop database before_upgrade with (force)");
  await test.close();
});

/** Posts one transfer the way the program did before transfers and entries became one row. */
async function postAsBefore(id: string, debit: string, credit: string, amount: number): Promise<void> {
  const accounts = [debit, credit].sort();
  const { rows } = await old.pool.query<{ results: string }>(
    `select ledger_post(
       $1, $2::uuid[], array[$3]::uuid[], '{1}', '{payment}',
       array[$4]::int[], array[$5]::int[], '{IDR}', array[$6]::bigint[], '{0}',
       '{NULL}'::uuid[], '{NULL}'::timestamptz[], '{NULL}'::text[], '{NULL}'::jsonb[], '{f}'::boolean[]
     ) as results`,
    [merchant, accounts, id, accounts.indexOf(debit) + 1, accounts.indexOf(credit) + 1, amount],
  );
  assert.equal(rows[0]?.results, "0");
}

describe("an upgrade", () => {
  it("of books with separate entries keeps every transfer, balance, chain and retry", async () => {
    const all = readMigrations(MIGRATIONS);
    await migrate(
      old.pool,
      all.filter(({ version }) => version <= 14),
    );
    await old.pool.query("insert into currency values ('IDR', 2)");
    for (const [code, id, minimum] of [
      ["mint", mint, null],
      ["andi", andi, 0],
      ["warung", warung, 0],
    ] as const) {
      await old.pool.query(
        "insert into ledger_account (merchant_id, account_id, code, kind) values ($1, $2, $3, 'wallet')",
        [merchant, id, code],
      );
      await old.pool.query(
        "insert into ledger_balance (merchant_id, account_id, currency, least) values ($1, $2, 'IDR', $3)",
        [merchant, id, minimum],
      );
    }
    const ids = Array.from({ length: 12 }, () => newId());
    await postAsBefore(ids[0]!, mint, andi, 100_000);
    for (const id of ids.slice(1)) await postAsBefore(id, andi, warung, 100);
    const timeless = "8f14e45f-ceea-867a-9c2b-000000000001";
    await postAsBefore(timeless, andi, warung, 50);

    await prepareSchema(old);
    assert.deepEqual((await prove(old)).breaches, []);
    const page = await statement(old.kysely, merchant, andi, 1n << 60n, 100);
    assert.deepEqual(
      [page.length, page[0]?.balanceAfter, page.at(-1)?.balanceAfter],
      [13, 98_850n, 100_000n],
    );

    const ledger = createLedger(old, { concurrency: 2, queue: 100 });
    const again = (id: string, minor: bigint) =>
      ledger.post(merchant, {
        id,
        kind: "payment",
        debit: andi,
        credit: warung,
        amount: { minor, currency: IDR },
      });
    assert.deepEqual(await again(ids[5]!, 100n), { id: ids[5], posted: "before" });
    assert.deepEqual(await again(timeless, 50n), { id: timeless, posted: "before" });
    assert.deepEqual(await again(ids[5]!, 101n), { refusal: "transfer_differs" });
    const fresh = newId();
    assert.deepEqual(await again(fresh, 1n), { id: fresh, posted: "now" });

    await until(
      () => consume(old, seal).then(async () => (await prove(old)).unsealed),
      (unsealed) => unsealed === 0n,
    );
    const { breaches, sealed } = await prove(old);
    assert.deepEqual([breaches, sealed], [[], 14n]);
  });
});
