import {
  newId,
  parseQris,
  type CatalogueBody,
  type OrderBody,
  type Problem,
  type SaleBody,
  type TodayBody,
} from "@onegate/contract";
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { newSale, openTestProgram, sell, type TestProgram } from "./testing/program.ts";
import { until } from "./testing/until.ts";
import { DEMO_MERCHANT } from "./demo/index.ts";
import { balanceByCode } from "./ledger/index.ts";
import { bearing } from "./testing/session.ts";

let program: TestProgram;
let cashier: string;
let owner: string;
let catalogue: CatalogueBody;
before(async () => {
  program = await openTestProgram();
  cashier = await program.unlock("Sari", "111111");
  owner = await program.unlock("Ratna", "333333");
  catalogue = (await program.call<CatalogueBody>("GET", "/api/v1/till/catalogue", { token: cashier })).body;
});
after(() => program.close());

const posted = async (code: string) =>
  (await balanceByCode(program.database.kysely, DEMO_MERCHANT, code))?.posted ?? 0n;
const today = async () =>
  (await program.call<TodayBody>("GET", "/api/v1/till/reports/today", { token: owner })).body;
const readSale = async (id: string) =>
  (await program.call<SaleBody>("GET", `/api/v1/till/sales/${id}`, { token: cashier })).body;
const stockOf = async (name: string) =>
  (await program.call<CatalogueBody>("GET", "/api/v1/till/catalogue", { token: cashier })).body.products.find(
    (product) => product.name === name,
  )?.stock ?? 0;

/** The callback that Tripay sends for a transaction, signed with `key`. */
function callback(
  reference: string,
  merchantRef: string,
  amount: number,
  status: string,
  key = "onegate-demo-private-key",
) {
  const raw = JSON.stringify({
    reference,
    merchant_ref: merchantRef,
    payment_method: "QRIS",
    payment_method_code: "QRIS2",
    total_amount: amount,
    fee_merchant: 950,
    fee_customer: 0,
    total_fee: 950,
    amount_received: amount - 950,
    is_closed_payment: 1,
    status,
    paid_at: 1_763_256_923,
    note: null,
  });
  const signature = createHmac("sha256", key).update(raw).digest("hex");
  return { raw, headers: { "x-callback-signature": signature, "x-callback-event": "payment_status" } };
}
const notify = (sent: { raw: string; headers: Record<string, string> }) =>
  program.call("POST", "/api/v1/providers/tripay/notifications", sent);

