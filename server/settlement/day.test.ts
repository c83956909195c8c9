import { IDR, money, newId, type DayBody } from "@onegate/contract";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, afterEach, before as beforeAll, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { DEMO_MERCHANT, DEMO_OUTLET } from "../demo/index.ts";
import { createLog, derivedAt, inTransaction } from "../kernel/index.ts";
import { accountId, createLedger, drawerCode, prove, type Ledger } from "../ledger/index.ts";
import { collectCash, saveOrder, type Payments } from "../payments/index.ts";
import { until } from "../testing/until.ts";
import { atFault, type Word } from "./day.ts";
import { settleDaily } from "./jobs.ts";
import { before, openShop, type PaidSale, type TestShop } from "./testing/shop.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

let shop: TestShop;
let ledger: Ledger;
beforeAll(async () => {
  shop = await openShop();
  ledger = createLedger(shop.program.database, { concurrency: 1, queue: 100 });
});
after(() => shop.program.close());
afterEach(() => shop.assertBooksHold());

const day = async (date = shop.today) =>
  (await shop.program.call<DayBody>("GET", `/api/v1/settlement/days/${date}`, { token: shop.manager })).body;
const named = ({ breaks }: DayBody) => breaks.map(({ document, id }) => `${document} ${id}`);
const lineOf = ({ lines }: DayBody, method: string) =>
  lines.find((line) => line.method === method) ?? assert.fail(`no line of ${method}`);

/** Changes a document, as somebody with the owner's rights could, compares the day, and changes it back. */
async function tampered(change: string, back: string, values: readonly unknown[]): Promise<DayBody> {
  const { pool } = shop.program.database;
  // seal first: a change made before the seal would be sealed with it
  await until(
    () => prove(shop.program.database),
    ({ unsealed }) => unsealed === 0n,
  );
  assert.equal((await pool.query(change, [...values])).rowCount, 1, change);
  const found = await day();
  assert.equal((await pool.query(back, [...values])).rowCount, 1, back);
  assert.deepEqual((await day()).breaks, [], "the day ties again after the change is undone");
  return found;
}

