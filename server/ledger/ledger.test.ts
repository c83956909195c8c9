import { isRefusal, money, newId, type Currency } from "@onegate/contract";
import fc from "fast-check";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { inTransaction } from "../kernel/index.ts";
import { openTestDatabase, type TestDatabase } from "../testing/database.ts";
import { openBooks, rupiah, word, type TestBooks } from "../testing/ledger.ts";

let test: TestDatabase;
before(async () => {
  test = await openTestDatabase();
});
after(() => test.close());

describe("a transfer", () => {
  it("moves a sum once and writes both sides with the balance after", async () => {
    const books = await openBooks(test.database);
    await books.open("andi");
    await books.open("warung");
    await books.fund("andi", "100.00");
    assert.equal(
      word(await books.ledger.post(books.merchantId, books.transfer("andi", "warung", "30.00"))),
      "now",
    );
    assert.equal(
      word(await books.ledger.post(books.merchantId, books.transfer("andi", "warung", "12.50"))),
      "now",
    );
    assert.deepEqual(await books.page("andi"), ["+100.00 = 100.00", "-30.00 = 70.00", "-12.50 = 57.50"]);
    assert.deepEqual(await books.page("warung"), ["+30.00 = 30.00", "+12.50 = 42.50"]);
    await books.assertHold();
  });

  it("that is repeated under its id is answered as before and moves nothing", async () => {
    const books = await openBooks(test.database);
    await books.open("andi");
    await books.open("warung");
    await books.fund("andi", "100.00");
    const transfer = books.transfer("andi", "warung", "30.00");
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => books.ledger.post(books.merchantId, transfer)),
    );
    assert.deepEqual(answers.map(word).sort(), [...Array<string>(49).fill("before"), "now"]);
    assert.equal(await books.balance("andi"), "70.00");
    await books.assertHold();
  });

  it("is refused with the first reason that applies", async () => {
    const books = await openBooks(test.database);
    const usd = "USD" as Currency;
    await books.open("andi");
    await books.open("warung");
    await books.open("beku");
    await books.open("dolar", "wallet", usd);
    await test.database.pool.query("update ledger_balance set status = 'SUSPENDED' where account_id = $1", [
      books.id("beku"),
    ]);
    await books.fund("andi", "100.00");
    const done = books.transfer("andi", "warung", "40.00");
    await books.ledger.post(books.merchantId, done);
    const post = async (change: Partial<typeof done>) =>
      word(
        await books.ledger.post(books.merchantId, { ...books.transfer("andi", "warung", "1.00"), ...change }),
      );

    assert.equal(await post({ amount: rupiah("0") }), "amount_not_positive");
    assert.equal(await post({ amount: money(-1n, rupiah("1").currency) }), "amount_not_positive");
    assert.equal(await post({ credit: books.id("andi") }), "accounts_same");
    assert.equal(await post({ id: done.id }), "transfer_differs");
    assert.equal(
      await post({ id: done.id, amount: rupiah("40.00"), credit: books.id("mint") }),
      "transfer_differs",
    );
    assert.equal(await post({ credit: newId() }), "account_unknown");
    assert.equal(await post({ debit: newId() }), "account_unknown");
    assert.equal(await post({ credit: books.id("beku") }), "account_frozen");
    assert.equal(await post({ credit: books.id("dolar") }), "currency_differs");
    assert.equal(await post({ amount: money(100n, usd) }), "currency_differs");
    assert.equal(await post({ amount: rupiah("60.01") }), "insufficient_funds");
    assert.equal(
      await post({ amount: money(900_000_000_000_000_000n, rupiah("1").currency), debit: books.id("mint") }),
      "now",
    );
    assert.equal(await books.balance("andi"), "60.00");
    await books.assertHold();
  });

  it("from an account without a floor never lacks funds, but can be too large", async () => {
    const books = await openBooks(test.database);
    await books.open("warung");
    const largest = () => ({
      ...books.transfer("mint", "warung", "1.00"),
      amount: money(900_000_000_000_000_000n, rupiah("1").currency),
    });
    const { ledger, merchantId } = books;
    for (let i = 0; i < 4; i++) assert.equal(word(await ledger.post(merchantId, largest())), "now");
    assert.equal(word(await ledger.post(merchantId, largest())), "amount_too_large");
    const linked = await ledger.postLinked(merchantId, [books.transfer("mint", "warung", "1.00"), largest()]);
    assert.equal(isRefusal(linked) && linked.refusal, "amount_too_large");
    const within = await inTransaction(test.database, (tx) => ledger.postIn(tx, merchantId, [largest()]));
    assert.equal(isRefusal(within) && within.refusal, "amount_too_large");
    await books.assertHold();
  });

  it("to an account of another merchant is refused", async () => {
    const [mine, other] = [await openBooks(test.database), await openBooks(test.database)];
    await mine.open("andi");
    await other.open("warung");
    await mine.fund("andi", "100.00");
    assert.equal(
      word(
        await mine.ledger.post(mine.merchantId, {
          ...mine.transfer("andi", "andi", "1.00"),
          credit: other.id("warung"),
        }),
      ),
      "account_unknown",
    );
  });
});