describe("a cash sale", () => {
  it("is paid at once, with receipt, change, stock, books and the owner's report", async () => {
    const [drawerBefore, stockBefore, dayBefore] = [
      await posted("sales"),
      await stockOf("Latte"),
      await today(),
    ];
    const { status, body } = await sell(
      program,
      cashier,
      newSale(catalogue, ["Latte", "Roti Bakar"], "50000"),
    );
    assert.equal(status, 201);
    assert.equal(body.state, "paid");
    assert.match(body.receipt_number ?? "", /^KS1-[0-9]{6}-[0-9]{4}$/);
    assert.deepEqual(body.total, { amount: "46000.00", currency: "IDR" });
    assert.deepEqual(
      body.tax,
      { amount: "4559.00", currency: "IDR" },
      "PPN is 11/111 of 46000, rounded to whole rupiah",
    );
    assert.deepEqual(body.tenders[0]?.change, { amount: "4000.00", currency: "IDR" });
    assert.equal(await stockOf("Latte"), stockBefore - 1);
    assert.equal((await posted("sales")) - drawerBefore, 4_144_100n);
    await until(today, (day) => day.sales === dayBefore.sales + 1);
    await program.assertBooksHold();
  });

  it("fault 1: the same POST, sent 50 times at once, is one sale with 50 identical answers", async () => {
    const sale = newSale(catalogue, ["Espresso"], "exact");
    const stockBefore = await stockOf("Espresso");
    const answers = await Promise.all(Array.from({ length: 50 }, () => sell(program, cashier, sale)));
    assert.deepEqual(new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size, 1);
    assert.equal(answers[0]?.status, 201);
    assert.equal(await stockOf("Espresso"), stockBefore - 1);
    await program.assertBooksHold();
  });

  it("fault 2: the same key with another body is refused, and no money moves", async () => {
    const sale = newSale(catalogue, ["Espresso"], "exact");
    await sell(program, cashier, sale);
    const salesBefore = await posted("sales");
    const other = await program.call("POST", "/api/v1/till/sales", {
      token: cashier,
      body: { ...newSale(catalogue, ["Latte"], "exact") },
      headers: { "idempotency-key": sale.id },
    });
    assert.equal(other.code, "idempotency_key_reused");
    const twin = await program.call("POST", "/api/v1/till/sales", {
      token: cashier,
      body: { ...newSale(catalogue, ["Latte"], "exact"), id: sale.id },
      headers: { "idempotency-key": newId() },
    });
    assert.equal(twin.code, "sale_differs");
    assert.equal(await posted("sales"), salesBefore);
  });

  it("gives concurrent sales receipt numbers without gaps", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        sell(program, cashier, newSale(catalogue, ["Teh Melati", "Donat"], "exact")),
      ),
    );
    const numbers = answers.map(({ body }) => Number(body.receipt_number?.slice(-4))).sort((a, b) => a - b);
    assert.deepEqual(
      numbers,
      Array.from({ length: 20 }, (_, i) => numbers[0]! + i),
    );
    await program.assertBooksHold();
  });

  it("is refused with a specific code if it is invalid, and changes nothing", async () => {
    const salesBefore = await posted("sales");
    const good = newSale(catalogue, ["Latte"], "exact");
    const refused = async (change: object, key?: string) =>
      (
        await program.call("POST", "/api/v1/till/sales", {
          token: cashier,
          body: { ...good, id: newId(), ...change },
          headers: { "idempotency-key": key ?? newId() },
        })
      ).code;
    assert.equal(await refused({ lines: [] }), "cart_empty");
    assert.equal(await refused({ lines: [{ ...good.lines[0], product_id: newId() }] }), "product_unknown");
    assert.equal(
      await refused({ lines: [{ ...good.lines[0], unit_price: { amount: "1.00", currency: "IDR" } }] }),
      "price_differs",
    );
    assert.equal(await refused({ total: { amount: "27999.00", currency: "IDR" } }), "amount_mismatch");
    assert.equal(await refused({ total: { amount: "1e3", currency: "IDR" } }), "amount_malformed");
    assert.equal(
      await refused({ tender: { method: "CASH", tendered: { amount: "27999.99", currency: "IDR" } } }),
      "tender_insufficient",
    );
    assert.equal(await refused({ price: 1 }), "request_invalid");
    assert.equal(await refused({ merchant_id: newId() }), "request_invalid");
    assert.equal(await refused({}, ""), "idempotency_key_invalid");
    assert.equal(
      (await program.call("POST", "/api/v1/till/sales", { token: cashier, body: good })).code,
      "idempotency_key_missing",
    );
    assert.equal((await program.call("POST", "/api/v1/till/sales", { body: good })).code, "unauthenticated");
    assert.equal(
      (await program.call("POST", "/api/v1/till/sales", { body: good, token: "x".repeat(43) })).code,
      "unauthenticated",
    );
    assert.equal(await posted("sales"), salesBefore);
  });
});

