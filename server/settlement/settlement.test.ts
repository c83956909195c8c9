import { newId, type SettlementCaseBody, type StatementBody } from "@onegate/contract";
import assert from "node:assert/strict";
import { after, afterEach, before as beforeAll, describe, it } from "node:test";
import { DEMO_MERCHANT } from "../demo/index.ts";
import { createLedger } from "../ledger/index.ts";
import { until } from "../testing/until.ts";
import { before, csv, openShop, type TestShop } from "./testing/shop.ts";

let shop: TestShop;
beforeAll(async () => {
  shop = await openShop();
});
after(() => shop.program.close());
// money that one test leaves at the provider would disturb the next
afterEach(async () => {
  assert.equal(await shop.balance("clearing:tripay"), 0n, "the provider owes nothing");
  assert.deepEqual(await shop.cases(), []);
  await shop.assertBooksHold();
});

const minor = (text: string) => BigInt(text.replace(".", ""));
const caseOf = (cases: readonly SettlementCaseBody[], reference: string) =>
  cases.find((one) => one.reference === reference) ?? assert.fail(`no case of ${reference}`);
const done = async (answer: ReturnType<TestShop["decide"]>) => {
  const { status, body } = await answer;
  assert.equal(status, 200, JSON.stringify(body));
  return body as SettlementCaseBody;
};

