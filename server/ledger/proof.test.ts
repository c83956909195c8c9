import { newId } from "@onegate/contract";
import { sql } from "kysely";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, describe, it } from "node:test";
import { consume, everywhere, openDatabase, PROGRAM_ROLE } from "../kernel/index.ts";
import { openTestDatabase, type TestDatabase } from "../testing/database.ts";
import { openBooks, type TestBooks } from "../testing/ledger.ts";
import { until } from "../testing/until.ts";
import { checkHeads, prove, readSealKey, rememberProof, seal, signHeads } from "./index.ts";

const opened: TestDatabase[] = [];
let test: TestDatabase;
let books: TestBooks;
/** Transfers of 1.00 to 9.00 from andi to warung, in this order. */
let ids: string[];

beforeEach(async () => {
  test = await openTestDatabase();
  opened.push(test);
  books = await openBooks(test.database);
  for (const code of ["andi", "warung"]) await books.open(code);
  await books.fund("andi", "100.00");
  ids = Array.from({ length: 9 }, () => newId());
  for (const [i, id] of ids.entries())
    await books.ledger.post(books.merchantId, books.transfer("andi", "warung", `${i + 1}.00`, id));
  await sealAll(10);
});
after(async () => Promise.all(opened.map((database) => database.close())));

async function sealAll(transfers: number): Promise<void> {
  await until(
    async () => {
      await consume(test.database, seal);
      return (await prove(test.database)).sealed;
    },
    (sealed) => sealed === BigInt(transfers),
  );
}

/** The broken rules, each with its subject. */
const broken = async (mode: "all" | "new" = "all") =>
  (await prove(test.database, mode)).breaches.map(({ rule, subject }) => [rule, subject]);

describe("the proof", () => {
  it("finds nothing where nothing is wrong, and reports what it checked", async () => {
    assert.deepEqual(await prove(test.database), {
      breaches: [],
      accounts: 3,
      entries: 20n,
      sealed: 10n,
      unsealed: 0n,
    });
    await books.ledger.post(books.merchantId, books.transfer("andi", "warung", "1.00"));
    const { breaches, unsealed } = await prove(test.database);
    assert.deepEqual([breaches, unsealed], [[], 1n]);
  });

  it("names a row whose text was edited, though all sums are right", async () => {
    await sql`update ledger_transfer set reference = 'INV-0' where transfer_id = ${ids[4]}`.execute(
      test.database.kysely,
    );
    assert.deepEqual(await broken(), [["row is as it was sealed", ids[4]]]);
  });

  it("names a row whose time was edited by a microsecond", async () => {
    await sql`
      update ledger_transfer set posted_at = posted_at + interval '1 microsecond'
       where transfer_id = ${ids[0]}`.execute(test.database.kysely);
    assert.deepEqual(await broken(), [["row is as it was sealed", ids[0]]]);
  });

  it("names an edited amount by its seal and by both chains of balances", async () => {
    await sql`update ledger_transfer set amount = amount + 100 where transfer_id = ${ids[4]}`.execute(
      test.database.kysely,
    );
    const found = await broken();
    assert.deepEqual(
      found.filter(([rule]) => rule === "row is as it was sealed"),
      [["row is as it was sealed", ids[4]]],
    );
    assert.deepEqual(
      found.filter(([rule]) => rule === "chain of balances"),
      [
        ["chain of balances", ids[4]],
        ["chain of balances", ids[4]],
      ],
    );
    assert.equal(found.filter(([rule]) => rule === "balance equals its entries").length, 2);
  });

  it("names two balances that were swapped within a chain, though no sum changed", async () => {
    await sql`
      update ledger_transfer
         set debit_after = case transfer_id when ${ids[2]}::uuid then debit_after + 1 else debit_after - 1 end
       where transfer_id in (${ids[2]}, ${ids[3]})`.execute(test.database.kysely);
    assert.ok((await broken()).some(([rule, subject]) => rule === "chain of balances" && subject === ids[2]));
  });

  it("names a row that is gone, and one that was never announced", async () => {
    await sql`delete from ledger_transfer where transfer_id = ${ids[8]}`.execute(test.database.kysely);
    assert.ok(
      (await broken()).some(([rule, subject]) => rule === "row is as it was sealed" && subject === ids[8]),
    );
    const stranger = newId();
    await sql`
      insert into ledger_transfer
      select (r).*
        from (select jsonb_populate_record(null::ledger_transfer,
                       to_jsonb(t) || jsonb_build_object('transfer_id', ${stranger}::text)) as r
                from ledger_transfer t where transfer_id = ${ids[7]}) x`.execute(test.database.kysely);
    assert.ok(
      (await broken()).some(
        ([rule, subject]) => rule === "every transfer was announced" && subject === stranger,
      ),
    );
  });

  it("notices a balance, a hold or a floor that no entry explains", async () => {
    await sql`update ledger_balance set posted = posted + 1 where account_id = ${books.id("andi")}`.execute(
      test.database.kysely,
    );
    assert.deepEqual(
      (await broken()).map(([rule]) => rule),
      ["sum of balances is zero", "balance equals its entries"],
    );
    await sql`
      update ledger_balance set posted = posted - 1, held = 100000
       where account_id = ${books.id("andi")}`.execute(test.database.kysely);
    assert.deepEqual(
      (await broken()).map(([rule]) => rule),
      ["held equals open holds", "floor is kept"],
    );
  });

  it("of what is new begins where the last proof ended, and still checks every balance", async () => {
    await rememberProof(test.database.kysely);
    await sql`update ledger_proof set proven_at = now()`.execute(test.database.kysely);
    assert.equal((await prove(test.database, "new")).entries, 0n);
    const id = newId();
    await books.ledger.post(books.merchantId, books.transfer("andi", "warung", "1.00", id));
    await sealAll(11);
    const { breaches, entries } = await prove(test.database, "new");
    assert.deepEqual([breaches, entries], [[], 2n]);
    await sql`update ledger_transfer set kind = 'gift' where transfer_id in (${id}, ${ids[0]})`.execute(
      test.database.kysely,
    );
    assert.deepEqual(
      await broken("new"),
      [["row is as it was sealed", id]],
      "an older row is found by the full proof only",
    );
    assert.equal((await broken()).length, 2);
  });
});

