import { isRefusal, newId, type Id } from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { inTransaction } from "../kernel/index.ts";
import { openTestDatabase, type TestDatabase } from "../testing/database.ts";
import { openBooks, rupiah, word, type TestBooks } from "../testing/ledger.ts";

let test: TestDatabase;
before(async () => {
  test = await openTestDatabase(24);
});
// fails when transactions deadlocked
after(() => test.close());

async function openShop(
  codes: readonly string[] = ["drawer", "received", "sales", "tax"],
): Promise<TestBooks> {
  const books = await openBooks(test.database, { concurrency: 4 });
  for (const code of codes) await books.open(code, "bank");
  return books;
}

/**
 * The state of a small, quiet shop's table after the first autovacuum: its statistics make the planner scan
 * it from end to end.
 */
const analyze = () => test.database.pool.query("analyze ledger_balance");

describe("balances are locked in the order of their keys", () => {
  it("by batches over a small analysed table, which is scanned in physical order", async () => {
    const codes = Array.from({ length: 16 }, (_, index) => `account ${index}`);
    const books = await openShop(codes);
    // rows are stored in another order than that of their keys
    for (const code of codes.toReversed())
      await books.ledger.post(books.merchantId, books.transfer("mint", code, "1.00"));
    await analyze();
    const other = await openBooks(test.database);
    const ledgers = [books.ledger, other.ledger];
    const accountAt = (index: number) => codes[index % codes.length] ?? "";
    const results = await Promise.all(
      Array.from({ length: 40 }, (_, caller) =>
        (async () => {
          for (let round = 0; round < 20; round++) {
            const [from, to] = [accountAt(caller + round), accountAt(caller * 5 + round * 3 + 1)];
            if (from === to) continue;
            const both = [
              books.transfer(from, to, "1.00"),
              books.transfer(to, accountAt(caller + round + 7), "1.00"),
            ];
            const linked = both.filter(({ debit, credit }) => debit !== credit);
            const posted = await ledgers[caller % 2]!.postLinked(books.merchantId, linked);
            assert.ok(!isRefusal(posted), JSON.stringify(posted));
          }
        })(),
      ),
    );
    assert.equal(results.length, 40);
    await books.assertHold();
  });

  it("by transactions that stage several postings in any order", async () => {
    const books = await openShop();
    await analyze();
    const stage = (tx: Parameters<TestBooks["ledger"]["stageIn"]>[0], from: string, to: string) =>
      books.ledger.stageIn(tx, books.merchantId, [books.transfer(from, to, "1.00")]);
    const sale = () =>
      inTransaction(test.database, async (tx) => {
        stage(tx, "drawer", "received");
        stage(tx, "received", "sales");
        stage(tx, "received", "tax");
      });
    const refund = () =>
      inTransaction(test.database, async (tx) => {
        stage(tx, "tax", "received");
        stage(tx, "sales", "received");
        stage(tx, "received", "drawer");
      });
    const caller = async (index: number) => {
      for (let round = 0; round < 25; round++) await (index % 3 === 0 ? refund() : sale());
    };
    await Promise.all(Array.from({ length: 12 }, (_, index) => caller(index)));
    assert.equal(await books.balance("drawer"), "-100.00");
    await books.assertHold();
  });
});