describe("a business day", () => {
  let qris: PaidSale;
  let cash: { id: string; total: { amount: string } };

  it("a day without a statement notes it, and compares till, payments and ledger", async () => {
    [cash, qris] = [await shop.cash("Donat"), await shop.sold("Latte")];
    const found = await day();
    assert.deepEqual(found.breaks, []);
    assert.equal(found.holds, true);
    assert.deepEqual(found.notes, [
      `tripay: no statement covers ${shop.today}; till, payments and ledger were compared`,
    ]);
    const text = `${qris.gross}.00`;
    assert.deepEqual(lineOf(found, "QRIS"), {
      provider: "tripay",
      method: "QRIS",
      till: text,
      gateway: "0.00",
      payments: text,
      ledger: text,
      statements: null,
    });
    assert.deepEqual(
      [
        lineOf(found, "CASH").till,
        lineOf(found, "CASH").payments,
        lineOf(found, "CASH").ledger,
        lineOf(found, "CASH").statements,
      ],
      [cash.total.amount, cash.total.amount, cash.total.amount, null],
    );
  });

  it("a sale, payment or transfer that differs is named, without a statement too", async () => {
    const {
      rows: [collect],
    } = await shop.program.database.pool.query<{ transfer_id: string }>(
      "select transfer_id from ledger_transfer where kind = 'collect' and reference = $1",
      [qris.reference],
    );
    const set = (table: string, column: string, key: string) =>
      [
        `update ${table} set ${column} = ${column} + 100 where ${key} = $1`,
        `update ${table} set ${column} = ${column} - 100 where ${key} = $1`,
      ] as const;
    assert.deepEqual(named(await tampered(...set("sale", "total", "sale_id"), [qris.sale.id])), [
      `sale ${qris.sale.id}`,
    ]);
    assert.deepEqual(named(await tampered(...set("sale", "total", "sale_id"), [cash.id])), [
      `sale ${cash.id}`,
    ]);
    assert.deepEqual(named(await tampered(...set("payment", "amount", "payment_id"), [qris.paymentId])), [
      `payment ${qris.paymentId}`,
    ]);
    assert.deepEqual(
      named(await tampered(...set("ledger_transfer", "amount", "transfer_id"), [collect!.transfer_id])),
      [`transfer ${collect!.transfer_id}`],
    );
    const recognised = derivedAt(cash.id, "tax", DEMO_MERCHANT);
    assert.deepEqual(
      named(await tampered(...set("ledger_transfer", "amount", "transfer_id"), [recognised])),
      [`transfer ${recognised}`],
    );
    const lost = await tampered(
      "update payment set state = 'cancelled' where payment_id = $1",
      "update payment set state = 'succeeded' where payment_id = $1",
      [qris.paymentId],
    );
    assert.deepEqual(named(lost), [`sale ${qris.sale.id}`], "a paid sale has a payment");
    const unpaid = await tampered(
      "update sale set state = 'expired' where sale_id = $1",
      "update sale set state = 'paid' where sale_id = $1",
      [qris.sale.id],
    );
    assert.deepEqual(
      [named(unpaid), unpaid.breaks[0]?.rule],
      [[`payment ${qris.paymentId}`], "every payment of a sale has its paid sale"],
    );
  });

  it("a transfer without a document is named", async () => {
    const [merchantId, orderId, amount] = [DEMO_MERCHANT, `INV-${newId()}`, money(12_300n, IDR)];
    const stray = derivedAt(derivedAt(orderId, "cash", merchantId), "collect", merchantId);
    const [drawer, received] = [
      accountId(merchantId, drawerCode(DEMO_OUTLET)),
      accountId(merchantId, "received"),
    ];
    await ledger.post(merchantId, { id: stray, kind: "collect", debit: drawer, credit: received, amount });
    const found = await day();
    assert.deepEqual(
      [named(found), found.breaks[0]?.rule],
      [[`transfer ${stray}`], "every transfer has its document"],
    );
    // a transfer can't be undone, only explained, by the payment that it collects
    await inTransaction(shop.program.database, async (tx) => {
      await saveOrder(tx, {
        merchantId,
        orderId,
        amount,
        customer: { name: "Budi", email: null, phone: null },
        items: [],
      });
      await collectCash(tx, { ledger } as Payments, { merchantId, outletId: DEMO_OUTLET, orderId, amount });
    });
    const explained = await day();
    assert.deepEqual([explained.breaks, lineOf(explained, "CASH").gateway], [[], "123.00"]);
  });

  it("a day with a statement ties in all four sources, and notes payments not in it yet", async () => {
    const second = await shop.sold("Mocha");
    await shop.imported([qris]);
    const found = await day();
    assert.deepEqual([found.breaks, found.notes], [[], ["tripay: 1 of 2 payments wait for their statement"]]);
    assert.deepEqual(
      [
        lineOf(found, "QRIS").till,
        lineOf(found, "QRIS").payments,
        lineOf(found, "QRIS").ledger,
        lineOf(found, "QRIS").statements,
      ],
      [...Array<string>(3).fill(`${qris.gross + second.gross}.00`), `${qris.gross}.00`],
    );
    await shop.imported([second]);
    const whole = await day();
    assert.deepEqual([whole.breaks, whole.notes], [[], []]);
    assert.equal(lineOf(whole, "QRIS").statements, lineOf(whole, "QRIS").till);
    assert.equal(await shop.balance("clearing:tripay"), 0n);
  });

  it("a statement row, payment or bank transfer that differs from the others is named", async () => {
    const {
      rows: [row],
    } = await shop.program.database.pool.query<{ row_id: string }>(
      "select row_id from settlement_row where reference = $1",
      [qris.reference],
    );
    const settle = derivedAt(row!.row_id, "settle", DEMO_MERCHANT);
    const changed = await tampered(
      "update settlement_row set gross = gross + 100, net = net + 100 where row_id = $1",
      "update settlement_row set gross = gross - 100, net = net - 100 where row_id = $1",
      [row!.row_id],
    );
    assert.deepEqual(new Set(named(changed)), new Set([`statement_row ${row!.row_id}`]));
    const fee = await tampered(
      "update settlement_row set fee = fee + 100, net = net - 100 where row_id = $1",
      "update settlement_row set fee = fee - 100, net = net + 100 where row_id = $1",
      [row!.row_id],
    );
    assert.deepEqual(new Set(named(fee)), new Set([`statement_row ${row!.row_id}`]));
    const bank = await tampered(
      "update ledger_transfer set amount = amount + 100 where transfer_id = $1",
      "update ledger_transfer set amount = amount - 100 where transfer_id = $1",
      [settle],
    );
    assert.deepEqual(named(bank), [`transfer ${settle}`]);
    const payment = await tampered(
      "update payment set fee_merchant = fee_merchant + 100 where payment_id = $1",
      "update payment set fee_merchant = fee_merchant - 100 where payment_id = $1",
      [qris.paymentId],
    );
    assert.deepEqual(named(payment), [`payment ${qris.paymentId}`]);
  });

  it("a document with an open case is named until the case is decided", async () => {
    const [dearer, again] = [await shop.sold("Latte"), await shop.sold("Espresso")];
    const statement = await shop.imported([
      { ...dearer, fee: dearer.fee + 50 },
      again,
      again,
      { reference: "DEV-T0001-WHO", gross: 5_000, fee: 0, day: shop.today },
    ]);
    const rows = await shop.rows(statement);
    const found = await day();
    assert.deepEqual(
      new Set(named(found)),
      new Set([0, 2, 3].map((index) => `statement_row ${rows[index]?.id}`)),
    );
    for (const { id, kind } of await shop.cases()) {
      const { status, body } = await shop.decide(id, {
        action: kind === "fee_differs" ? "apply" : kind === "doubled" ? "ignore" : "write_off",
        reason: "decided in a test",
      });
      assert.equal(status, 200, JSON.stringify(body));
    }
    assert.deepEqual((await day()).breaks, []);
    assert.equal(await shop.balance("clearing:tripay"), 0n);
  });

  it("a payment that no statement lists in time is named, by the daily job too", async () => {
    const late = await shop.sold("V60");
    const { pool } = shop.program.database;
    await pool.query("update payment set paid_at = paid_at - interval '7 days' where payment_id = $1", [
      late.paymentId,
    ]);
    await shop.imported([{ reference: "OLD", gross: 1_000, fee: 0, day: before(shop.today, 8) }]);
    await pool.query("update sale set business_date = business_date - 1 where sale_id = $1", [late.sale.id]);
    const lines: string[] = [];
    const log = createLog("error", { write: (line: string) => lines.push(line) });
    await settleDaily({ database: shop.program.database, ledger, payments: undefined as never, newId }, log);
    assert.match(lines.join(""), new RegExp(`THE DAY DOES NOT TIE|${late.paymentId}`));
    assert.ok(lines.join("").includes(late.paymentId));
    const found = await day(before(shop.today, 1));
    assert.deepEqual(named(found), [`payment ${late.paymentId}`]);
    for (const { id } of await shop.cases())
      await shop.decide(id, { action: "write_off", reason: "decided in a test" });
    assert.deepEqual((await day(before(shop.today, 1))).breaks, []);
    assert.equal(await shop.balance("clearing:tripay"), 0n);
  });

  it("a date that does not exist is refused", async () => {
    for (const date of ["2026-02-30", "yesterday"])
      assert.equal(
        (await shop.program.call("GET", `/api/v1/settlement/days/${date}`, { token: shop.owner })).code,
        "request_invalid",
      );
  });
});