describe("a statement", () => {
  it("fault 16: missing, extra, doubled and wrong rows become cases; deciding them clears all", async () => {
    const [right, lessPaid, dearer, absent, twice] = [
      await shop.sold("Latte"),
      await shop.sold("Espresso"),
      await shop.sold("Mocha"),
      await shop.sold("V60"),
      await shop.sold("Donat"),
    ];
    const longAgo = before(shop.today, 10);
    // a payment that its provider should have paid out long ago
    await shop.program.database.pool.query(
      "update payment set paid_at = paid_at - interval '9 days' where payment_id = $1",
      [absent.paymentId],
    );
    const [bankBefore, suspenseBefore, feesBefore] = [
      await shop.balance("bank"),
      await shop.balance("suspense"),
      await shop.balance("fees"),
    ];

    const statement = await shop.imported([
      right,
      { ...lessPaid, gross: lessPaid.gross - 1_000 },
      { ...dearer, fee: dearer.fee + 75 },
      twice,
      { reference: "DEV-T0001-STRANGER", gross: 10_000, fee: 820, day: longAgo },
      { reference: "BIAYA-ADMIN", kind: "adjustment", gross: 0, fee: 5_000, day: shop.today },
      twice,
    ]);

    const rows = await shop.rows(statement);
    assert.deepEqual(
      rows.map(({ line, outcome }) => [line, outcome]),
      [
        [2, "matched"],
        [3, "amount_differs"],
        [4, "fee_differs"],
        [5, "matched"],
        [6, "missing_here"],
        [7, "missing_here"],
        [8, "doubled"],
      ],
    );
    assert.equal(rows[0]?.document_id, right.paymentId);
    shop.assertTies(statement);
    assert.deepEqual(
      statement.by_outcome.map(({ outcome, rows }) => [outcome, rows]),
      [
        ["amount_differs", 1],
        ["doubled", 1],
        ["fee_differs", 1],
        ["matched", 2],
        ["missing_here", 2],
      ],
    );
    const cases = await shop.cases();
    assert.deepEqual(
      cases.map(({ kind, reference }) => `${kind} ${reference}`).sort(),
      [
        `amount_differs ${lessPaid.reference}`,
        `doubled ${twice.reference}`,
        `fee_differs ${dearer.reference}`,
        "missing_here BIAYA-ADMIN",
        "missing_here DEV-T0001-STRANGER",
        `missing_there ${absent.reference}`,
      ].sort(),
    );
    assert.deepEqual(
      [
        caseOf(cases, lessPaid.reference).gross_over,
        caseOf(cases, dearer.reference).fee_over,
        caseOf(cases, absent.reference).gross_over,
      ],
      ["-1000.00", "75.00", `-${absent.gross}.00`],
    );

    // what is left at the provider is exactly what the open cases say
    const open = cases
      .filter(({ kind }) => kind !== "doubled")
      .reduce((sum, { net_over }) => sum + minor(net_over), 0n);
    assert.equal(await shop.balance("clearing:tripay"), open);
    const paidOut = minor(statement.net.amount) - BigInt(twice.gross - twice.fee) * 100n;
    assert.equal(
      await shop.balance("bank"),
      bankBefore - paidOut,
      "a row that is listed twice is booked once",
    );

    await done(
      shop.decide(caseOf(cases, lessPaid.reference).id, {
        action: "write_off",
        reason: "provider confirms a mistake of its own",
      }),
    );
    await done(
      shop.decide(caseOf(cases, dearer.reference).id, { action: "apply", reason: "the tariff rose" }),
    );
    await done(
      shop.decide(caseOf(cases, absent.reference).id, {
        action: "write_off",
        reason: "provider has no record of it",
      }),
    );
    await done(
      shop.decide(caseOf(cases, twice.reference).id, { action: "ignore", reason: "listed twice, paid once" }),
    );
    await done(shop.decide(caseOf(cases, "BIAYA-ADMIN").id, { action: "write_off", reason: "monthly fee" }));
    const due = await done(
      shop.decide(caseOf(cases, "DEV-T0001-STRANGER").id, {
        action: "refund_later",
        reason: "nobody knows the payer yet",
      }),
    );
    assert.deepEqual([due.state, due.actions], ["refund_due", ["refunded"]]);
    const back = await done(
      shop.decide(due.id, { action: "refunded", reason: "sent back by bank transfer" }),
    );
    assert.deepEqual(
      back.decisions.map(({ action, by, reason }) => [action, by, reason]),
      [
        ["refund_later", "Ratna", "nobody knows the payer yet"],
        ["refunded", "Ratna", "sent back by bank transfer"],
      ],
    );

    const settled = await shop.program.call<{ statement: StatementBody }>(
      "GET",
      `/api/v1/settlement/statements/${statement.id}`,
      { token: shop.manager },
    );
    assert.equal(settled.body.statement.state, "settled");
    assert.equal(
      await shop.balance("suspense"),
      suspenseBefore - BigInt(1_000 + absent.gross) * 100n,
      "what was lost is in suspense for the bookkeeper",
    );
    assert.equal(await shop.balance("fees"), feesBefore - BigInt(75 - absent.fee + 820 + 5_000) * 100n);
  });

  it("a statement sent twice, even concurrently, is imported once", async () => {
    const sale = await shop.sold("Latte");
    const bankBefore = await shop.balance("bank");
    const file = csv([sale]);
    const answers = await Promise.all(Array.from({ length: 6 }, () => shop.send(file)));
    assert.deepEqual(answers.map(({ status }) => String(status)).sort(), [
      "200",
      "200",
      "200",
      "200",
      "200",
      "201",
    ]);
    assert.equal(new Set(answers.map(({ body }) => (body as StatementBody).id)).size, 1);
    assert.equal(await shop.balance("bank"), bankBefore - BigInt(sale.gross - sale.fee) * 100n);
  });

  it("a row of an earlier statement is reported as doubled, and nothing is booked for it", async () => {
    const [first, second] = [await shop.sold("Latte"), await shop.sold("Donat")];
    await shop.imported([first]);
    const bankBefore = await shop.balance("bank");
    const statement = await shop.imported([first, second]);
    assert.deepEqual(
      (await shop.rows(statement)).map(({ outcome }) => outcome),
      ["doubled", "matched"],
    );
    assert.equal(await shop.balance("bank"), bankBefore - BigInt(second.gross - second.fee) * 100n);
    const [doubled] = await shop.cases(`statement_id=${statement.id}`);
    // the bank statement shows that it was in fact paid out twice
    await done(shop.decide(doubled!.id, { action: "write_off", reason: "the bank shows it twice" }));
    assert.equal(
      await shop.balance("bank"),
      bankBefore - BigInt(second.gross - second.fee + first.gross - first.fee) * 100n,
    );
  });

  it("a statement that can't be read, or of an unknown provider, is refused and stores nothing", async () => {
    const refused = async (text: string, query?: string) => {
      const { status, code, body } = await shop.send(text, query);
      return [status, code, (body as { params?: Record<string, unknown> }).params];
    };
    assert.deepEqual(await refused("reference,gross,fee,paid_day\nT1,1e3,0,2026-11-20"), [
      422,
      "statement_row_invalid",
      { row: 2, field: "gross", problem: "amount_malformed" },
    ]);
    assert.deepEqual((await refused(""))[1], "statement_column_missing");
    assert.deepEqual(
      (await refused("reference,gross,fee,paid_day\nT1,1,0,2026-11-20", "provider=nobody"))[1],
      "provider_unknown",
    );
    assert.deepEqual((await refused("x", "provider=tripay&layout=nosuch"))[1], "statement_layout_unknown");
    assert.deepEqual(await refused("x", "provider=tripay&mapping=%7B%22decimal%22%3A1%7D"), [
      422,
      "statement_mapping_invalid",
      { field: "/decimal" },
    ]);
    assert.equal((await shop.send("x".repeat(1_100_000))).code, "request_too_large");
  });

  it("a statement with text that PostgreSQL can't store is refused, without an error", async () => {
    const sale = { reference: "T-NUL", gross: 1_000, fee: 0, day: shop.today };
    assert.equal(
      (await shop.send(csv([sale]), "provider=tripay&layout=plain&name=%00")).code,
      "request_invalid",
    );
    const mapping = encodeURIComponent('{"columns":{"settled":["\\ud800"]}}');
    assert.equal(
      (await shop.send(csv([sale]), `provider=tripay&layout=plain&mapping=${mapping}`)).code,
      "statement_mapping_invalid",
    );
    const paid = await shop.sold("Donat");
    await shop.imported([{ ...paid, fee: paid.fee + 1 }]);
    const [found] = await shop.cases();
    for (const body of [
      { action: "apply", reason: "abc\u0000" },
      { action: "apply", reason: "abc", order_id: "\ud800" },
    ]) {
      assert.equal((await shop.decide(found!.id, body)).code, "request_invalid", JSON.stringify(body));
    }
    await done(shop.decide(found!.id, { action: "apply", reason: "the tariff rose" }));
  });

  it("another merchant's owner sees nothing of a statement", async () => {
    const sale = await shop.sold("Latte");
    const statement = await shop.imported([{ ...sale, fee: sale.fee + 1 }]);
    const [found] = await shop.cases();
    const stranger = await shop.stranger();
    const get = (path: string) =>
      shop.program.call<{ statements?: unknown[]; cases?: unknown[]; lines?: unknown[] }>(
        "GET",
        `/api/v1/settlement/${path}`,
        { token: stranger },
      );
    assert.deepEqual(
      [
        (await get("statements")).body.statements,
        (await get("cases")).body.cases,
        (await get(`days/${shop.today}`)).body.lines,
      ],
      [[], [], []],
    );
    assert.deepEqual(
      [(await get(`statements/${statement.id}`)).code, (await get(`cases/${found!.id}`)).code],
      ["statement_unknown", "case_unknown"],
    );
    assert.equal(
      (await shop.decide(found!.id, { action: "apply", reason: "not mine" }, newId(), stranger)).code,
      "case_unknown",
    );
    assert.equal(
      (await shop.send(csv([sale]), "provider=tripay&layout=plain", stranger)).code,
      "provider_unknown",
      "the other shop has no account with the provider",
    );
    await done(shop.decide(found!.id, { action: "apply", reason: "the tariff rose" }));
  });

  it("a provider's own file is read by its layout, with a mapping for what differs", async () => {
    const sale = await shop.sold("Latte");
    const mapping = encodeURIComponent(JSON.stringify({ columns: { gross: ["Nominal"] } }));
    const paidOn = shop.today.split("-").reverse().join("/");
    const file =
      "\uFEFFReferensi;Status;Nominal;Biaya Merchant;Tanggal Bayar\r\n" +
      `${sale.reference};PAID;Rp ${sale.gross / 1000}.000;${sale.fee};${paidOn} 10:15\r\n`;
    const { status, body } = await shop.send(file, `provider=tripay&mapping=${mapping}&name=november.csv`);
    assert.equal(status, 201, JSON.stringify(body));
    const statement = body as StatementBody;
    assert.deepEqual(
      [statement.name, statement.layout, statement.state],
      ["november.csv", "tripay+", "settled"],
    );
  });

  it("owner and manager can read statements; only the owner can import and decide", async () => {
    const codes = async (token: string) => [
      (await shop.program.call("GET", "/api/v1/settlement/statements", { token })).status,
      (await shop.send("x", "provider=tripay", token)).code,
      (await shop.decide(newId(), { action: "ignore", reason: "because" }, newId(), token)).code,
    ];
    assert.deepEqual(await codes(shop.cashier), [403, "forbidden", "forbidden"]);
    assert.deepEqual(await codes(shop.manager), [200, "forbidden", "forbidden"]);
    assert.deepEqual(await codes(shop.owner), [200, "statement_column_missing", "case_unknown"]);
  });
});

