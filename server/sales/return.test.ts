import {
  newId,
  type ApprovalBody,
  type CatalogueBody,
  type SaleBody,
  type ShopBody,
  type TodayBody,
} from "@onegate/contract";
import fc from "fast-check";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { DEMO_MERCHANT, DEMO_OUTLET } from "../demo/index.ts";
import { balanceByCode } from "../ledger/index.ts";
import { proveBooks, proveDay } from "../proof.ts";
import { newSale, openTestProgram, sell, type Answer, type TestProgram } from "../testing/program.ts";
import { until } from "../testing/until.ts";
import { checkedToLines, returnSum, type ReturnLine } from "./return-sum.ts";

let program: TestProgram;
let cashier: string;
let manager: string;
let shop: ShopBody;
let catalogue: CatalogueBody;
before(async () => {
  program = await openTestProgram();
  cashier = await program.unlock("Sari", "111111");
  manager = await program.unlock("Bima", "222222");
  shop = (await program.call<ShopBody>("GET", "/api/v1/till/shop")).body;
  catalogue = (await program.call<CatalogueBody>("GET", "/api/v1/till/catalogue", { token: cashier })).body;
});
after(() => program.close());

type Input = {
  id?: string;
  lines?: Array<{ line_id: number; quantity: number }>;
  reason?: string;
  restock?: boolean;
};

const posted = async (code: string) =>
  (await balanceByCode(program.database.kysely, DEMO_MERCHANT, code))?.posted ?? 0n;
const ACCOUNTS = [
  "sales",
  "tax_payable",
  "rounding",
  "received",
  `drawer:${DEMO_OUTLET}`,
  "clearing:tripay",
] as const;
const books = async () => Promise.all(ACCOUNTS.map(posted));
const difference = (now: readonly bigint[], then: readonly bigint[]) =>
  now.map((sum, index) => sum - (then[index] ?? 0n));
const stock = async (name: string) =>
  (await program.call<CatalogueBody>("GET", "/api/v1/till/catalogue", { token: cashier })).body.products.find(
    (one) => one.name === name,
  )?.stock ?? 0;
const staff = (name: string) => shop.staff.find((one) => one.name === name)?.id ?? "";

const refund = (
  sale: SaleBody,
  input: Input = {},
  { token = manager, approval = "" } = {},
): Promise<Answer<SaleBody>> =>
  program.call<SaleBody>("POST", `/api/v1/till/sales/${sale.id}/refund`, {
    token,
    body: { id: newId(), reason: "salah pesan", restock: true, ...input },
    headers: approval ? { "onegate-approval": approval } : {},
  });
const cancelOut = (sale: SaleBody, { token = manager, approval = "", id = newId() } = {}) =>
  program.call<SaleBody>("POST", `/api/v1/till/sales/${sale.id}/void`, {
    token,
    body: { id, reason: "salah ketik" },
    headers: approval ? { "onegate-approval": approval } : {},
  });
const approve = async (sale: SaleBody, amount: string, action = "sale.refund") =>
  (
    await program.call<ApprovalBody>("POST", "/api/v1/till/approvals", {
      token: cashier,
      body: {
        action,
        subject: sale.id,
        amount: { amount, currency: "IDR" },
        approver_id: staff("Bima"),
        pin: "222222",
      },
    })
  ).body.id;

async function cashSale(names: string[]): Promise<SaleBody> {
  const { status, body } = await sell(program, cashier, newSale(catalogue, names, "exact"));
  assert.equal(status, 201, JSON.stringify(body));
  return body;
}

async function qrisSale(names: string[]): Promise<SaleBody> {
  const opened = await sell(program, cashier, newSale(catalogue, names, "QRIS"));
  assert.equal(opened.status, 201, JSON.stringify(opened.body));
  await program.lever("POST", `transactions/${opened.body.tenders[0]?.reference}/pay`, {});
  return until(
    async () =>
      (await program.call<SaleBody>("GET", `/api/v1/till/sales/${opened.body.id}`, { token: cashier })).body,
    ({ state }) => state === "paid",
  );
}

