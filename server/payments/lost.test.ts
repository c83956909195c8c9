import { newId, type CatalogueBody, type OrderBody, type SaleBody } from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { DEMO_MERCHANT } from "../demo/index.ts";
import { newSale, openTestProgram, sell, type TestProgram } from "../testing/program.ts";
import { until } from "../testing/until.ts";

let program: TestProgram;
before(async () => {
  program = await openTestProgram();
  await program.database.pool.query(
    "insert into routing_rule (merchant_id, rule_id, rank, method, providers) " +
      "values ($1, $2, 1, 'QRIS', array['midtrans'])",
    [DEMO_MERCHANT, newId()],
  );
});
after(() => program.close());
beforeEach(() => program.lever("DELETE", "faults"));

/** Long enough for the first inquiry, which follows five seconds after an answer was lost. */
const LONG_MS = 12_000;

type Seed<T> = { readonly data: T };
type ProviderPayment = { readonly reference: string; readonly merchantRef: string; readonly status: string };

const post = <T>(path: string, body: unknown = {}) =>
  program.call<T>("POST", path, { body, headers: { "idempotency-key": newId() } });
const order = async (orderId: string) =>
  (await program.call<Seed<OrderBody>>("GET", `/api/v1/payment/get-status-payment?order_id=${orderId}`)).body
    .data;
const lose = (call: "create" | "read" | "cancel", fault = "answer_lost", ms = 1_000) =>
  program.lever("POST", "next", { fault, call, ms });

/** The payments of an order, oldest first, with Midtrans's status of each. */
async function attempts(orderId: string) {
  const { rows } = await program.database.pool.query<{
    state: string;
    merchant_ref: string;
    has_code: boolean;
  }>(
    "select state, merchant_ref, qr_string is not null as has_code " +
      "from payment where order_id = $1 order by payment_id",
    [orderId],
  );
  const there = new Map(
    ((await program.lever("GET", "transactions")) as ProviderPayment[]).map((one) => [one.merchantRef, one]),
  );
  return rows.map((row) => ({
    here: row.state,
    there: there.get(row.merchant_ref)?.status,
    hasCode: row.has_code,
    reference: there.get(row.merchant_ref)?.reference ?? "",
  }));
}
const page = async (orderId: string) =>
  (await attempts(orderId)).map(
    ({ here, there, hasCode }) => `${here} ${there} ${hasCode ? "with" : "without"}`,
  );
/** Waits until every planned fault was triggered. */
const untilMet = () =>
  until(
    async () => ((await program.lever("GET", "faults")) as { next: unknown[] }).next,
    (left) => left.length === 0,
    LONG_MS,
  );
const pay = (reference: string | undefined) => program.lever("POST", `transactions/${reference}/pay`);

/** An order of Rp 20.000 whose QRIS payment exists at Midtrans, while the answer was lost. */
async function openLost(): Promise<string> {
  const orderId = `INV-${newId()}`;
  await post("/api/v1/payment/create-transaction", {
    order_id: orderId,
    amount: 20_000,
    customer_name: "Pelanggan Contoh",
    order_items: [{ name: "Kopi", price: 20_000, quantity: 1 }],
  });
  await lose("create");
  const { status, body } = await post<Seed<OrderBody>>("/api/v1/payment/create-payment", {
    order_id: orderId,
    method: "QRIS",
  });
  assert.ok(status === 202 || body.data.payment?.qr_string === null);
  return orderId;
}