describe("unknown money", () => {
  it("unknown money is taken as the payment that the row names, and its sale is completed", async () => {
    const waiting = await shop.wait("Cappuccino");
    await shop.imported([waiting]);
    const [found] = await shop.cases();
    assert.deepEqual([found?.kind, found?.payment_id], ["missing_here", waiting.paymentId]);
    const applied = await done(
      shop.decide(found!.id, { action: "apply", reason: "paid, as the provider says" }),
    );
    assert.equal(applied.state, "applied");
    const sale = await shop.program.call<{ state: string; receipt_number: string }>(
      "GET",
      `/api/v1/till/sales/${waiting.sale.id}`,
      { token: shop.cashier },
    );
    assert.equal(sale.body.state, "paid");
    assert.ok(sale.body.receipt_number);
  });

  it("unknown money is taken for an order that a person names, as for a static code", async () => {
    const waiting = await shop.wait("Cappuccino");
    await shop.imported([{ ...waiting, reference: "STATIC-0815" }]);
    const [found] = await shop.cases();
    const unnamed = await shop.decide(found!.id, { action: "apply", reason: "by amount and minute" });
    assert.equal(unnamed.code, "order_unknown", "the row names no payment of ours");
    const cash = await shop.cash("Donat");
    assert.equal(
      (await shop.decide(found!.id, { action: "apply", reason: "by amount and minute", order_id: cash.id }))
        .code,
      "order_not_at_provider",
    );
    await done(
      shop.decide(found!.id, { action: "apply", reason: "by amount and minute", order_id: waiting.sale.id }),
    );
    const { rows } = await shop.program.database.pool.query(
      "select state, reference from payment where payment_id = $1",
      [waiting.paymentId],
    );
    assert.deepEqual(rows, [{ state: "succeeded", reference: "STATIC-0815" }]);
  });

  it("a later report by the provider closes the case; it can't be written off too", async () => {
    const waiting = await shop.wait("Cappuccino");
    await shop.imported([waiting]);
    const [found] = await shop.cases();
    await shop.pay(waiting);
    assert.equal(
      (await shop.decide(found!.id, { action: "write_off", reason: "nobody knows it" })).code,
      "case_settled",
    );
    const [one] = await shop.cases("state=arrived");
    assert.deepEqual(
      [one?.id, one?.decisions.map(({ action, by }) => [action, by])],
      [found!.id, [["arrive", null]]],
    );
  });

  it("money already in suspense is matched with its case there, which payments settle", async () => {
    const waiting = await shop.wait("Cappuccino");
    const suspenseBefore = await shop.balance("suspense");
    await shop.program.lever("POST", `transactions/${waiting.reference}/pay`, {
      amount: waiting.gross - 500,
    });
    await until(
      () => shop.balance("suspense"),
      (now) => now > suspenseBefore,
    );
    const { rows } = await shop.program.database.pool.query<{ amount: bigint; fee: bigint }>(
      `select c.amount, t.amount as fee
         from suspense_case c
         join ledger_transfer t on t.reference = c.reference and t.kind = 'fee'
        where c.reference = $1`,
      [waiting.reference],
    );
    const statement = await shop.imported([
      { ...waiting, gross: Number(rows[0]!.amount / 100n), fee: Number(rows[0]!.fee / 100n) },
    ]);
    assert.deepEqual(
      (await shop.rows(statement)).map(({ outcome, document_kind }) => [outcome, document_kind]),
      [["matched", "suspense"]],
    );
    const { body } = await shop.program.call<{ suspense: Array<{ reference: string; reason: string }> }>(
      "GET",
      "/api/v1/settlement/cases",
      { token: shop.manager },
    );
    assert.deepEqual(
      body.suspense.map(({ reference, reason }) => [reference, reason]),
      [[waiting.reference, "short"]],
    );
  });
});