async function assertHold(): Promise<void> {
  assert.deepEqual((await proveBooks(program.database, { mode: "all" })).breaches, []);
  const { rows } = await program.database.pool.query<{ today: string }>(
    "select (now() at time zone 'Asia/Jakarta')::date as today",
  );
  assert.deepEqual(
    (await proveDay(program.database, rows[0]?.today ?? "")).flatMap(({ breaks }) => breaks),
    [],
  );
}

describe("a sale that was paid in cash", () => {
  it("a cash sale is returned line by line, exactly, out of the drawer and into stock", async () => {
    const [before, latte] = [await books(), await stock("Latte")];
    const sale = await cashSale(["Latte", "Donat", "Teh Melati"]);
    const first = await refund(sale, { lines: [{ line_id: 2, quantity: 1 }] });
    assert.deepEqual(
      [first.status, first.body.refunded.amount, first.body.returns[0]?.refunds],
      [
        201,
        "12000.00",
        [{ method: "CASH", amount: { amount: "12000.00", currency: "IDR" }, state: "succeeded" }],
      ],
    );
    assert.equal((await refund(sale, { lines: [{ line_id: 2, quantity: 1 }] })).code, "return_line_exceeds");
    const rest = await refund(sale, { restock: false });
    assert.deepEqual(
      rest.body.returns.map(({ amount, lines, restock, returned_by, approved_by }) => [
        amount.amount,
        lines,
        restock,
        returned_by,
        approved_by,
      ]),
      [
        ["12000.00", [{ line_id: 2, quantity: 1 }], true, "Bima", null],
        [
          "40000.00",
          [
            { line_id: 1, quantity: 1 },
            { line_id: 3, quantity: 1 },
          ],
          false,
          "Bima",
          null,
        ],
      ],
    );
    assert.deepEqual(
      rest.body.lines.map(({ line_id, returned }) => [line_id, returned]),
      [
        [1, 1],
        [2, 1],
        [3, 1],
      ],
    );
    assert.deepEqual(
      difference(await books(), before),
      ACCOUNTS.map(() => 0n),
      "all accounts are as before the sale",
    );
    assert.equal(await stock("Latte"), latte - 1, "not restocked");
    assert.deepEqual((await refund(sale)).code, "refund_exceeds");
    await assertHold();
  });

  it("a return happens once per id, and the id with other content is refused", async () => {
    const sale = await cashSale(["Latte", "Donat"]);
    const id = newId();
    const answers = await Promise.all([refund(sale, { id }), refund(sale, { id }), refund(sale, { id })]);
    assert.deepEqual(
      [
        answers.map(({ status }) => status),
        answers.filter(({ headers }) => headers.get("idempotent-replayed") === "true").length,
      ],
      [[201, 201, 201], 2],
    );
    assert.equal((await refund(sale, { id, reason: "lain" })).code, "idempotency_key_reused");
    assert.equal((await refund(await cashSale(["Donat"]), { id })).code, "idempotency_key_reused");
    assert.equal(answers[0]?.body.returns.length, 1);
    await assertHold();
  });

  it("concurrent returns at two tills never refund more than was paid", async () => {
    const drawer = await posted(`drawer:${DEMO_OUTLET}`);
    const sale = await cashSale(["Latte", "Donat"]);
    const answers = await Promise.all([
      refund(sale),
      refund(sale),
      refund(sale, { lines: [{ line_id: 1, quantity: 1 }] }),
      refund(sale, { lines: [{ line_id: 2, quantity: 1 }] }),
      cancelOut(sale),
    ]);
    const done = answers.filter(({ status }) => status === 201);
    assert.ok(done.length >= 1);
    for (const { code, status } of answers)
      assert.ok(
        status === 201 || ["refund_exceeds", "return_line_exceeds", "void_after_return"].includes(code ?? ""),
        code,
      );
    await refund(sale);
    const { body } = await program.call<SaleBody>("GET", `/api/v1/till/sales/${sale.id}`, { token: cashier });
    assert.deepEqual([body.refunded.amount, await posted(`drawer:${DEMO_OUTLET}`)], ["40000.00", drawer]);
    await assertHold();
  });

  it("cash rounding is returned with the sale", async () => {
    const { pool } = program.database;
    await pool.query("update product set price = 1155000 where name = 'Donat'");
    await pool.query('update outlet set cash_rounding = \'{"unit": 10000, "direction": "down"}\'');
    catalogue = (await program.call<CatalogueBody>("GET", "/api/v1/till/catalogue", { token: cashier })).body;
    const before = await books();
    const sale = await cashSale(["Donat", "Espresso", "Air Mineral"]);
    assert.deepEqual([sale.total.amount, sale.rounding.amount], ["37550.00", "-50.00"]);
    const parts = [
      await refund(sale, { lines: [{ line_id: 1, quantity: 1 }] }),
      await refund(sale, { lines: [{ line_id: 3, quantity: 1 }] }),
      await refund(sale),
    ];
    assert.deepEqual(
      parts.at(-1)?.body.returns.map(({ amount }) => amount.amount),
      ["11500.00", "8000.00", "18000.00"],
      "rounded to coins that exist",
    );
    assert.deepEqual(
      difference(await books(), before),
      ACCOUNTS.map(() => 0n),
    );
    await assertHold();
  });
});