describe("concurrent transfers", () => {
  it("fault 6: of a hundred debits of 1.01 from a wallet of 100.00, exactly 99 succeed", async () => {
    const books = await openBooks(test.database, { concurrency: 4 });
    await books.open("andi");
    await books.open("warung");
    await books.fund("andi", "100.00");
    const answers = await Promise.all(
      Array.from({ length: 100 }, () =>
        books.ledger.post(books.merchantId, books.transfer("andi", "warung", "1.01")),
      ),
    );
    const outcomes = answers.map(word);
    assert.equal(outcomes.filter((outcome) => outcome === "now").length, 99);
    assert.equal(outcomes.filter((outcome) => outcome === "insufficient_funds").length, 1);
    assert.equal(await books.balance("andi"), "0.01");
    await books.assertHold();
  });

  it("fault 7: one bad item in a batch of 200 fails alone; the other 199 are posted", async () => {
    const books = await openBooks(test.database, { concurrency: 1 });
    await books.open("andi");
    await books.open("warung");
    await books.fund("andi", "1000.00");
    const transfers = Array.from({ length: 200 }, () => books.transfer("andi", "warung", "1.00"));
    transfers[77] = { ...books.transfer("andi", "warung", "1.00"), credit: newId() };
    const outcomes = (await books.ledger.postMany(books.merchantId, transfers)).map(word);
    assert.equal(outcomes[77], "account_unknown");
    assert.equal(outcomes.filter((outcome) => outcome === "now").length, 199);
    assert.equal(await books.balance("warung"), "199.00");
    await books.assertHold();
  });

  it("fault 7: a linked set with one bad leg posts nothing and names the leg's refusal", async () => {
    const books = await openBooks(test.database);
    for (const code of ["andi", "warung", "pajak"]) await books.open(code);
    await books.fund("andi", "10.00");
    const legs = [
      books.transfer("andi", "warung", "9.00"),
      books.transfer("andi", "pajak", "1.01"),
      books.transfer("warung", "pajak", "1.00"),
    ];
    assert.deepEqual(await books.ledger.postLinked(books.merchantId, legs), {
      refusal: "insufficient_funds",
    });
    assert.deepEqual(
      [await books.balance("andi"), await books.balance("warung"), await books.balance("pajak")],
      ["10.00", "0.00", "0.00"],
    );
    const twin = books.transfer("andi", "warung", "1.00");
    assert.deepEqual(await books.ledger.postLinked(books.merchantId, [twin, twin]), {
      refusal: "transfer_differs",
    });
    const good = await books.ledger.postLinked(books.merchantId, [
      legs[0]!,
      books.transfer("andi", "pajak", "1.00"),
    ]);
    assert.ok(!isRefusal(good));
    assert.deepEqual(await books.page("andi"), ["+10.00 = 10.00", "-9.00 = 1.00", "-1.00 = 0.00"]);
    await books.assertHold();
  });

  it("money that comes in within a batch may go out in the same batch", async () => {
    const books = await openBooks(test.database, { concurrency: 1 });
    for (const code of ["andi", "budi", "citra"]) await books.open(code);
    await books.fund("andi", "5.00");
    const chain = await books.ledger.postLinked(books.merchantId, [
      books.transfer("andi", "budi", "5.00"),
      books.transfer("budi", "citra", "5.00"),
    ]);
    assert.ok(!isRefusal(chain));
    assert.equal(await books.balance("citra"), "5.00");
    await books.assertHold();
  });

  it("of two transfers with one id and other accounts, one is posted and one is refused", async () => {
    const books = await openBooks(test.database, { concurrency: 4 });
    for (let i = 0; i < 20; i++) {
      for (const side of ["a", "b"]) await books.open(`${side}${i}`);
      await books.fund(`a${i}`, "1.00");
      await books.fund(`b${i}`, "1.00");
    }
    await books.open("warung");
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => {
        const id = newId();
        return [books.transfer(`a${i}`, "warung", "1.00", id), books.transfer(`b${i}`, "warung", "1.00", id)];
      })
        .flat()
        .map((transfer) => books.ledger.post(books.merchantId, transfer)),
    );
    assert.deepEqual(answers.map(word).sort(), [
      ...Array<string>(20).fill("now"),
      ...Array<string>(20).fill("transfer_differs"),
    ]);
    assert.equal(await books.balance("warung"), "20.00");
    await books.assertHold();
  });

  it("a full queue refuses further items and loses none that it accepted", async () => {
    const books = await openBooks(test.database, { queue: 10, concurrency: 1 });
    await books.open("andi");
    await books.open("warung");
    await books.fund("andi", "100.00");
    const outcomes = (
      await books.ledger.postMany(
        books.merchantId,
        Array.from({ length: 30 }, () => books.transfer("andi", "warung", "1.00")),
      )
    ).map(word);
    assert.equal(outcomes.filter((outcome) => outcome === "overloaded").length, 20);
    assert.equal(await books.balance("warung"), "10.00");
  });
});

