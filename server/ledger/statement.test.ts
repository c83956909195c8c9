import {
  checkedToCurrency,
  isRefusal,
  money,
  newId,
  uuidv7,
  type Currency,
  type Id,
} from "@onegate/contract";
import { sql } from "kysely";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { consume } from "../kernel/index.ts";
import { openTestDatabase, type TestDatabase } from "../testing/database.ts";
import { openBooks, word, type TestBooks } from "../testing/ledger.ts";
import { balanceAt, dayBalances, dayVersions, seal, statement, type DayRange } from "./index.ts";

let test: TestDatabase;
before(async () => {
  test = await openTestDatabase();
});
after(() => test.close());

/** Posts transfers of 1.00 from andi to warung and then sets their times, as the database's owner can. */
async function history(moments: readonly string[]): Promise<TestBooks> {
  const books = await openBooks(test.database);
  for (const code of ["andi", "warung"]) await books.open(code);
  await books.fund("andi", "100.00");
  await sql`
    update ledger_transfer set posted_at = '2026-01-01 00:00Z'
     where merchant_id = ${books.merchantId}`.execute(test.database.kysely);
  for (const at of moments) {
    const id = newId();
    await books.ledger.post(books.merchantId, books.transfer("andi", "warung", "1.00", id));
    await sql`update ledger_transfer set posted_at = ${at} where transfer_id = ${id}`.execute(
      test.database.kysely,
    );
  }
  return books;
}

async function daysOf({ merchantId, id }: TestBooks, range: DayRange) {
  const { kysely } = test.database;
  return dayBalances(
    kysely,
    merchantId,
    id("andi"),
    range,
    await dayVersions(kysely, merchantId, id("andi"), range),
  );
}

describe("an account's history", () => {
  it("gives the balance at any moment, to the microsecond", async () => {
    const books = await history(["2026-03-01T10:00:00Z", "2026-03-01T10:00:00Z", "2026-03-02T10:00:00Z"]);
    const at = (moment: string) =>
      balanceAt(test.database.kysely, books.merchantId, books.id("andi"), new Date(moment));
    assert.deepEqual(
      await Promise.all(
        [
          "2025-12-31T23:59:59Z",
          "2026-01-01T00:00:00Z",
          "2026-03-01T09:59:59.999Z",
          "2026-03-01T10:00:00Z",
          "2026-03-02T09:00:00Z",
          "2030-01-01T00:00:00Z",
        ].map(at),
      ),
      [0n, 10_000n, 10_000n, 9_800n, 9_800n, 9_700n],
    );
    assert.equal(
      await balanceAt(test.database.kysely, books.merchantId, newId(), new Date()),
      0n,
      "an unknown account has a balance of zero",
    );
  });

  it("has days with opening and closing balances, cut at the outlet's midnight", async () => {
    // 17:30 in London is half past midnight of the next day in Jakarta
    const books = await history(["2026-03-01T10:00:00Z", "2026-03-01T17:30:00Z", "2026-03-03T01:00:00Z"]);
    const days = await daysOf(books, { from: "2026-02-28", to: "2026-03-03", timeZone: "Asia/Jakarta" });
    assert.deepEqual(
      days.map(({ day, opening, debits, credits, closing }) => [day, opening, debits, credits, closing]),
      [
        ["2026-02-28", 10_000n, 0n, 0n, 10_000n],
        ["2026-03-01", 10_000n, 100n, 0n, 9_900n],
        ["2026-03-02", 9_900n, 100n, 0n, 9_800n],
        ["2026-03-03", 9_800n, 100n, 0n, 9_700n],
      ],
    );
    const [, , second] = await daysOf(books, { from: "2026-02-28", to: "2026-03-03", timeZone: "UTC" });
    assert.deepEqual([second?.opening, second?.closing], [9_800n, 9_800n]);
  });

  it("is read page by page, and new entries shift no page", async () => {
    const books = await history([]);
    for (let i = 0; i < 7; i++)
      await books.ledger.post(books.merchantId, books.transfer("andi", "warung", "1.00"));
    const read = (before: bigint) =>
      statement(test.database.kysely, books.merchantId, books.id("andi"), before, 3);
    const first = await read(1n << 60n);
    await books.ledger.post(books.merchantId, books.transfer("andi", "warung", "1.00"));
    const second = await read(first.at(-1)!.version);
    const third = await read(second.at(-1)!.version);
    assert.deepEqual(
      [...first, ...second, ...third].map(({ version }) => Number(version)),
      [8, 7, 6, 5, 4, 3, 2, 1],
    );
  });
});