describe("a void", () => {
  it("a void returns the whole sale on its business day, and the report no longer counts it", async () => {
    const report = async () =>
      (await program.call<TodayBody>("GET", "/api/v1/till/reports/today", { token: manager })).body;
    const unread = async () => {
      const { rows } = await program.database.pool.query<{ unread: string }>(
        "select count(*) as unread from outbox_event e join outbox_consumer c on c.name = 'reports' " +
          "where e.topic like 'sale.%' and (e.xid, e.event_id) > (c.xid, c.event_id)",
      );
      return Number(rows[0]?.unread);
    };
    // reports are updated from the outbox, so wait for it
    const settled = async () => {
      await until(unread, (count) => count === 0);
      return report();
    };
    const then = await settled();
    const [before, espresso] = [await books(), await stock("Espresso")];
    const sale = await cashSale(["Espresso", "Mocha"]);
    assert.equal((await settled()).sales, then.sales + 1);
    const { status, body } = await cancelOut(sale);
    assert.deepEqual(
      [status, body.returns.map(({ kind, restock, lines }) => [kind, restock, lines.length])],
      [201, [["void", true, 2]]],
    );
    assert.deepEqual(
      difference(await books(), before),
      ACCOUNTS.map(() => 0n),
    );
    assert.equal(await stock("Espresso"), espresso);
    const now = await settled();
    assert.deepEqual([now.sales, now.returned.count], [then.sales, then.returned.count + 1]);
    assert.deepEqual(
      [now.gross, now.tax, now.best_sellers, now.by_tender],
      [then.gross, then.tax, then.best_sellers, then.by_tender],
    );
    assert.equal((await cancelOut(sale)).code, "void_after_return");
    await assertHold();
  });

  it("a void whose refund is abandoned leaves the day's sales and amounts as they were", async () => {
    const day = async () => {
      const { body } = await program.call<TodayBody>("GET", "/api/v1/till/reports/today", { token: manager });
      return [body.sales, body.gross.amount];
    };
    const sale = await qrisSale(["Latte"]);
    const unread = async () => {
      const { rows } = await program.database.pool.query<{ unread: string }>(
        "select count(*) as unread from outbox_event e join outbox_consumer c on c.name = 'reports' " +
          "where e.topic like 'sale.%' and (e.xid, e.event_id) > (c.xid, c.event_id)",
      );
      return Number(rows[0]?.unread);
    };
    await until(unread, (count) => count === 0);
    const sold = await day();
    const { body } = await cancelOut(sale);
    const [under] = body.returns;
    assert.deepEqual(
      under?.refunds.map(({ state }) => state),
      ["manual"],
    );
    await until(unread, (count) => count === 0);
    assert.deepEqual(await day(), [Number(sold[0]) - 1, sold[1]]);
    const { rows } = await program.database.pool.query<{ refund_id: string }>(
      "select refund_id from refund where return_id = $1",
      [under?.id],
    );
    const given = await program.call("POST", `/api/v1/refunds/${rows[0]?.refund_id}/decision`, {
      body: { done: false, note: "the customer left" },
      headers: { "idempotency-key": newId() },
    });
    assert.equal(given.status, 200, JSON.stringify(given.body));
    await until(unread, (count) => count === 0);
    assert.deepEqual(await day(), sold);
    // a later refund is an ordinary one: the money is paid back, and the sale still counts
    const later = await program.call<{ refund_id: string }>(
      "POST",
      `/api/v1/payments/${sale.tenders[0]?.payment_id}/refunds`,
      { body: { reason: "came back" }, headers: { "idempotency-key": newId() } },
    );
    await program.call("POST", `/api/v1/refunds/${later.body.refund_id}/decision`, {
      body: { done: true, reference: "TRF-9" },
      headers: { "idempotency-key": newId() },
    });
    await until(unread, (count) => count === 0);
    assert.equal((await day())[0], sold[0]);
    await assertHold();
  });

  it("a void is refused after the business day of the sale, and a refund is not", async () => {
    const sale = await cashSale(["Mocha"]);
    await program.database.pool.query(
      "update sale set business_date = business_date - 1 where sale_id = $1",
      [sale.id],
    );
    assert.equal((await cancelOut(sale)).code, "void_day_over");
    const done = await refund(sale);
    const { rows } = await program.database.pool.query<{ today: string }>(
      "select ((now() at time zone time_zone) - day_begins::interval)::date as today " +
        "from outlet where outlet_id = $1",
      [DEMO_OUTLET],
    );
    await program.database.pool.query(
      "update sale set business_date = business_date + 1 where sale_id = $1",
      [sale.id],
    );
    assert.equal(
      done.body.returns[0]?.business_date,
      rows[0]?.today,
      "the refund counts on the day it is made",
    );
    await assertHold();
  });
});