describe("the chain of seals", () => {
  it("is broken by a block whose leaf was forged", async () => {
    await books.ledger.post(books.merchantId, books.transfer("andi", "warung", "1.00"));
    await sealAll(11);
    await sql`update ledger_block set leaves[1] = sha256('forged') where block = 1`.execute(
      test.database.kysely,
    );
    assert.ok((await broken()).some(([rule]) => rule === "chain of seals"));
  });

  it("no longer contains the signed heads after it was rebuilt from end to end", async () => {
    const folder = mkdtempSync(join(tmpdir(), "onegate-seal-"));
    try {
      const key = readSealKey(join(folder, "seal.pem"));
      const signed = await signHeads(test.database.kysely, key);
      assert.deepEqual(await checkHeads(test.database.kysely, signed), []);
      assert.deepEqual(
        await signHeads(test.database.kysely, readSealKey(join(folder, "seal.pem"))),
        signed,
        "a day is signed once",
      );
      assert.deepEqual(
        await checkHeads(test.database.kysely, {
          ...signed,
          statement: signed.statement.replace(/"block":[0-9]+/, '"block":99'),
        }),
        ["the signature does not fit the statement"],
      );

      // an owner of the database edits a row and seals everything again
      await sql`update ledger_transfer set reference = 'INV-0' where transfer_id = ${ids[0]}`.execute(
        test.database.kysely,
      );
      await sql`delete from ledger_block`.execute(test.database.kysely);
      await sql`delete from outbox_consumer`.execute(test.database.kysely);
      await sealAll(10);
      assert.deepEqual(await broken(), [], "the database alone shows nothing wrong");
      const wrong = await checkHeads(test.database.kysely, signed);
      assert.equal(wrong.length, 1);
      assert.match(wrong[0]!, new RegExp(`merchant ${books.merchantId}, block [0-9]+: signed`));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("an analyst's role", () => {
  it("reads, and can't post through functions that run with their owner's rights", async () => {
    await test.database.pool.query(
      `drop role if exists onegate_analyst_of_a_test;
       create role onegate_analyst_of_a_test;
       grant select on all tables in schema public to onegate_analyst_of_a_test`,
    );
    const client = await test.database.pool.connect();
    try {
      await client.query("set role onegate_analyst_of_a_test");
      assert.equal((await client.query("select from ledger_entry")).rowCount, 20);
      for (const call of ["select ledger_prepare_months(1)", "select revoke_ledger_rights()"])
        await assert.rejects(
          client.query(call),
          (error: unknown) => (error as { code: string }).code === "42501",
          call,
        );
      const { rows } = await client.query<{ may: boolean }>(
        `select bool_or(has_function_privilege(oid, 'execute')) as may
           from pg_proc where proname = 'ledger_post'`,
      );
      assert.equal(rows[0]?.may, false);
    } finally {
      await client.query(
        "reset role; drop owned by onegate_analyst_of_a_test; drop role onegate_analyst_of_a_test",
      );
      client.release();
    }
  });
});

describe("the program's own role", () => {
  it("can't change or delete what was posted, move a balance or rebuild the seals", async () => {
    const program = openDatabase(test.connection, 2, () => undefined, PROGRAM_ROLE);
    try {
      await everywhere(async () => {
        const partition = (
          await program.pool.query<{ name: string }>(
            "select tableoid::regclass::text as name from ledger_transfer limit 1",
          )
        ).rows[0]?.name;
        assert.match(partition ?? "", /^ledger_transfer_[0-9]{4}_[0-9]{2}$/);
        for (const statement of [
          "update ledger_transfer set amount = 1",
          "delete from ledger_transfer",
          "truncate ledger_transfer",
          `update ${partition} set amount = 1`,
          `delete from ${partition}`,
          "insert into ledger_transfer select * from ledger_transfer",
          "update ledger_balance set posted = 0",
          "update ledger_balance set least = null",
          "delete from ledger_balance",
          `insert into ledger_balance (merchant_id, account_id, currency, posted)
           select merchant_id, account_id, currency, 1 from ledger_balance`,
          "update ledger_hold set state = 'released'",
          "update ledger_block set head = ''",
          "delete from ledger_block",
          "delete from ledger_signed_head",
          "update flyway_schema_history set checksum = 0",
          "alter table ledger_transfer disable trigger all",
          "drop table ledger_transfer",
        ]) {
          await assert.rejects(
            program.pool.query(statement),
            (error: unknown) => (error as { code: string }).code === "42501",
            statement,
          );
        }
        await program.pool.query("update ledger_balance set status = 'SUSPENDED' where account_id = $1", [
          books.id("andi"),
        ]);
      });
    } finally {
      await program.close();
    }
  });
});