describe("currencies", () => {
  it("of zero, two, three and four decimals stay apart and exact in one batch", async () => {
    const books = await openBooks(test.database);
    const batch = await Promise.all(
      (["JPY", "USD", "BHD", "CLF"] as const).map(async (code) => {
        const currency = checkedToCurrency(code) as Currency;
        await books.open(`mint ${code}`, "bank", currency);
        await books.open(`wallet ${code}`, "wallet", currency);
        return {
          id: newId(),
          kind: "payment",
          debit: books.id(`mint ${code}`),
          credit: books.id(`wallet ${code}`),
          amount: money(900_000_000_000_000_001n, currency),
        };
      }),
    );
    assert.deepEqual((await books.ledger.postMany(books.merchantId, batch)).map(word), [
      "now",
      "now",
      "now",
      "now",
    ]);
    const wrong = { ...batch[0]!, id: newId(), amount: money(1n, checkedToCurrency("USD") as Currency) };
    assert.equal(word(await books.ledger.post(books.merchantId, wrong)), "currency_differs");
    for (const code of ["JPY", "USD", "BHD", "CLF"])
      assert.equal(await books.balance(`wallet ${code}`), "9000000000000000.01");
    await books.assertHold();
  });
});

describe("months", () => {
  const partitionOf = async (id: Id) =>
    (
      await sql<{ name: string }>`
        select tableoid::regclass::text as name from ledger_transfer
         where transfer_id = ${id}`.execute(test.database.kysely)
    ).rows[0]?.name;
  const at = (moment: string) => uuidv7(Date.parse(moment), crypto.getRandomValues(new Uint8Array(10)));

  it("hold the transfers whose ids were made in them, and a later retry finds its transfer", async () => {
    const books = await openBooks(test.database);
    for (const code of ["andi", "warung"]) await books.open(code);
    await books.fund("andi", "100.00");
    const now = newId();
    const ids = [
      now,
      at("2019-05-05T00:00:00Z"),
      at("2061-01-01T00:00:00Z"),
      crypto.randomUUID(),
      "ffffffff-0000-4000-8000-000000000000",
    ];
    for (const id of ids) {
      assert.equal(
        word(await books.ledger.post(books.merchantId, books.transfer("andi", "warung", "1.00", id))),
        "now",
      );
      assert.equal(
        word(await books.ledger.post(books.merchantId, books.transfer("andi", "warung", "1.00", id))),
        "before",
      );
      assert.equal(
        word(await books.ledger.post(books.merchantId, books.transfer("andi", "warung", "2.00", id))),
        "transfer_differs",
      );
    }
    assert.match((await partitionOf(now)) ?? "", /^ledger_transfer_[0-9]{4}_[0-9]{2}$/);
    assert.deepEqual(
      [await partitionOf(ids[1]!), await partitionOf(ids[2]!), await partitionOf(ids[4]!)],
      ["ledger_transfer_before", "ledger_transfer_rest", "ledger_transfer_timeless"],
    );
    assert.equal(await books.balance("warung"), "5.00");
    await books.assertHold();
  });

  it("are created ahead of time; transfers that came earlier move into them with their seals", async () => {
    const books = await openBooks(test.database);
    for (const code of ["andi", "warung"]) await books.open(code);
    await books.fund("andi", "100.00");
    const now = new Date();
    const future = at(new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 6, 15)).toISOString());
    assert.equal(
      word(await books.ledger.post(books.merchantId, books.transfer("andi", "warung", "1.00", future))),
      "now",
    );
    await consume(test.database, seal);
    assert.equal(await partitionOf(future), "ledger_transfer_rest");
    const made = await test.database.pool.query<{ made: number }>("select ledger_prepare_months(7) as made");
    assert.equal(made.rows[0]?.made, 4, "three months existed already");
    assert.match((await partitionOf(future)) ?? "", /^ledger_transfer_20[0-9]{2}_[0-9]{2}$/);
    assert.equal(
      word(await books.ledger.post(books.merchantId, books.transfer("andi", "warung", "1.00", future))),
      "before",
    );
    assert.equal(
      (await test.database.pool.query<{ made: number }>("select ledger_prepare_months(7) as made")).rows[0]
        ?.made,
      0,
    );
    await books.assertHold();
    assert.ok(
      !isRefusal(await books.ledger.post(books.merchantId, books.transfer("andi", "warung", "1.00"))),
    );
  });
});