describe("a cashier", () => {
  it("a cashier needs an approval to refund, and it can be used once", async () => {
    const sale = await cashSale(["Latte", "Croissant"]);
    assert.equal((await refund(sale, {}, { token: cashier })).code, "approval_needed");
    assert.equal((await cancelOut(sale, { token: cashier })).code, "approval_needed");
    const input = { lines: [{ line_id: 1, quantity: 1 }] };
    const sum = await program.call<{ amount: { amount: string } }>(
      "POST",
      `/api/v1/till/sales/${sale.id}/refund/sum`,
      { token: cashier, body: input },
    );
    assert.equal(sum.body.amount.amount, "28000.00");
    const approval = await approve(sale, sum.body.amount.amount);
    assert.equal(
      (await refund(sale, {}, { token: cashier, approval })).code,
      "approval_invalid",
      "approved for another amount",
    );
    assert.equal(
      (await refund(sale, { lines: [{ line_id: 9, quantity: 1 }] }, { token: cashier, approval })).code,
      "return_line_unknown",
    );
    assert.equal(
      (await cancelOut(sale, { token: cashier, approval })).code,
      "approval_invalid",
      "approved for another action",
    );
    const done = await refund(sale, input, { token: cashier, approval });
    assert.deepEqual(
      done.body.returns.map(({ returned_by, approved_by }) => [returned_by, approved_by]),
      [["Sari", "Bima"]],
    );
    assert.equal(
      (await refund(sale, {}, { token: cashier, approval })).code,
      "approval_invalid",
      "already used",
    );
    await assertHold();
  });

  it("an approval is used by one of two concurrent requests", async () => {
    const sale = await cashSale(["Latte", "Cappuccino"]);
    const approval = await approve(sale, "28000.00");
    const answers = await Promise.all(
      [1, 2].map((line_id) =>
        refund(sale, { lines: [{ line_id, quantity: 1 }] }, { token: cashier, approval }),
      ),
    );
    assert.deepEqual(answers.map(({ code }) => code ?? "done").sort(), ["approval_invalid", "done"]);
    await assertHold();
  });

  it("a cashier voids a sale with an approval", async () => {
    const sale = await cashSale(["Latte"]);
    const approval = await approve(sale, "28000.00", "sale.void");
    assert.equal((await cancelOut(sale, { token: cashier, approval })).status, 201);
    await assertHold();
  });
});