describe("a code whose answer was lost", () => {
  it("a payment with a lost code is cancelled at the provider and replaced", async () => {
    const orderId = await openLost();
    const { payment } = await until(
      () => order(orderId),
      (one) => one.payment?.qr_string !== null,
      LONG_MS,
    );
    assert.deepEqual(await page(orderId), ["cancelled CANCELLED without", "pending UNPAID with"]);
    await pay(payment?.reference ?? "");
    await until(
      () => order(orderId),
      (one) => one.status === "PAID",
    );
    await program.assertBooksHold();
  });

  it("a sale at the till gets a new code while it waits", async () => {
    const cashier = await program.unlock("Sari", "111111");
    const catalogue = (await program.call<CatalogueBody>("GET", "/api/v1/till/catalogue", { token: cashier }))
      .body;
    const sale = newSale(catalogue, ["Latte"], "QRIS");
    await lose("create");
    await sell(program, cashier, sale);
    const shown = async () =>
      (await program.call<SaleBody>("GET", `/api/v1/till/sales/${sale.id}`, { token: cashier })).body;
    const waiting = await until(shown, (one) => typeof one.tenders.at(-1)?.qr_string === "string", LONG_MS);
    assert.deepEqual(
      [waiting.state, waiting.tenders.map(({ state }) => state)],
      ["waiting", ["cancelled", "pending"]],
    );
    await pay(waiting.tenders.at(-1)?.reference ?? "");
    await until(shown, (one) => one.state === "paid");
  });

  it("a payment that is paid before its cancellation is not replaced", async () => {
    await program.lever("PUT", "faults", { suppressed: true });
    const orderId = await openLost();
    // the inquiry reads it as pending, but its answer arrives after it was paid
    await lose("read", "answer_slow", 1_500);
    const [before] = await attempts(orderId);
    await untilMet();
    await program.lever("PUT", "faults", { suppressed: false });
    await pay(before?.reference);
    await until(
      () => order(orderId),
      (one) => one.status === "PAID",
    );
    await sleep(2_500);
    assert.deepEqual(await page(orderId), ["succeeded PAID without"]);
    await program.assertBooksHold();
  });

  it("a payment whose cancellation only a notification confirms is replaced once", async () => {
    await program.lever("PUT", "faults", { duplicates: 3 });
    const orderId = await openLost();
    await lose("cancel");
    await until(
      () => order(orderId),
      (one) => one.payment?.qr_string !== null,
      LONG_MS,
    );
    await sleep(500);
    assert.deepEqual(await page(orderId), ["cancelled CANCELLED without", "pending UNPAID with"]);
    await program.assertBooksHold();
  });

  it("a payment is not replaced while its cancellation is unconfirmed", async () => {
    const orderId = await openLost();
    await lose("cancel", "error_500");
    await untilMet();
    await sleep(500);
    assert.deepEqual(await page(orderId), ["pending UNPAID without"]);
    // a repeated request returns the same payment: nobody pays twice
    const { body } = await post<Seed<OrderBody>>("/api/v1/payment/create-payment", {
      order_id: orderId,
      method: "QRIS",
    });
    assert.equal(body.data.payment?.qr_string, null);
    assert.equal((await attempts(orderId)).length, 1);
    await pay((await attempts(orderId))[0]?.reference);
    await until(
      () => order(orderId),
      (one) => one.status === "PAID",
    );
  });

  it("a code lost by a killed process is replaced only once no answer can come any more", async () => {
    const orderId = `INV-${newId()}`;
    await post("/api/v1/payment/create-transaction", {
      order_id: orderId,
      amount: 20_000,
      customer_name: "Pelanggan Contoh",
      order_items: [{ name: "Kopi", price: 20_000, quantity: 1 }],
    });
    const { body } = await post<Seed<OrderBody>>("/api/v1/payment/create-payment", {
      order_id: orderId,
      method: "QRIS",
    });
    const paymentId = body.data.payment?.payment_id;
    await program.database.pool.query("update payment set qr_string = null where payment_id = $1", [
      paymentId,
    ]);
    const inquire = () =>
      program.database.pool.query(
        "update payment set ask_at = now(), asked = 0 where merchant_id = $1 and payment_id = $2",
        [DEMO_MERCHANT, paymentId],
      );
    await lose("read", "answer_slow", 1);
    await inquire();
    await untilMet();
    await sleep(300);
    assert.deepEqual(await page(orderId), ["pending UNPAID without"]);
    await program.database.pool.query(
      "update payment set created_at = created_at - interval '2 minutes' where payment_id = $1",
      [paymentId],
    );
    await inquire();
    await until(
      () => order(orderId),
      (one) => one.payment?.qr_string !== null,
      LONG_MS,
    );
    assert.deepEqual(await page(orderId), ["cancelled CANCELLED without", "pending UNPAID with"]);
  });

  it("a code that is lost again is replaced again", async () => {
    const orderId = await openLost();
    await lose("create");
    await until(
      async () => (await attempts(orderId)).length,
      (count) => count === 3,
      2 * LONG_MS,
    );
    await until(
      () => order(orderId),
      (one) => one.payment?.qr_string !== null,
      LONG_MS,
    );
    assert.deepEqual(await page(orderId), [
      "cancelled CANCELLED without",
      "cancelled CANCELLED without",
      "pending UNPAID with",
    ]);
  });
});
