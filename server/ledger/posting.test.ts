import {
  checkedToCurrency,
  IDR,
  isRefusal,
  money,
  newId,
  type Currency,
  type Money,
} from "@onegate/contract";
import fc from "fast-check";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openTestDatabase, type TestDatabase } from "../testing/database.ts";
import { openBooks } from "../testing/ledger.ts";
import { postings, transfersOf, type Posting } from "./posting.ts";

let test: TestDatabase;
before(async () => {
  test = await openTestDatabase();
});
after(() => test.close());

const usd = checkedToCurrency("USD") as Currency;
/** The currency of each sum of a posting, where it isn't rupiah. */
const FOREIGN: Readonly<Record<string, Currency>> = { bought: usd };
const roles = (posting: Posting) => [
  ...new Set(postings[posting].flatMap(({ debit, credit }) => [debit, credit])),
];
const sums = (posting: Posting) => postings[posting].map(({ amount }) => amount);
const minors = fc.oneof(fc.constant(0n), fc.bigInt(1n, 10n ** 15n));

describe("every posting", () => {
  for (const posting of Object.keys(postings) as Posting[]) {
    it(`${posting} sums to zero in each currency, whatever its amounts`, async () => {
      const books = await openBooks(test.database);
      for (const role of roles(posting))
        await books.open(role, "bank", role === "liquidityOut" || role === "destination" ? usd : IDR);
      const accounts = Object.fromEntries(roles(posting).map((role) => [role, books.id(role)])) as Parameters<
        typeof transfersOf
      >[3];
      await fc.assert(
        fc.asyncProperty(fc.array(minors, { minLength: 4, maxLength: 4 }), async (drawn) => {
          const amounts = Object.fromEntries(
            sums(posting).map((name, i) => [name, money(drawn[i] ?? 0n, FOREIGN[name] ?? IDR)]),
          ) as Record<string, Money>;
          const base = newId();
          const transfers = transfersOf(
            posting,
            books.merchantId,
            base,
            accounts,
            amounts as Parameters<typeof transfersOf>[4],
          );
          assert.equal(
            transfers.length,
            sums(posting).filter((name) => amounts[name]!.minor > 0n).length,
            "legs of zero are left out",
          );
          assert.equal(
            new Set(transfers.map(({ id }) => id)).size,
            transfers.length,
            "each leg has its own id",
          );
          for (const { id } of transfers)
            assert.equal(
              id.slice(0, 13),
              base.slice(0, 13),
              "the id keeps the time of what the transfer is about",
            );
          if (transfers.length === 0) return;
          const posted = await books.ledger.postLinked(books.merchantId, transfers);
          assert.ok(!isRefusal(posted), JSON.stringify(posted));
        }),
        { numRuns: 40 },
      );
      const { rows } = await test.database.pool.query<{ currency: string; sum: string }>(
        `select currency, sum(posted)::text from ledger_balance where merchant_id = $1
          group by 1 having sum(posted) <> 0`,
        [books.merchantId],
      );
      assert.deepEqual(rows, []);
      await books.assertHold();
    });
  }
});