describe("a sale that was paid by QRIS", () => {
  it("a QRIS sale is refunded through its provider, and booked when that is done", async () => {
    const before = await books();
    const sale = await qrisSale(["Latte"]);
    const collected = await books();
    const requested = await refund(sale);
    const found = requested.body.returns[0];
    assert.deepEqual(
      [
        requested.status,
        found?.refunds.map(({ method, state }) => [method, state]),
        requested.body.refunded.amount,
      ],
      [201, [["QRIS", "manual"]], "0.00"],
    );
    assert.deepEqual(await books(), collected, "nothing is booked before the money is paid back");
    assert.equal((await refund(sale)).code, "refund_exceeds", "a refund under way counts as refunded");
    const { rows } = await program.database.pool.query<{ refund_id: string }>(
      "select refund_id from refund where return_id = $1",
      [found?.id],
    );
    const done = await program.call("POST", `/api/v1/refunds/${rows[0]?.refund_id}/decision`, {
      body: { done: true, reference: "TRF-1" },
      headers: { "idempotency-key": newId() },
    });
    assert.equal(done.status, 200, JSON.stringify(done.body));
    const { body } = await program.call<SaleBody>("GET", `/api/v1/till/sales/${sale.id}`, { token: cashier });
    assert.deepEqual([body.refunded.amount, body.returns[0]?.refunds[0]?.state], ["28000.00", "succeeded"]);
    assert.deepEqual(difference(await books(), before).slice(0, 5), [0n, 0n, 0n, 0n, 0n]);
    await assertHold();
  });
});

describe("a sale that was paid through a provider with refunds", () => {
  before(async () => {
    await program.database.pool.query(
      "insert into routing_rule (merchant_id, rule_id, rank, method, providers) " +
        "values ($1, $2, 1, 'QRIS', array['midtrans'])",
      [DEMO_MERCHANT, newId()],
    );
  });
  after(async () => {
    await program.database.pool.query("delete from routing_rule where rank = 1");
  });

  it("the provider refunds a sale line by line", async () => {
    const sale = await qrisSale(["Latte", "Mocha"]);
    const done = await refund(sale, { lines: [{ line_id: 1, quantity: 1 }] });
    assert.deepEqual(
      [done.body.refunded.amount, done.body.returns[0]?.refunds[0]?.state],
      ["28000.00", "succeeded"],
    );
    const answers = await Promise.all([refund(sale), refund(sale)]);
    assert.deepEqual(answers.map(({ code }) => code ?? "done").sort(), ["done", "refund_exceeds"]);
    await assertHold();
  });

  it("a refund whose answer is lost is not sent twice", async () => {
    const sale = await qrisSale(["Latte"]);
    const before = await books();
    await program.lever("POST", "next", { fault: "error_500", call: "refund", times: 1 });
    const id = newId();
    const requested = await refund(sale, { id });
    assert.deepEqual([requested.status, requested.body.returns[0]?.refunds[0]?.state], [201, "unknown"]);
    assert.deepEqual(await books(), before, "nothing is booked on a guess");
    assert.equal((await refund(sale)).code, "refund_exceeds");
    assert.equal((await refund(sale, { id })).headers.get("idempotent-replayed"), "true");
    const { rows } = await program.database.pool.query("select 1 from refund where return_id = $1", [id]);
    assert.equal(rows.length, 1);
    await assertHold();
  });
});

