import { IDR, isRefusal, newId, type Id } from "@onegate/contract";
import { sql } from "kysely";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { inTransaction, type Database } from "../kernel/index.ts";
import { accountId, openAccounts, statement, type Balance } from "../ledger/index.ts";
import { openTestDatabase, type TestDatabase } from "../testing/database.ts";
import { readBalance, readDays, readHistory, readStatement } from "./read.ts";
import { selectWithdrawals } from "./store.ts";

const FEW = 120;
const MANY = 40_000;

let test: TestDatabase;
let merchantId: Id;
let few: Id;
let many: Id;
before(async () => {
  test = await openTestDatabase();
  merchantId = newId();
  few = await userWith(FEW, FEW);
  many = await userWith(MANY, MANY / 2);
  await sql`analyze`.execute(test.database.kysely);
});
after(() => test.close());

const codeOf = (userId: Id) => `wallet:${userId}:IDR`;
const accountOf = (userId: Id) => accountId(merchantId, codeOf(userId));

/**
 * A user with `entries` payments received over the last 80 days and `operations` operations that moved no
 * money.
 */
async function userWith(entries: number, operations: number): Promise<Id> {
  const { kysely } = test.database;
  const userId = newId();
  const payer = newId();
  await sql`
    insert into users (id, username, email, phone, password)
    values (${userId}, ${userId}, ${userId}, ${userId.slice(-12)}, '#')`.execute(kysely);
  await openAccounts(kysely, merchantId, [
    { id: accountOf(userId), code: codeOf(userId), kind: "wallet", currency: IDR, userId },
    { id: payer, code: payer, kind: "bank", currency: IDR },
  ]);
  await sql`
    insert into ledger_transfer (merchant_id, transfer_id, debit_account_id, credit_account_id, amount,
           debit_version, debit_after, credit_version, credit_after, posted_at, currency, kind)
    select ${merchantId}, uuidv7(at - now()), ${payer}, ${accountOf(userId)}, 100, n, -100 * n, n, 100 * n,
           at, 'IDR', case when n % 500 = 1 then 'topup' else 'payment' end
      from (select n,
                   date_trunc('milliseconds', now() - make_interval(
                     secs => 80 * 86400.0 * (${entries}::int - n) / ${entries}::int)) as at
              from generate_series(1, ${entries}::int) as n) x`.execute(kysely);
  await sql`
    update ledger_balance
       set version = ${entries},
           posted = case account_id when ${payer} then -100 else 100 end * ${entries}::bigint
     where merchant_id = ${merchantId} and account_id in (${payer}, ${accountOf(userId)})`.execute(kysely);
  await sql`
    insert into wallet_operation (merchant_id, operation_id, user_id, account_id, kind, state, step, currency,
           amount, balance_seen, created_at)
    select ${merchantId}, uuidv7(at - now()), ${userId}, ${accountOf(userId)},
           case n % 2 when 0 then 'TOPUP' else 'WITHDRAWAL' end,
           case n % 2 when 0 then 'FAILED' else 'PENDING' end,
           case n % 2 when 0 then 'expired' else 'requested' end, 'IDR', 100, 0, at
      from (select n,
                   now() - make_interval(
                     secs => 80 * 86400.0 * (${operations}::int - n) / ${operations}::int) as at
              from generate_series(1, ${operations}::int) as n) x`.execute(kysely);
  return userId;
}

/**
 * How many rows the database read for `work`, with a custom plan (values known) or a generic plan (values
 * unknown).
 */
async function rowsRead(
  work: (database: Database) => Promise<unknown>,
  plans: "force_custom_plan" | "force_generic_plan",
): Promise<number> {
  return inTransaction(test.database, async (tx) => {
    await sql`set local plan_cache_mode = ${sql.raw(plans)}`.execute(tx);
    // this view counts each partition as a table, and may include what the connection read before
    const counted = async () => {
      const { rows } = await sql<{ read: bigint }>`
        select sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint as read
          from pg_stat_xact_user_tables`.execute(tx);
      return Number(rows[0]?.read ?? 0n);
    };
    const begun = await counted();
    const answer = await work({ ...test.database, kysely: tx });
    assert.ok(!isRefusal(answer));
    return (await counted()) - begun;
  });
}

const at = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
const cursorOf = (days: number, userId: Id) =>
  Buffer.from(`${at(days).replace("Z", "000Z")} ${userId} 0`).toString("base64url");

const reads: Record<string, (database: Database, userId: Id) => Promise<unknown>> = {
  "the first page of a history": (database, userId) => readHistory({ database }, { merchantId, userId }, {}),
  "a page from the middle of a history": (database, userId) =>
    readHistory({ database }, { merchantId, userId }, { cursor: cursorOf(40, userId) }),
  "the first page of a statement": (database, userId) =>
    readStatement({ database }, { merchantId, userId }, { account_id: accountOf(userId) }),
  "a page from the middle of a statement": (database, userId) =>
    readStatement({ database }, { merchantId, userId }, { account_id: accountOf(userId), cursor: "60" }),
  "a balance of the past": (database, userId) =>
    readBalance({ database }, { merchantId, userId }, { account_id: accountOf(userId), at: at(40) }),
  "pending withdrawals": (database) => selectWithdrawals(database.kysely, merchantId, 50),
};