describe("a QRIS sale", () => {
  async function waiting(names = ["Latte", "Kopi Susu"]) {
    const { status, body } = await sell(program, cashier, newSale(catalogue, names, "QRIS"));
    assert.equal(status, 201, JSON.stringify(body));
    const [tender] = body.tenders;
    assert.equal(body.state, "waiting");
    return {
      sale: body,
      reference: tender?.reference ?? "",
      qr: tender?.qr_string ?? "",
      merchantRef: `OG${tender?.payment_id.replaceAll("-", "")}`,
    };
  }

  it("shows a QR code with the amount, and is paid within a second of the customer's payment", async () => {
    const { sale, reference, qr } = await waiting();
    const payload = parseQris(qr);
    assert.ok(!("problem" in payload), qr);
    const paidBefore = await posted("clearing:tripay");
    const stream = await listen(cashier);
    await program.lever("POST", `transactions/${reference}/pay`);
    const event = await stream.first("sale.paid");
    assert.equal(event.sale_id, sale.id);
    const paid = await readSale(sale.id);
    assert.equal(paid.state, "paid");
    assert.ok(paid.receipt_number);
    // 50 000 from the customer less Tripay's fee of 750 + 0.7 % = 1 100
    assert.equal(paidBefore - (await posted("clearing:tripay")), 4_890_000n);
    await until(today, (day) => day.by_tender.some(({ method }) => method === "QRIS"));
    await program.assertBooksHold();
  });

  it("a till that reconnects gets the events that it missed", async () => {
    const first = await waiting();
    await program.lever("POST", `transactions/${first.reference}/pay`);
    await until(
      () => readSale(first.sale.id),
      ({ state }) => state === "paid",
    );
    const { rows } = await program.database.pool.query<{ cursor: string }>(
      `select xid::text || '-' || (event_id - 1) as cursor from outbox_event e
        where topic = 'sale.paid' order by e.xid desc, event_id desc limit 1`,
    );
    const event = await (await listen(cashier, rows[0]?.cursor)).first("sale.paid");
    assert.equal(event.sale_id, first.sale.id);
  });

  it("fault 14: a notification has one effect, even if it is repeated or out of order", async () => {
    const { sale, reference, merchantRef } = await waiting();
    const salesBefore = await posted("sales");
    const paid = callback(reference, merchantRef, 50_000, "PAID");
    const answers = await Promise.all(Array.from({ length: 10 }, () => notify(paid)));
    assert.deepEqual(
      answers.map(({ body }) => body),
      Array(10).fill({ success: true }),
    );
    await notify(callback(reference, merchantRef, 50_000, "EXPIRED"));
    await notify(callback(reference, merchantRef, 50_000, "FAILED"));
    assert.equal((await readSale(sale.id)).state, "paid");
    assert.equal((await posted("sales")) - salesBefore, 4_504_500n);
    await program.assertBooksHold();
  });

  it("a sale that is paid after it expired is a paid sale", async () => {
    const { sale, reference, merchantRef } = await waiting();
    await notify(callback(reference, merchantRef, 50_000, "EXPIRED"));
    assert.equal((await readSale(sale.id)).state, "expired");
    await notify(callback(reference, merchantRef, 50_000, "PAID"));
    assert.equal((await readSale(sale.id)).state, "paid");
    await program.assertBooksHold();
  });

  it("fault 15: a forged, altered or unsigned notification is refused without effect", async () => {
    const { sale, reference, merchantRef } = await waiting();
    const good = callback(reference, merchantRef, 50_000, "PAID");
    const bad = [
      callback(reference, merchantRef, 50_000, "PAID", "an-old-private-key"),
      { ...good, raw: good.raw.replace("50000", "50001") },
      { ...good, raw: `${good.raw} ` },
      { ...good, headers: { ...good.headers, "x-callback-signature": "00" } },
      { raw: good.raw, headers: {} as Record<string, string> },
    ];
    for (const sent of bad) {
      const { status, code } = await notify(sent);
      assert.deepEqual([status, code], [403, "notification_signature_wrong"]);
    }
    assert.equal((await readSale(sale.id)).state, "waiting");
    assert.equal((await program.call("POST", "/api/v1/providers/nobody/notifications", good)).status, 404);
  });

  it("fault 13: unmatched money (short, over, no order) goes to suspense once, with a case", async () => {
    const suspenseBefore = await posted("suspense");
    const casesBefore = (await today()).open_cases;
    const short = await waiting();
    for (let i = 0; i < 3; i++) await notify(callback(short.reference, short.merchantRef, 49_000, "PAID"));
    assert.notEqual((await readSale(short.sale.id)).state, "paid");
    const over = await waiting();
    await notify(callback(over.reference, over.merchantRef, 51_000, "PAID"));
    for (let i = 0; i < 2; i++) await notify(callback("DEV-T0001-NOBODY", "INV-NOBODY", 7_000, "PAID"));
    assert.equal((await posted("suspense")) - suspenseBefore, 10_700_000n);
    assert.equal((await today()).open_cases, casesBefore + 3);
    await program.assertBooksHold();
  });

  it("a sale can be cancelled at the till; money that arrives later goes to suspense", async () => {
    const { sale, reference } = await waiting();
    const cancel = (key = newId()) =>
      program.call<SaleBody>("POST", `/api/v1/till/sales/${sale.id}/cancel`, {
        token: cashier,
        headers: { "idempotency-key": key },
      });
    const key = newId();
    assert.equal((await cancel(key)).body.state, "cancelled");
    assert.equal((await cancel(key)).body.state, "cancelled");
    assert.equal((await cancel()).code, "sale_not_waiting");
    assert.equal(
      (
        await program.call("POST", "/api/v1/payment/create-payment", {
          body: { order_id: sale.id, method: "BRIVA" },
        })
      ).code,
      "order_cancelled",
    );
    const suspenseBefore = await posted("suspense");
    await program.lever("POST", `transactions/${reference}/pay`);
    await until(
      () => posted("suspense"),
      (now) => now - suspenseBefore === 5_000_000n,
    );
    assert.equal((await readSale(sale.id)).state, "cancelled");
    await program.assertBooksHold();
  });

  it("fault 11: a payment whose answer is lost is unknown until an inquiry, and paid once", async () => {
    await program.lever("POST", "next", { call: "create", fault: "answer_lost" });
    const { body } = await sell(program, cashier, newSale(catalogue, ["Latte"], "QRIS"));
    assert.equal(body.state, "waiting");
    assert.equal(body.tenders[0]?.state, "unknown");
    assert.equal(body.tenders[0]?.qr_string, null);
    const found = await until(
      () => readSale(body.id),
      (sale) => sale.tenders[0]?.state === "pending",
      15_000,
    );
    assert.equal(found.tenders.length, 1);
    assert.ok(found.tenders[0]?.qr_string);
    await program.lever("POST", `transactions/${found.tenders[0]?.reference}/pay`);
    await until(
      () => readSale(body.id),
      ({ state }) => state === "paid",
    );
    await program.assertBooksHold();
  });

  it("fault 12: a payment that never reached the provider fails only after an inquiry", async () => {
    const order = {
      order_id: `INV-${newId()}`,
      amount: 10_000,
      customer_name: "Pelanggan Contoh",
      order_items: [{ name: "Barang", price: 10_000, quantity: 1 }],
    };
    await program.call("POST", "/api/v1/payment/create-transaction", { body: order });
    const create = () =>
      program.call<{ data: { payment: { payment_id: string; status: string } } }>(
        "POST",
        "/api/v1/payment/create-payment",
        { body: { order_id: order.order_id, method: "QRIS2" } },
      );
    await program.lever("POST", "next", { call: "create", fault: "error_500" });
    const first = await create();
    assert.deepEqual([first.status, first.body.data.payment.status], [202, "UNKNOWN"]);
    assert.equal(
      (await create()).body.data.payment.payment_id,
      first.body.data.payment.payment_id,
      "while it is unknown no second payment is opened",
    );
    // a payment that the provider doesn't know after half a minute never reached it
    await program.database.pool.query(
      "update payment set created_at = created_at - interval '1 minute' where payment_id = $1",
      [first.body.data.payment.payment_id],
    );
    const state = async () =>
      (
        await program.database.pool.query<{ state: string }>(
          "select state from payment where payment_id = $1",
          [first.body.data.payment.payment_id],
        )
      ).rows[0]?.state;
    await until(state, (now) => now === "failed", 15_000);
    const second = await create();
    assert.deepEqual([second.status, second.body.data.payment.status], [201, "UNPAID"]);
    assert.notEqual(second.body.data.payment.payment_id, first.body.data.payment.payment_id);
  });

  it("an inquiry makes up for a lost callback", async () => {
    const { sale, reference } = await waiting();
    await program.lever("PUT", `transactions/${reference}/faults`, { suppressed: true });
    await program.lever("POST", `transactions/${reference}/pay`);
    const planned = await program.database.pool.query(
      "update payment set ask_at = now() where payment_id = $1 and ask_at > now() returning payment_id",
      [sale.tenders[0]?.payment_id],
    );
    assert.equal(planned.rowCount, 1);
    await until(
      () => readSale(sale.id),
      ({ state }) => state === "paid",
      15_000,
    );
    await program.assertBooksHold();
  });

  it("an inquiry that died with its process is repeated by another", async () => {
    const { sale, reference } = await waiting();
    const { pool } = program.database;
    const paymentId = sale.tenders[0]?.payment_id;
    await program.lever("PUT", `transactions/${reference}/faults`, { suppressed: true });
    // claimed by a process, but never finished
    const { rows } = await pool.query<{ lease: string }>(
      `update payment set ask_at = now() + interval '2 minutes', asked = asked + 1
        where payment_id = $1 returning ask_at::text as lease`,
      [paymentId],
    );
    await program.lever("POST", `transactions/${reference}/pay`);
    await pool.query(
      "update payment set ask_at = ask_at - interval '2 minutes' where payment_id = $1 and ask_at = $2",
      [paymentId, rows[0]?.lease],
    );
    await until(
      () => readSale(sale.id),
      ({ state }) => state === "paid",
      15_000,
    );
    await until(
      async () =>
        (await pool.query("select 1 from payment where payment_id = $1 and ask_at is null", [paymentId]))
          .rowCount,
      (count) => count === 1,
    );
    await program.assertBooksHold();
  });

  it("a sale that waits for its payment survives a restart of the program", async () => {
    const { sale, reference } = await waiting();
    await program.restart();
    await program.lever("POST", `transactions/${reference}/pay`);
    await until(
      () => readSale(sale.id),
      ({ state }) => state === "paid",
    );
  });
});