describe("a payment that no statement lists", () => {
  it("a payment is missing_there after some days; a later statement with it closes the case", async () => {
    const [old, marker] = [await shop.sold("Mocha"), await shop.sold("Latte")];
    await shop.program.database.pool.query(
      "update payment set paid_at = paid_at - interval '8 days' where payment_id = $1",
      [old.paymentId],
    );
    await shop.imported([marker]);
    const [missing] = await shop.cases();
    assert.deepEqual(
      [missing?.kind, missing?.document_id, missing?.actions],
      ["missing_there", old.paymentId, ["write_off", "ignore"]],
    );
    await done(shop.decide(missing!.id, { action: "ignore", reason: "provider says next week" }));
    const late = await shop.imported([{ ...old, day: before(shop.today, 8) }]);
    assert.equal(late.state, "settled");
    assert.equal((await shop.cases("state=arrived"))[0]?.id, missing!.id);
  });

  it("a payment that was written off is restored when a statement lists it", async () => {
    const [old, marker] = [await shop.sold("Mocha"), await shop.sold("Latte")];
    await shop.program.database.pool.query(
      "update payment set paid_at = paid_at - interval '8 days' where payment_id = $1",
      [old.paymentId],
    );
    const [suspenseBefore, feesBefore] = [await shop.balance("suspense"), await shop.balance("fees")];
    await shop.imported([marker]);
    const [missing] = await shop.cases();
    await done(shop.decide(missing!.id, { action: "write_off", reason: "given up" }));
    await shop.imported([{ ...old, day: before(shop.today, 8) }]);
    const [back] = await shop.cases();
    assert.deepEqual([back?.kind, back?.gross_over], ["amount_differs", `${old.gross}.00`]);
    await done(shop.decide(back!.id, { action: "write_off", reason: "it came after all" }));
    assert.deepEqual(
      [await shop.balance("suspense"), await shop.balance("fees")],
      [suspenseBefore, feesBefore],
      "the balance is as before",
    );
  });
});