describe("a hold", () => {
  async function held(amount = "60.00", expiresAt?: Date) {
    const books = await openBooks(test.database);
    await books.open("andi");
    await books.open("hotel");
    await books.fund("andi", "100.00");
    const hold = newId();
    const reserve = {
      id: hold,
      debit: books.id("andi"),
      credit: books.id("hotel"),
      amount: rupiah(amount),
      ...(expiresAt ? { expiresAt } : {}),
    };
    assert.equal(word(await books.ledger.reserve(books.merchantId, reserve)), "now");
    const settle = (sum: string, rest: "keep" | "release", id = newId()) =>
      books.ledger.settle(books.merchantId, { id, hold, kind: "capture", amount: rupiah(sum), rest });
    return { books, hold, reserve, settle };
  }

  it("lowers what is available, not the balance", async () => {
    const { books, reserve } = await held();
    assert.deepEqual([await books.balance("andi"), await books.held("andi")], ["100.00", "60.00"]);
    assert.equal(
      word(await books.ledger.post(books.merchantId, books.transfer("andi", "hotel", "40.01"))),
      "insufficient_funds",
    );
    assert.equal(
      word(
        await books.ledger.reserve(books.merchantId, { ...reserve, id: newId(), amount: rupiah("40.01") }),
      ),
      "insufficient_funds",
    );
    assert.equal(word(await books.ledger.reserve(books.merchantId, reserve)), "before");
    assert.equal(
      word(await books.ledger.reserve(books.merchantId, { ...reserve, amount: rupiah("1.00") })),
      "transfer_differs",
    );
    assert.equal(
      word(await books.ledger.reserve(books.merchantId, { ...reserve, credit: books.id("mint") })),
      "transfer_differs",
    );
    await books.assertHold();
  });

  it("is settled in parts, never beyond what is held, and its rest is released", async () => {
    const { books, settle } = await held();
    const first = newId();
    assert.equal(word(await settle("20.00", "keep", first)), "now");
    assert.equal(word(await settle("20.00", "keep", first)), "before");
    assert.equal(await books.held("andi"), "40.00");
    assert.equal(word(await settle("40.01", "keep")), "hold_exceeded");
    assert.equal(word(await settle("10.00", "release")), "now");
    assert.deepEqual(
      [await books.balance("andi"), await books.held("andi"), await books.balance("hotel")],
      ["70.00", "0.00", "30.00"],
    );
    assert.equal(word(await settle("1.00", "keep")), "hold_ended");
    await books.assertHold();
  });

  it("ends when it is settled in whole; a release returns everything once", async () => {
    const whole = await held();
    assert.equal(word(await whole.settle("60.00", "keep")), "now");
    assert.equal(word(await whole.books.ledger.release(whole.books.merchantId, whole.hold)), "hold_ended");
    const given = await held();
    assert.equal(word(await given.books.ledger.release(given.books.merchantId, given.hold)), "now");
    assert.equal(word(await given.books.ledger.release(given.books.merchantId, given.hold)), "before");
    assert.equal(await given.books.held("andi"), "0.00");
    assert.equal(word(await given.settle("1.00", "keep")), "hold_ended");
    assert.equal(word(await given.books.ledger.release(given.books.merchantId, newId())), "hold_unknown");
    await given.books.assertHold();
  });

  it("expires by the database's clock and can't be settled afterwards", async () => {
    const { books, settle } = await held("60.00", new Date(Date.now() - 1000));
    assert.equal(word(await settle("1.00", "keep")), "hold_expired");
    const later = await held("60.00", new Date(Date.now() + 3_600_000));
    assert.ok((await books.ledger.expireHolds()) >= 1);
    assert.equal(await books.held("andi"), "0.00");
    assert.equal(await later.books.held("andi"), "60.00");
    assert.equal(word(await settle("1.00", "keep")), "hold_ended");
    await books.assertHold();
  });
});