describe("the seed paths", () => {
  const order = (change: object = {}) => ({
    order_id: `INV-${newId()}`,
    amount: 25_000,
    customer_name: "Pelanggan Contoh",
    customer_email: "pelanggan@contoh.invalid",
    order_items: [{ sku: "LATTE", name: "Latte", price: 12_500, quantity: 2 }],
    ...change,
  });
  const create = (body: object) =>
    program.call<{ data: OrderBody }>("POST", "/api/v1/payment/create-transaction", { body });
  const pay = (body: object) =>
    program.call<{ data: OrderBody }>("POST", "/api/v1/payment/create-payment", { body });
  const status = (orderId: string) =>
    program.call<{ data: OrderBody }>(
      "GET",
      `/api/v1/payment/get-status-payment?order_id=${encodeURIComponent(orderId)}`,
    );

  it("list the channels without credentials in the sandbox", async () => {
    const { body } = await program.call<{
      success: boolean;
      data: Array<{ code: string; minimum_amount: number; total_fee: { flat: number; percent: number } }>;
    }>("GET", "/api/v1/payment/get-payment-channel");
    const qris = body.data.find(({ code }) => code === "QRIS2");
    assert.deepEqual([qris?.minimum_amount, qris?.total_fee], [1_000, { flat: 750, percent: 0.7 }]);
  });

  it("calculate the fees of an amount as the provider does, and explain how to pay", async () => {
    type Fees = {
      success: boolean;
      data: Array<{ code: string; total_fee: { merchant: number; customer: number } }>;
    };
    const fees = await program.call<Fees>("GET", "/api/v1/payment/fee-calculator?amount=100000");
    const feeOf = (code: string) => fees.body.data.find((channel) => channel.code === code)?.total_fee;
    assert.deepEqual(
      [feeOf("QRIS2"), feeOf("BRIVA"), feeOf("WALLET")],
      [
        { merchant: 1_450, customer: 0 },
        { merchant: 4_250, customer: 0 },
        { merchant: 0, customer: 0 },
      ],
    );
    assert.equal(new Set(fees.body.data.map(({ code }) => code)).size, fees.body.data.length);
    assert.equal(
      (await program.call<Fees>("GET", "/api/v1/payment/fee-calculator?amount=100000&code=BRIVA")).body.data
        .length,
      1,
    );
    for (const [query, code] of [
      ["amount=0", "amount_not_positive"],
      ["amount=1e9", "amount_malformed"],
      ["amount=1000&code=DUKUN", "channel_unknown"],
      ["", "request_invalid"],
    ] as const) {
      assert.equal((await program.call("GET", `/api/v1/payment/fee-calculator?${query}`)).code, code);
    }

    type Instructions = { data: Array<{ title: string; steps: string[] }> };
    const steps = async (query: string) =>
      (
        await program.call<Instructions>("GET", `/api/v1/payment/instruction?${query}`)
      ).body.data[0]?.steps.join(" ") ?? "";
    assert.match(await steps("code=BRIVA"), /\{\{pay_code\}\}/);
    assert.match(await steps("code=BRIVA&pay_code=88123&amount=20000"), /88123.*Rp 20\.000/);
    assert.equal(
      (await program.call("GET", "/api/v1/payment/instruction?code=DUKUN")).code,
      "channel_unknown",
    );
    const placed = order();
    await create(placed);
    const { payment } = (await pay({ order_id: placed.order_id, method: "BRIVA" })).body.data;
    assert.ok(payment?.pay_code);
    assert.match(
      payment.instructions[0]?.steps.join(" ") ?? "",
      new RegExp(`${payment.pay_code}.*Rp 25\\.000`),
    );
    assert.doesNotMatch(JSON.stringify(payment.instructions), /<b>|\{\{/);
  });

  it("take an order from nothing to paid", async () => {
    const placed = order();
    const created = await create(placed);
    assert.equal(created.status, 201);
    assert.equal(created.body.data.status, "UNPAID");
    const opened = await pay({ order_id: placed.order_id, method: "QRIS2" });
    assert.equal(opened.status, 201);
    assert.match(opened.body.data.payment?.qr_image ?? "", /^data:image\/svg\+xml;base64,/);
    const again = await pay({ order_id: placed.order_id, method: "QRIS2" });
    assert.equal(
      again.body.data.payment?.payment_id,
      opened.body.data.payment?.payment_id,
      "repeating the call returns the same payment",
    );
    await program.lever("POST", `transactions/${opened.body.data.payment?.reference}/pay`);
    const paid = await until(
      () => status(placed.order_id),
      ({ body }) => body.data.status === "PAID",
    );
    assert.ok(paid.body.data.paid_at);
    assert.equal((await pay({ order_id: placed.order_id, method: "QRIS2" })).code, "order_paid");
    await program.assertBooksHold();
  });

  it("give a virtual account a pay code", async () => {
    const placed = order();
    await create(placed);
    const { body } = await pay({ order_id: placed.order_id, method: "BRIVA" });
    assert.match(body.data.payment?.pay_code ?? "", /^[0-9]+$/);
  });

  it("refuse invalid requests with specific codes", async () => {
    const placed = order();
    await create(placed);
    assert.equal((await create(order({ amount: 24_999 }))).code, "amount_mismatch");
    assert.equal((await create({ ...placed, customer_name: "Orang Lain" })).code, "order_differs");
    assert.equal((await create(placed)).status, 201);
    assert.equal((await create(order({ currency: "USD" }))).code, "currency_unsupported");
    assert.equal(
      (await create(order({ amount: 0, order_items: [{ name: "x", price: 0, quantity: 1 }] }))).code,
      "amount_not_positive",
    );
    assert.equal((await create(order({ order_items: [] }))).code, "request_invalid");
    assert.equal((await create(order({ role: "owner" }))).code, "request_invalid");
    assert.equal((await pay({ order_id: "INV-NOBODY", method: "QRIS2" })).code, "order_unknown");
    assert.equal((await pay({ order_id: placed.order_id, method: "NOSUCH" })).code, "channel_unknown");
    const tiny = order({ amount: 500, order_items: [{ name: "x", price: 500, quantity: 1 }] });
    await create(tiny);
    assert.equal((await pay({ order_id: tiny.order_id, method: "QRIS2" })).code, "amount_below_minimum");
    assert.equal((await status("INV-NOBODY")).code, "order_unknown");
    assert.equal((await status("")).code, "request_invalid");
  });
});

describe("the HTTP server", () => {
  it("answers unreadable requests with a code, sentences in two languages and a request id", async () => {
    const malformed = await program.call<Problem>("POST", "/payments", { raw: "{" });
    assert.deepEqual([malformed.status, malformed.code], [400, "request_malformed"]);
    assert.match(malformed.headers.get("content-type") ?? "", /^application\/problem\+json/);
    assert.equal(malformed.body.request_id, malformed.headers.get("x-request-id"));
    assert.ok(malformed.body.detail.id !== malformed.body.detail.en);
    assert.equal(
      (await program.call("POST", "/payments", { raw: `"${"x".repeat(1_100_000)}"` })).code,
      "request_too_large",
    );
    assert.equal(
      (await program.call("POST", "/payments", { raw: '{"__proto__":{"role":"owner"}}' })).code,
      "request_malformed",
    );
    assert.equal((await program.call("GET", "/api/v1/nothing")).code, "not_found");
    const named = {
      order_id: newId(),
      amount: 1000,
      customer_name: "Pelanggan\u0000",
      order_items: [{ name: "x", price: 1000, quantity: 1 }],
    };
    assert.equal(
      (await program.call("POST", "/api/v1/payment/create-transaction", { body: named })).code,
      "request_invalid",
    );
  });

  it("refuses a wrong PIN, and delays further tries after many", async () => {
    const shop = await program.call<{ staff: Array<{ id: string; name: string }> }>(
      "GET",
      "/api/v1/till/shop",
    );
    const bima = shop.body.staff.find(({ name }) => name === "Bima")?.id;
    const headers = { "onegate-device": await program.enrol() };
    const tries = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        program.call("POST", "/api/v1/till/unlock", {
          headers,
          body: { staff_id: bima, pin: `90000${i % 10}` },
        }),
      ),
    );
    const codes = tries.map(({ code }) => code);
    assert.deepEqual(
      [
        codes.filter((code) => code === "pin_wrong").length,
        codes.filter((code) => code === "pin_delayed").length,
      ],
      [5, 7],
    );
    await program.database.pool.query(
      "update pin_try set delayed_until = now() + interval '1 minute' where staff_id = $1",
      [bima],
    );
    assert.equal(
      (
        await program.call("POST", "/api/v1/till/unlock", {
          headers,
          body: { staff_id: bima, pin: "222222" },
        })
      ).code,
      "pin_delayed",
    );
    assert.equal(
      (
        await program.call("POST", "/api/v1/till/unlock", {
          headers,
          body: { staff_id: newId(), pin: "222222" },
        })
      ).code,
      "staff_unknown",
    );
  });

  it("refuses the owner's report to a cashier", async () => {
    assert.equal(
      (await program.call("GET", "/api/v1/till/reports/today", { token: cashier })).code,
      "forbidden",
    );
  });

  it("is alive and ready, and counts requests", async () => {
    for (const path of ["/health", "/healthz", "/readyz"])
      assert.equal((await program.call("GET", path)).status, 200);
    const metrics = await (await fetch(`${program.url}/metrics`)).text();
    assert.match(metrics, /payment_requests_total\{service="payments",status="200"\} [1-9]/);
  });
});

/** Opens the till's stream; `first` returns the first event of a topic, and fails if none comes. */
async function listen(token: string, lastEventId?: string) {
  const abort = new AbortController();
  const headers = { ...bearing(token), ...(lastEventId ? { "last-event-id": lastEventId } : {}) };
  const response = await fetch(`${program.url}/api/v1/till/events`, { headers, signal: abort.signal });
  return {
    async first(topic: string): Promise<{ sale_id: string }> {
      const timer = setTimeout(() => abort.abort(new Error(`no ${topic} came`)), 5_000);
      let text = "";
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        text += chunk;
        const found = text.split("\n\n").find((event) => event.includes(`event: ${topic}\n`));
        if (!found) continue;
        clearTimeout(timer);
        abort.abort();
        return JSON.parse(/^data: (.*)$/m.exec(found)?.[1] ?? "{}") as { sale_id: string };
      }
      throw new Error("the stream ended");
    },
  };
}