describe("what a user reads", () => {
  for (const [what, read] of Object.entries(reads)) {
    for (const plans of ["force_custom_plan", "force_generic_plan"] as const) {
      it(`${what} costs the same with ${FEW} entries and with ${MANY}: ${plans}`, async () => {
        const [little, much] = [
          await rowsRead((database) => read(database, few), plans),
          await rowsRead((database) => read(database, many), plans),
        ];
        // a binary search takes a few more steps; a scan would exceed this limit
        assert.ok(much <= little + 200, `${little} rows for ${FEW}, ${much} for ${MANY}`);
      });
    }
  }

  it("a filtered page scans at most a thousand rows, and its cursor says where it stopped", async () => {
    const filter = { type: "REFUND" };
    const filtered = await rowsRead(
      (database) => readHistory({ database }, { merchantId, userId: many }, filter),
      "force_custom_plan",
    );
    assert.ok(filtered < 4_500, `${filtered} rows`);
    let pages = 0;
    let topups = 0;
    let cursor: string | undefined;
    do {
      const page = await readHistory(
        test,
        { merchantId, userId: many },
        { type: "TOPUP", status: "SUCCESS", limit: "100", ...(cursor === undefined ? {} : { cursor }) },
      );
      assert.ok(!isRefusal(page));
      pages += 1;
      topups += page.transactions.length;
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    assert.deepEqual([topups, pages], [MANY / 500, MANY / 1_000 + 1], "each row is returned once");
  });

  it("the pages together hold each row of the view once, newest first", async () => {
    const { rows } = await sql<{
      transaction_id: string;
    }>`select transaction_id from historical_transactions where user_id = ${few}`.execute(
      test.database.kysely,
    );
    for (const limit of ["1", "7", "100"]) {
      const seen: Array<{ transaction_id: string; created_at: string }> = [];
      let cursor: string | undefined;
      do {
        const page = await readHistory(
          test,
          { merchantId, userId: few },
          { limit, ...(cursor === undefined ? {} : { cursor }) },
        );
        assert.ok(!isRefusal(page));
        seen.push(...page.transactions);
        cursor = page.next_cursor ?? undefined;
      } while (cursor !== undefined);
      assert.equal(seen.length, 2 * FEW);
      assert.deepEqual(
        seen.map((one) => one.transaction_id).toSorted(),
        rows.map((one) => one.transaction_id).toSorted(),
      );
      assert.ok(
        seen.every((one, index) => index === 0 || one.created_at <= seen[index - 1]!.created_at),
        "newest first",
      );
    }
  });

  it("no entries of the same moment are lost at the end of a page", async () => {
    const userId = await userWith(30, 0);
    const other = accountId(merchantId, `${codeOf(userId)}:2`);
    await openAccounts(test.database.kysely, merchantId, [
      { id: other, code: `${codeOf(userId)}:2`, kind: "wallet", currency: IDR, userId },
    ]);
    await sql`
      insert into ledger_transfer (merchant_id, transfer_id, debit_account_id, credit_account_id, amount,
             debit_version, debit_after, credit_version, credit_after, posted_at, currency, kind)
      select ${merchantId}, uuidv7(), ${newId()}, ${other}, 100, n, -100 * n, n, 100 * n, now(), 'IDR',
             'payment'
        from generate_series(1, 20) as n`.execute(test.database.kysely);
    await sql`update ledger_balance set version = 20 where account_id = ${other}`.execute(
      test.database.kysely,
    );
    await sql`
      update ledger_transfer
         set posted_at = '2026-05-01T10:00:00Z'
       where credit_account_id in (${accountOf(userId)}, ${other})`.execute(test.database.kysely);
    const seen = new Set<string>();
    let cursor: string | undefined;
    do {
      const page = await readHistory(
        test,
        { merchantId, userId },
        { limit: "3", ...(cursor === undefined ? {} : { cursor }) },
      );
      assert.ok(!isRefusal(page));
      for (const { transaction_id: id } of page.transactions) seen.add(id);
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    assert.equal(seen.size, 50);
  });

  it("reading days reads only their own entries; a range of too many entries is refused", async () => {
    // a day in the time zone of Jakarta
    const day = (days: number) => at(days - 7 / 24).slice(0, 10);
    const named = { account_id: accountOf(many), from: day(41), to: day(40) };
    const days = await rowsRead(
      (database) => readDays({ database }, { merchantId, userId: many }, named),
      "force_custom_plan",
    );
    assert.ok(days < 3 * (MANY / 80) + 300, `${days} rows`);
    const tooMany = await readDays(
      test,
      { merchantId, userId: many },
      { ...named, from: day(80), to: day(0) },
    );
    assert.ok(isRefusal(tooMany) && tooMany.refusal === "range_too_large", JSON.stringify(tooMany));
    const year = await readDays(
      test,
      { merchantId, userId: few },
      { account_id: accountOf(few), from: day(300), to: day(0) },
    );
    assert.ok(!isRefusal(year));
    assert.deepEqual(
      [year.days.length, year.days[0]?.opening, year.days.at(-1)?.closing],
      [301, "0.00", `${FEW}.00`],
    );
  });

  it("a statement shows the ledger's entries", async () => {
    const entries = await statement(test.database.kysely, merchantId, accountOf(many), 40_001n, 3);
    assert.deepEqual(
      entries.map(({ version, kind, amount, balanceAfter }) => [version, kind, amount, balanceAfter]),
      [
        [40_000n, "payment", 100n, 4_000_000n],
        [39_999n, "payment", 100n, 3_999_900n],
        [39_998n, "payment", 100n, 3_999_800n],
      ],
    );
    const { rows } = await sql<
      Pick<Balance, "posted">
    >`select posted from ledger_balance where account_id = ${accountOf(many)}`.execute(test.database.kysely);
    assert.equal(rows[0]?.posted, 4_000_000n);
  });
});