describe("a sale that was paid by the outlet's printed code", () => {
  it("a sale paid to the printed code is refunded from the drawer", async () => {
    const owner = await program.unlock("Ratna", "333333");
    const payload =
      "00020101021126570011ID.DANA.WWW011893600915300060605702090006060570303UMI51440014ID.CO.QRIS.WWW0215ID10190046990790303UMI5204481453033605802ID5912Saifullah.id6014Kota Pontianak61057812463045F72";
    assert.equal(
      (
        await program.call("PUT", `/api/v1/outlets/${DEMO_OUTLET}/static-qris`, {
          token: owner,
          body: { payload },
        })
      ).status,
      200,
    );
    const opened = await sell(program, cashier, newSale(catalogue, ["Latte"], "QRIS_STATIC"));
    const sale = await program.call<SaleBody>("POST", `/api/v1/till/sales/${opened.body.id}/static-qris`, {
      token: cashier,
      body: {},
      headers: { "idempotency-key": newId() },
    });
    assert.equal(sale.body.state, "paid", JSON.stringify(sale.body));
    const drawer = await posted(`drawer:${DEMO_OUTLET}`);
    assert.deepEqual(
      [(await refund(sale.body)).code, (await cancelOut(sale.body)).code],
      ["payment_unverified", "payment_unverified"],
      "a payment that only a cashier confirmed is not refunded",
    );
    const { body: found } = await program.call<{ id: string }>(
      "POST",
      `/api/v1/settlement/unverified/${sale.body.tenders[0]?.payment_id}/case`,
      { token: owner },
    );
    const verified = await program.call("POST", `/api/v1/settlement/cases/${found.id}/decisions`, {
      token: owner,
      body: { action: "verify", reference: "632511000001", reason: "seen in the app" },
      headers: { "idempotency-key": newId() },
    });
    assert.equal(verified.status, 200, JSON.stringify(verified.body));
    const done = await refund(sale.body);
    assert.deepEqual(
      done.body.returns[0]?.refunds.map(({ method, state }) => [method, state]),
      [["QRIS_STATIC", "succeeded"]],
    );
    assert.equal((await posted(`drawer:${DEMO_OUTLET}`)) - drawer, 2_800_000n);
    await assertHold();
  });
});

describe("the sum of a refund", () => {
  it("the amount of a refund is computed while the sale is locked, without locking anything", async () => {
    const sale = await cashSale(["Latte", "Mocha"]);
    const sum = () =>
      program.call<{ amount: { amount: string } }>("POST", `/api/v1/till/sales/${sale.id}/refund/sum`, {
        token: cashier,
        body: { lines: [{ line_id: 1, quantity: 1 }] },
      });
    const client = await program.database.pool.connect();
    try {
      await client.query("begin");
      await client.query("select from payment_order where order_id = $1 for update", [sale.id]);
      await client.query("select from sale where sale_id = $1 for update", [sale.id]);
      const { status, body } = await sum();
      assert.deepEqual([status, body.amount.amount], [200, "28000.00"]);
    } finally {
      await client.query("rollback");
      client.release();
    }
  });
});