describe("proof --date", () => {
  it("proof --date prints the day, names the documents at fault, and then exits with 1", async () => {
    const { host, user, database } = shop.program.connection;
    const run = async (...args: string[]) => {
      const child = spawn(process.execPath, [MAIN, "proof", "--date", shop.today, ...args], {
        env: {
          PATH: process.env["PATH"],
          DATABASE_URL: `postgresql:///${database}?host=${encodeURIComponent(host)}&user=${user}`,
        },
        stdio: ["ignore", "pipe", "pipe"],
      });
      let output = "";
      for (const stream of [child.stdout, child.stderr])
        stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
      await once(child, "close");
      return { code: child.exitCode, output };
    };
    const good = await run("--json");
    assert.equal(good.code, 0, good.output);
    assert.deepEqual((JSON.parse(good.output) as { proof: string }).proof, "holds");
    assert.match((await run()).output, /The day ties\./);

    const sale = await shop.sold("Latte");
    const { pool } = shop.program.database;
    await pool.query("update sale set total = total + 100 where sale_id = $1", [sale.sale.id]);
    const bad = await run("--json");
    await pool.query("update sale set total = total - 100 where sale_id = $1", [sale.sale.id]);
    assert.equal(bad.code, 1, bad.output);
    const { proof, days } = JSON.parse(bad.output) as { proof: string; days: DayBody[] };
    assert.deepEqual(
      [proof, days.flatMap(({ breaks }) => breaks.map(({ document, id, shown }) => [document, id, shown]))],
      ["broken", [["sale", sale.sale.id, sale.sale.receipt_number]]],
    );
    assert.equal((await shop.imported([sale])).state, "settled");
  });
});

describe("the documents at fault", () => {
  const words = (...says: Array<bigint | undefined>): Word[] =>
    says.map((one, index) => ({
      document: (["sale", "payment", "transfer", "statement_row"] as const)[index % 4]!,
      id: String(index),
      shown: String(index),
      says: one,
    }));
  const of = (...says: Array<bigint | undefined>) =>
    atFault({ provider: "p", method: "m", what: "it", words: words(...says) }, IDR).map(({ id }) => id);
  it("the documents at fault are the missing ones and those that differ from most", () => {
    assert.deepEqual(of(5n, 5n, 5n), []);
    assert.deepEqual(of(5n, 6n, 5n, 5n), ["1"]);
    assert.deepEqual(of(6n, 5n, 5n, 5n), ["0"]);
    assert.deepEqual(of(5n, 5n, undefined), ["2"]);
    assert.deepEqual(of(5n, 6n), ["1"], "of two documents, the one farther from the customer");
    assert.deepEqual(of(5n, 6n, 7n), ["1", "2"]);
    assert.deepEqual(of(5n, 5n, 6n, 6n), ["2", "3"]);
  });
});