describe("a refund", () => {
  it("a refund that a statement lists is matched, and taken from the bank", async () => {
    const sale = await shop.sold("Mocha");
    const { body } = await shop.program.call<{ refund_id: string }>(
      "POST",
      `/api/v1/payments/${sale.paymentId}/refunds`,
      {
        token: shop.owner,
        body: { amount: "10000.00", reason: "cold" },
        headers: { "idempotency-key": newId() },
      },
    );
    const decided = await shop.program.call("POST", `/api/v1/refunds/${body.refund_id}/decision`, {
      token: shop.owner,
      body: { done: true, reference: "RF-1" },
      headers: { "idempotency-key": newId() },
    });
    assert.equal(decided.status, 200, JSON.stringify(decided.body));
    const statement = await shop.imported([sale, { ...sale, kind: "refund", gross: -10_000, fee: 0 }]);
    assert.deepEqual(
      (await shop.rows(statement)).map(({ outcome, document_kind }) => [outcome, document_kind]),
      [
        ["matched", "payment"],
        ["matched", "refund"],
      ],
    );
  });
});

describe("a decision", () => {
  it("a decision is made once, by an authorised person, however often it is requested", async () => {
    const sale = await shop.sold("Latte");
    await shop.imported([{ ...sale, fee: sale.fee + 100 }]);
    const [found] = await shop.cases();
    assert.equal(
      (await shop.decide(found!.id, { action: "refund_later", reason: "a wrong action" })).code,
      "case_action_unfit",
    );
    assert.equal((await shop.decide(found!.id, { action: "apply" })).code, "request_invalid", "no reason");
    assert.equal(
      (
        await shop.program.call("POST", `/api/v1/settlement/cases/${found!.id}/decisions`, {
          token: shop.owner,
          body: { action: "apply", reason: "the tariff rose" },
        })
      ).code,
      "idempotency_key_missing",
    );
    const feesBefore = await shop.balance("fees");
    const key = newId();
    const input = { action: "apply", reason: "the tariff rose" };
    const answers = await Promise.all(Array.from({ length: 20 }, () => shop.decide(found!.id, input, key)));
    assert.equal(
      new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size,
      1,
      "twenty identical answers",
    );
    const others = await Promise.all(Array.from({ length: 5 }, () => shop.decide(found!.id, input)));
    assert.deepEqual(new Set(others.map(({ code }) => code)), new Set(["case_settled"]));
    assert.equal(
      (await shop.decide(found!.id, { ...input, reason: "another reason" }, key)).code,
      "idempotency_key_reused",
    );
    assert.equal(await shop.balance("fees"), feesBefore - 10_000n, "one posting");
  });
});

describe("the transfers of a statement", () => {
  it("a row's transfers can't be posted twice, because their ids come from the row", async () => {
    const sale = await shop.sold("Latte");
    await shop.imported([sale]);
    const {
      rows: [settle],
    } = await shop.program.database.pool.query<{
      transfer_id: string;
      debit_account_id: string;
      credit_account_id: string;
      amount: bigint;
      currency: string;
    }>("select t.* from ledger_transfer t where kind = 'settle' and reference = $1", [sale.reference]);
    const ledger = createLedger(shop.program.database, { concurrency: 1, queue: 10 });
    const again = await ledger.post(DEMO_MERCHANT, {
      id: settle!.transfer_id,
      kind: "settle",
      debit: settle!.debit_account_id,
      credit: settle!.credit_account_id,
      amount: { minor: settle!.amount, currency: "IDR" as never },
      reference: sale.reference,
    });
    assert.deepEqual(again, { id: settle!.transfer_id, posted: "before" });
  });
});
