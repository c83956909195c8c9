import { encodeQris, parseQris, isQrisProblem, type StatementBody } from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { compareWithMdr, MDR_RATES, mdrClassOf, mdrRate } from "./mdr.ts";
import { openShop, type TestShop } from "./testing/shop.ts";

const DANA =
  "00020101021126570011ID.DANA.WWW011893600915300060605702090006060570303UMI51440014ID.CO.QRIS.WWW0215ID10190046990790303UMI5204481453033605802ID5912Saifullah.id6014Kota Pontianak61057812463045F72";
const BAZNAS =
  "00020101021126550016ID.CO.SHOPEE.WWW01189360091800000000180202180303UBE51440014ID.CO.QRIS.WWW0215ID20190022915550303UBE5204839853033605802ID5906Baznas6013Jakarta Pusat61051034062070703A016304A402";
const XENDIT =
  "00020101021226650013CO.XENDIT.WWW01189360084800000000020215WNtXtb6qmr4ZJBw0303UME51370014ID.CO.QRIS.WWW0215ID20253781998505204509953033605405100715802ID5922PT Harta Tahta Sukaria6013JAKARTA PUSAT61051034062290525jnKoyvoo7dqcUcM86B9hvu6bC6304F1E5";

/** A printed code with another category. */
function ofCategory(code: string): string {
  const qris = parseQris(DANA);
  assert.ok(!isQrisProblem(qris));
  const payload = encodeQris(
    qris.fields.map((field) => (field.tag === "52" ? { ...field, value: code } : field)),
  );
  assert.ok(typeof payload === "string");
  return payload;
}

const rupiah = (whole: number) => BigInt(whole) * 100n;

describe("the expected MDR", () => {
  it("the rate depends on class, amount and day", () => {
    const due = [
      ["UMI", 500_000, "2026-01-05", 0],
      ["UMI", 500_001, "2026-01-05", 30],
      ["UMI", 500_000, "2024-12-01", 0],
      ["UMI", 500_000, "2024-11-30", 30],
      ["UMI", 1_000, "2023-06-30", undefined],
      ["UKE", 10_000, "2026-01-05", 70],
      ["UBE", 10_000_000, "2026-01-05", 70],
      ["URE", 10_000, "2026-01-05", 70],
      ["PSO", 10_000, "2026-01-05", 40],
      ["EDU", 10_000, "2026-01-05", 60],
      ["SOC", 10_000, "2026-01-05", 0],
      ["XYZ", 10_000, "2026-01-05", undefined],
    ] as const;
    for (const [mdrClass, amount, day, basisPoints] of due)
      assert.equal(mdrRate(mdrClass, rupiah(amount), day), basisPoints, `${mdrClass} ${amount} ${day}`);
    assert.deepEqual(
      MDR_RATES.map(({ since }) => since),
      MDR_RATES.map(({ since }) => since)
        .toSorted()
        .toReversed(),
      "newest first",
    );
  });

  it("the class depends on the merchant in the payment's code", () => {
    assert.deepEqual([DANA, XENDIT, BAZNAS, ofCategory("8220"), "SANDBOX MODE", "", null].map(mdrClassOf), [
      "UMI",
      "UME",
      "SOC",
      "EDU",
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("fees are compared by class and rate; a difference below one rupiah is ignored", () => {
    const row = (payload: string | null, gross: number, fee: bigint, day = "2026-01-05") => ({
      payload,
      gross: rupiah(gross),
      fee,
      day,
    });
    assert.deepEqual(
      compareWithMdr([
        row(DANA, 20_000, 0n),
        row(DANA, 20_000, 14_000n),
        row(DANA, 600_000, 180_000n),
        row(XENDIT, 10_071, 7_000n),
        row(XENDIT, 10_071, 7_200n),
        row(XENDIT, 10_071, 6_900n),
        row(null, 10_000, 5n),
        row(DANA, 10_000, 1n, "2020-01-01"),
        row(DANA, -20_000, 0n),
      ]),
      [
        {
          class: "UME",
          basisPoints: 70,
          rows: 3,
          differing: 2,
          gross: rupiah(30_213),
          fee: 21_100n,
          expected: 21_150n,
        },
        {
          class: "UMI",
          basisPoints: 0,
          rows: 2,
          differing: 1,
          gross: rupiah(40_000),
          fee: 14_000n,
          expected: 0n,
        },
        {
          class: "UMI",
          basisPoints: 30,
          rows: 1,
          differing: 0,
          gross: rupiah(600_000),
          fee: 180_000n,
          expected: 180_000n,
        },
      ],
    );
  });
});

describe("a statement's fees", () => {
  let shop: TestShop;
  before(async () => {
    shop = await openShop();
  });
  after(() => shop.program.close());

  it("fees that differ from the MDR are a finding, not a difference in the books", async () => {
    // the simulator's merchant is micro: the rate is zero up to half a million, and Tripay takes its standard
    // fee
    const sold = [await shop.sold("Latte"), await shop.sold("Mocha")];
    const cash = await shop.imported(sold);
    const [gross, fee] = [
      sold.reduce((sum, one) => sum + one.gross, 0),
      sold.reduce((sum, one) => sum + one.fee, 0),
    ];
    const idr = (whole: number) => ({ amount: `${whole}.00`, currency: "IDR" });
    assert.deepEqual(cash.mdr, [
      {
        class: "UMI",
        basis_points: 0,
        rows: 2,
        differing: 2,
        gross: idr(gross),
        fee: idr(fee),
        expected: idr(0),
        over: idr(fee),
      },
    ]);
    assert.deepEqual([cash.state, (await shop.cases()).length], ["settled", 0]);
    const { body } = await shop.program.call<{ statement: StatementBody }>(
      "GET",
      `/api/v1/settlement/statements/${cash.id}`,
      { token: shop.owner },
    );
    assert.deepEqual(body.statement.mdr, cash.mdr, "the finding stays in the statement");
    const { rows } = await shop.program.database.pool.query<{ n: number }>(
      `select (payload->>'mdr_differing')::int as n
         from outbox_event
        where topic = 'statement.imported' and subject = $1`,
      [cash.id],
    );
    assert.deepEqual(rows, [{ n: 2 }]);
    await shop.assertBooksHold();
  });

  it("fees of unknown or doubled rows are not compared", async () => {
    const sold = await shop.sold("Espresso");
    const statement = await shop.imported([
      sold,
      sold,
      { reference: "DEV-T0001-STRANGER", gross: 10_000, fee: 820, day: shop.today },
    ]);
    assert.deepEqual(
      statement.mdr.map(({ rows }) => rows),
      [1],
    );
  });
});