describe("a transaction posts once", () => {
  it("staged transfers are posted together with the commit", async () => {
    const books = await openShop();
    await inTransaction(test.database, async (tx) => {
      books.ledger.stageIn(tx, books.merchantId, [books.transfer("drawer", "received", "50.00")]);
      books.ledger.stageIn(tx, books.merchantId, [books.transfer("received", "sales", "50.00")]);
      assert.equal(await books.balance("received"), "0.00");
    });
    assert.deepEqual(await books.page("received"), ["+50.00 = 50.00", "-50.00 = 0.00"]);
  });

  it("a transfer staged twice is posted once, and other content under its id is a bug", async () => {
    const books = await openShop();
    const transfer = books.transfer("drawer", "received", "50.00");
    const stageBoth = (second: typeof transfer) =>
      inTransaction(test.database, async (tx) => {
        books.ledger.stageIn(tx, books.merchantId, [transfer]);
        books.ledger.stageIn(tx, books.merchantId, [second]);
      });
    await assert.rejects(stageBoth({ ...transfer, amount: rupiah("51.00") }), /share the id/);
    await stageBoth(transfer);
    assert.equal(await books.balance("received"), "50.00");
  });

  it("a rolled back transaction posts nothing that it staged", async () => {
    const books = await openShop();
    await assert.rejects(
      inTransaction(test.database, async (tx) => {
        books.ledger.stageIn(tx, books.merchantId, [books.transfer("drawer", "received", "50.00")]);
        throw new Error("given up");
      }),
      /given up/,
    );
    assert.equal(await books.balance("received"), "0.00");
  });

  it("a refused staged transfer rolls everything back", async () => {
    const books = await openShop();
    await books.open("andi");
    const spend = inTransaction(test.database, async (tx) => {
      books.ledger.stageIn(tx, books.merchantId, [books.transfer("drawer", "received", "5.00")]);
      books.ledger.stageIn(tx, books.merchantId, [books.transfer("andi", "received", "5.00")]);
    });
    await assert.rejects(spend, /insufficient_funds/);
    assert.equal(await books.balance("received"), "0.00");
  });

  it("a posting that needs its answer includes what was staged, and both are refused together", async () => {
    const books = await openShop();
    await books.open("andi");
    await books.fund("andi", "10.00");
    const pay = (amount: string) =>
      inTransaction(test.database, async (tx) => {
        books.ledger.stageIn(tx, books.merchantId, [books.transfer("received", "sales", amount)]);
        const posted = await books.ledger.postIn(tx, books.merchantId, [
          books.transfer("andi", "received", amount),
        ]);
        if (isRefusal(posted)) throw new Error(word(posted));
        return posted.length;
      });
    await assert.rejects(pay("10.01"), /insufficient_funds/);
    assert.equal(await books.balance("sales"), "0.00");
    assert.equal(await pay("10.00"), 1);
    assert.deepEqual([await books.balance("sales"), await books.balance("andi")], ["10.00", "0.00"]);
  });

  it("a transaction that commits although its posting was refused is a bug", async () => {
    const books = await openShop();
    await books.open("andi");
    const ignore = inTransaction(test.database, async (tx) => {
      books.ledger.stageIn(tx, books.merchantId, [books.transfer("received", "sales", "1.00")]);
      await books.ledger.postIn(tx, books.merchantId, [books.transfer("andi", "received", "1.00")]);
    });
    await assert.rejects(ignore, /although the ledger refused/);
  });

  it("a second posting to balances that are not locked is a bug", async () => {
    const books = await openShop();
    const postTwice = (...codes: Array<[string, string]>) =>
      inTransaction(test.database, async (tx) => {
        for (const [from, to] of codes) {
          await books.ledger.postIn(tx, books.merchantId, [books.transfer(from, to, "1.00")]);
        }
      });
    await assert.rejects(postTwice(["drawer", "received"], ["received", "sales"]), /posts once/);
    await postTwice(["drawer", "received"], ["received", "drawer"]);
    assert.deepEqual(await books.page("received"), ["+1.00 = 1.00", "-1.00 = 0.00"]);
  });

  it("after locking the merchant's own balances it may post to any of them again", async () => {
    const books = await openShop();
    await books.open("andi");
    await books.open("budi");
    const post = (user: string) =>
      inTransaction(test.database, async (tx) => {
        await books.ledger.lockIn(tx, books.merchantId, [books.id("andi")]);
        books.ledger.stageIn(tx, books.merchantId, [books.transfer("drawer", user, "1.00")]);
        await books.ledger.postStagedIn(tx, books.merchantId);
        books.ledger.stageIn(tx, books.merchantId, [books.transfer("received", "sales", "1.00")]);
      });
    await assert.rejects(post("budi"), /posts once/);
    await post("andi");
    assert.deepEqual([await books.balance("andi"), await books.balance("sales")], ["1.00", "1.00"]);
  });

  it("a set larger than one call takes is posted whole", async () => {
    const books = await openShop();
    await inTransaction(test.database, async (tx) => {
      books.ledger.stageIn(
        tx,
        books.merchantId,
        Array.from({ length: 2_500 }, () => books.transfer("drawer", "received", "1.00")),
      );
    });
    assert.equal(await books.balance("received"), "2500.00");
    await books.assertHold();
  });

  it("a transaction that inTransaction does not run can't stage", async () => {
    const books = await openShop();
    const merchantId: Id = newId();
    await test.database.kysely.transaction().execute(async (tx) => {
      assert.throws(() => books.ledger.stageIn(tx, merchantId, []), /a transaction of inTransaction/);
    });
  });
});