describe("random histories", () => {
  type Step =
    | { do: "transfer"; from: number; to: number; minor: bigint; again: boolean }
    | { do: "linked"; legs: Array<{ from: number; to: number; minor: bigint }> }
    | { do: "reserve"; from: number; to: number; minor: bigint }
    | { do: "settle"; hold: number; minor: bigint; rest: "keep" | "release" }
    | { do: "release"; hold: number };
  const ACCOUNTS = 4;
  const account = fc.nat(ACCOUNTS - 1);
  const minor = fc.bigInt(1n, 4_000n);
  const leg = fc.record({ from: account, to: account, minor });
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant("transfer" as const),
        from: account,
        to: account,
        minor,
        again: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("linked" as const),
        legs: fc.array(leg, { minLength: 2, maxLength: 4 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant("reserve" as const), from: account, to: account, minor }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("settle" as const),
        hold: fc.nat(5),
        minor,
        rest: fc.constantFrom("keep" as const, "release" as const),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("release" as const), hold: fc.nat(5) }) },
  );

  /** An independent model: plain numbers, one step after another. */
  class Model {
    posted = Array<bigint>(ACCOUNTS).fill(10_000n);
    held = Array<bigint>(ACCOUNTS).fill(0n);
    holds: Array<{ from: number; to: number; left: bigint; open: boolean; id: string }> = [];

    move(from: number, to: number, sum: bigint): string {
      if (from === to) return "accounts_same";
      if (this.posted[from]! - this.held[from]! < sum) return "insufficient_funds";
      this.posted[from]! -= sum;
      this.posted[to]! += sum;
      return "now";
    }
  }

  async function play(books: TestBooks, steps: Step[]): Promise<void> {
    const codes = Array.from({ length: ACCOUNTS }, (_, i) => `w${i}`);
    for (const code of codes) {
      await books.open(code);
      await books.fund(code, "100.00");
    }
    const model = new Model();
    const item = (from: number, to: number, sum: bigint, id = newId()) => ({
      id,
      kind: "payment",
      debit: books.id(codes[from]!),
      credit: books.id(codes[to]!),
      amount: money(sum, rupiah("1").currency),
    });
    for (const one of steps) {
      if (one.do === "transfer") {
        const transfer = item(one.from, one.to, one.minor);
        const expected = model.move(one.from, one.to, one.minor);
        assert.equal(word(await books.ledger.post(books.merchantId, transfer)), expected);
        if (one.again && expected === "now")
          assert.equal(word(await books.ledger.post(books.merchantId, transfer)), "before");
      } else if (one.do === "linked") {
        const saved = { posted: [...model.posted] };
        const outcomes = one.legs.map(({ from, to, minor: sum }) => model.move(from, to, sum));
        const fine = outcomes.every((outcome) => outcome === "now");
        if (!fine) model.posted = saved.posted;
        const result = await books.ledger.postLinked(
          books.merchantId,
          one.legs.map(({ from, to, minor: sum }) => item(from, to, sum)),
        );
        assert.equal(isRefusal(result), !fine);
      } else if (one.do === "reserve") {
        const id = newId();
        const refused =
          one.from === one.to
            ? "accounts_same"
            : model.posted[one.from]! - model.held[one.from]! < one.minor
              ? "insufficient_funds"
              : undefined;
        if (!refused) {
          model.held[one.from]! += one.minor;
          model.holds.push({ from: one.from, to: one.to, left: one.minor, open: true, id });
        }
        const { debit, credit, amount } = item(one.from, one.to, one.minor);
        assert.equal(
          word(await books.ledger.reserve(books.merchantId, { id, debit, credit, amount })),
          refused ?? "now",
        );
      } else {
        const hold = model.holds[one.hold];
        if (!hold) continue;
        if (one.do === "release") {
          const wasOpen = hold.open;
          const result = word(await books.ledger.release(books.merchantId, hold.id));
          assert.ok(wasOpen ? result === "now" : result === "before" || result === "hold_ended", result);
          if (wasOpen) model.held[hold.from]! -= hold.left;
          hold.open = false;
        } else {
          const expected = !hold.open ? "hold_ended" : one.minor > hold.left ? "hold_exceeded" : "now";
          assert.equal(
            word(
              await books.ledger.settle(books.merchantId, {
                id: newId(),
                hold: hold.id,
                kind: "capture",
                amount: money(one.minor, rupiah("1").currency),
                rest: one.rest,
              }),
            ),
            expected,
          );
          if (expected !== "now") continue;
          model.posted[hold.from]! -= one.minor;
          model.posted[hold.to]! += one.minor;
          model.held[hold.from]! -= one.rest === "release" ? hold.left : one.minor;
          hold.left -= one.minor;
          if (one.rest === "release" || hold.left === 0n) hold.open = false;
        }
      }
    }
    const text = (sum: bigint) => `${sum / 100n}.${(sum % 100n).toString().padStart(2, "0")}`;
    for (const [i, code] of codes.entries()) {
      assert.equal(await books.balance(code), text(model.posted[i]!));
      assert.equal(await books.held(code), text(model.held[i]!));
    }
  }

  it("end with the balances of an independent model, and their books hold", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) =>
        play(await openBooks(test.database), steps),
      ),
      { numRuns: 40 },
    );
    await (await openBooks(test.database)).assertHold();
  });

  it("posted concurrently in any batches end as the sums of what was accepted", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(leg, { minLength: 1, maxLength: 120 }), async (legs) => {
        const books = await openBooks(test.database, { concurrency: 3 });
        for (let i = 0; i < ACCOUNTS; i++) {
          await books.open(`w${i}`);
          await books.fund(`w${i}`, "100.00");
        }
        const results = await Promise.all(
          legs.map(({ from, to, minor: sum }) =>
            books.ledger.post(books.merchantId, {
              id: newId(),
              kind: "payment",
              debit: books.id(`w${from}`),
              credit: books.id(`w${to}`),
              amount: money(sum, rupiah("1").currency),
            }),
          ),
        );
        const expected = Array<bigint>(ACCOUNTS).fill(10_000n);
        results.forEach((result, i) => {
          if (isRefusal(result)) return;
          expected[legs[i]!.from]! -= legs[i]!.minor;
          expected[legs[i]!.to]! += legs[i]!.minor;
        });
        for (const [i, sum] of expected.entries()) {
          assert.ok(sum >= 0n);
          assert.equal(
            await books.balance(`w${i}`),
            `${sum / 100n}.${(sum % 100n).toString().padStart(2, "0")}`,
          );
        }
      }),
      { numRuns: 25 },
    );
    await (await openBooks(test.database)).assertHold();
  });
});