describe("the drawer", () => {
  it("the drawer opens without a sale by right or with an approval, once per id", async () => {
    const open = (token: string, id = newId(), approval = "") =>
      program.call<{ id: string }>("POST", "/api/v1/till/drawer", {
        token,
        body: { id, reason: "tukar uang kecil" },
        headers: approval ? { "onegate-approval": approval } : {},
      });
    assert.equal((await open(manager)).status, 201);
    assert.equal((await open(cashier)).code, "approval_needed");
    const approval = await program.call<ApprovalBody>("POST", "/api/v1/till/approvals", {
      token: cashier,
      body: { action: "drawer.open", subject: DEMO_OUTLET, approver_id: staff("Bima"), pin: "222222" },
    });
    const id = newId();
    assert.equal((await open(cashier, id, approval.body.id)).status, 201);
    assert.equal((await open(cashier, id, approval.body.id)).headers.get("idempotent-replayed"), "true");
    assert.equal((await open(cashier, newId(), approval.body.id)).code, "approval_invalid");
    const { rows } = await program.database.pool.query<{
      payload: { actor: string; after: { approved_by: string | null; reason: string } };
    }>("select payload from outbox_event where topic = 'audit.drawer.opened' order by event_id");
    assert.deepEqual(
      rows.map(({ payload: { actor, after } }) => [actor, after.approved_by, after.reason]),
      [
        [staff("Bima"), null, "tukar uang kecil"],
        [staff("Sari"), staff("Bima"), "tukar uang kecil"],
      ],
    );
  });
});

describe("a sale", () => {
  it("a return of an unpaid or unknown sale, or with invalid input, is refused", async () => {
    const waiting = await sell(program, cashier, newSale(catalogue, ["Latte"], "QRIS"));
    assert.equal((await refund(waiting.body)).code, "sale_not_paid");
    assert.equal((await refund({ ...waiting.body, id: newId() })).code, "sale_unknown");
    const sale = await cashSale(["Latte"]);
    assert.equal(
      (
        await refund(sale, {
          lines: [
            { line_id: 1, quantity: 1 },
            { line_id: 1, quantity: 1 },
          ],
        })
      ).code,
      "return_line_unknown",
    );
    assert.equal((await refund(sale, { lines: [{ line_id: 1, quantity: 2 }] })).code, "return_line_exceeds");
    assert.equal((await refund(sale, { lines: [] })).code, "request_invalid");
    assert.equal((await refund(sale, { reason: "" })).code, "request_invalid");
  });
});

describe("the amount of a return", () => {
  it("returns in any parts and order add up to what was collected, and none is negative", () => {
    const line = fc.record({
      unitPrice: fc.bigInt(0n, 10_000_000n),
      quantity: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1, maxLength: 6 }),
        fc.bigInt(0n, 1_100_000n),
        fc.bigInt(-9_999n, 9_999n),
        fc.constantFrom(1n, 100n, 10_000n),
        fc.infiniteStream(fc.nat()),
        (drawn, tax, rounding, unit, stream) => {
          const lines = drawn.map((one) => ({ ...one, productId: "", name: "" }));
          const subtotal = lines.reduce(
            (sum, { unitPrice, quantity }) => sum + unitPrice * BigInt(quantity),
            0n,
          );
          const sale = { lines, subtotal, total: subtotal + tax, rounding };
          fc.pre(subtotal > 0n && sale.total + rounding > 0n);
          const quantities = new Map<number, number>();
          let given = 0n;
          for (let steps = 0; steps < 200; steps++) {
            const left = sale.total + rounding - given;
            const open = checkedToLines(sale, { quantities, given }, undefined) as readonly ReturnLine[];
            if (open.length === 0) break;
            const one = open[(stream.next().value ?? 0) % open.length]!;
            const some = [{ line: one.line, quantity: 1 + ((stream.next().value ?? 0) % one.quantity) }];
            const sum = returnSum(sale, { quantities, given }, some, left, unit);
            assert.ok(sum >= 0n && sum <= left, `${sum} of ${left}`);
            given += sum;
            for (const { line: number, quantity } of some)
              quantities.set(number, (quantities.get(number) ?? 0) + quantity);
          }
          assert.equal(given, sale.total + rounding);
        },
      ),
    );
  });
});
