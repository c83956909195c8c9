import { newId, type CaseBody, type OrderBody, type RefundBody } from "@onegate/contract";
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { CatalogueBody } from "@onegate/contract";
import { DEMO_MERCHANT } from "../demo/index.ts";
import { balanceByCode } from "../ledger/index.ts";
import { proveDay } from "../proof.ts";
import { newSale, openTestProgram, sell, type TestProgram } from "../testing/program.ts";
import { until } from "../testing/until.ts";
import { nextRefund, refundLifecycle, type RefundState } from "./refund.ts";

let program: TestProgram;
let owner: string;
before(async () => {
  program = await openTestProgram();
  owner = await program.unlock("Ratna", "333333");
});
after(() => program.close());

type Seed<T> = { success: boolean; message: string; data: T };
type PaymentView = {
  payment_id: string;
  state: string;
  routing: Array<{ provider: string; chosen: boolean }>;
  refunds: RefundBody[];
};

const posted = async (code: string) =>
  (await balanceByCode(program.database.kysely, DEMO_MERCHANT, code))?.posted ?? 0n;
const post = <T>(path: string, body: unknown = {}, key = newId()) =>
  program.call<T>("POST", path, { body, headers: { "idempotency-key": key } });
const status = async (orderId: string) =>
  (await program.call<Seed<OrderBody>>("GET", `/api/v1/payment/get-status-payment?order_id=${orderId}`)).body
    .data;

async function place(amount: number): Promise<string> {
  const orderId = `INV-${newId()}`;
  const made = await post("/api/v1/payment/create-transaction", {
    order_id: orderId,
    amount,
    customer_name: "Pelanggan Contoh",
    customer_email: "pelanggan@contoh.invalid",
    order_items: [{ name: "Barang contoh", price: amount, quantity: 1 }],
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return orderId;
}

const open = (orderId: string, more: object = {}) =>
  post<Seed<OrderBody>>("/api/v1/payment/create-payment", { order_id: orderId, method: "QRIS2", ...more });

async function pay(reference: string | null | undefined, amount?: number): Promise<void> {
  await program.lever("POST", `transactions/${reference}/pay`, amount === undefined ? {} : { amount });
}

/** Creates an order of an amount and pays it; returns the ids of the order and the payment. */
async function paid(amount: number): Promise<{ orderId: string; paymentId: string }> {
  const orderId = await place(amount);
  const { body } = await open(orderId);
  await pay(body.data.payment?.reference);
  await until(
    () => status(orderId),
    (order) => order.status === "PAID",
  );
  return { orderId, paymentId: body.data.payment!.payment_id };
}

describe("a refund", () => {
  it("a refund has these transitions and no others", () => {
    const events = ["accept", "done", "refuse", "lose", "hand", "abandon"] as const;
    const table = (Object.keys(refundLifecycle) as RefundState[]).map(
      (state) => `${state}: ${events.map((event) => nextRefund(state, event) ?? "-").join(" ")}`,
    );
    assert.deepEqual(table, [
      "created: pending succeeded manual unknown manual -",
      "unknown: pending succeeded manual - - -",
      "pending: - succeeded manual - - -",
      "manual: - succeeded - - - failed",
      "succeeded: - - - - - -",
      "failed: - - - - - -",
    ]);
  });

  it("a refund that the provider has no call for is booked once a person confirms it", async () => {
    const { orderId, paymentId } = await paid(50_000);
    const [received, clearing] = [await posted("received"), await posted("clearing:tripay")];
    const requested = await post<RefundBody>(`/api/v1/payments/${paymentId}/refunds`, {
      amount: "20000.00",
      reason: "barang rusak",
    });
    assert.deepEqual(
      [requested.status, requested.body.state, requested.body.amount],
      [201, "manual", "20000.00"],
    );
    assert.equal(await posted("received"), received, "nothing is booked before the money is paid back");
    const key = newId();
    const done = await post<RefundBody>(
      `/api/v1/refunds/${requested.body.refund_id}/decision`,
      { done: true, reference: "TRF-1" },
      key,
    );
    assert.deepEqual([done.body.state, done.body.reference], ["succeeded", "TRF-1"]);
    assert.equal(
      (
        await post(
          `/api/v1/refunds/${requested.body.refund_id}/decision`,
          { done: true, reference: "TRF-1" },
          key,
        )
      ).headers.get("idempotent-replayed"),
      "true",
    );
    assert.equal(
      (await post(`/api/v1/refunds/${requested.body.refund_id}/decision`, { done: true, reference: "TRF-2" }))
        .code,
      "refund_not_manual",
    );
    assert.deepEqual(
      [(await posted("received")) - received, (await posted("clearing:tripay")) - clearing],
      [-2_000_000n, 2_000_000n],
    );
    assert.equal((await status(orderId)).refunded_amount, 20_000);
    await program.assertBooksHold();
  });

  it("fault 10: twenty concurrent partial refunds never exceed what was paid", async () => {
    const { paymentId } = await paid(100_000);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        post<RefundBody>(`/api/v1/payments/${paymentId}/refunds`, { amount: "15000.00", reason: "sebagian" }),
      ),
    );
    assert.deepEqual(
      [
        answers.filter(({ status: code }) => code === 201).length,
        answers.filter(({ code }) => code === "refund_exceeds").length,
      ],
      [6, 14],
    );
    const rest = await post<RefundBody>(`/api/v1/payments/${paymentId}/refunds`, { reason: "sisanya" });
    assert.equal(rest.body.amount, "10000.00", "the default amount is all that is left");
    assert.equal(
      (await post(`/api/v1/payments/${paymentId}/refunds`, { reason: "lagi" })).code,
      "refund_exceeds",
    );
    // a failed refund frees its amount
    await post(`/api/v1/refunds/${rest.body.refund_id}/decision`, { done: false, note: "rekening salah" });
    assert.equal(
      (await post<RefundBody>(`/api/v1/payments/${paymentId}/refunds`, { reason: "ulang" })).body.amount,
      "10000.00",
    );
    const { body } = await program.call<PaymentView>("GET", `/api/v1/payments/${paymentId}`);
    assert.equal(body.refunds.length, 8);
  });

  it("invalid refunds are refused by name", async () => {
    const { paymentId } = await paid(10_000);
    const refund = (body: object, id = paymentId, key?: string) =>
      post(`/api/v1/payments/${id}/refunds`, body, key);
    assert.equal(
      (await program.call("POST", `/api/v1/payments/${paymentId}/refunds`, { body: { reason: "x" } })).code,
      "idempotency_key_missing",
    );
    assert.equal((await refund({ reason: "x" }, newId())).code, "payment_unknown");
    assert.equal((await refund({ reason: "x", amount: "10000.01" })).code, "refund_exceeds");
    assert.equal((await refund({ reason: "x", amount: "0" })).code, "amount_not_positive");
    assert.equal((await refund({ reason: "x", amount: "1e3" })).code, "amount_malformed");
    assert.equal((await refund({ amount: "1" })).code, "request_invalid");
    const key = newId();
    await refund({ reason: "x", amount: "1000.00" }, paymentId, key);
    assert.equal(
      (await refund({ reason: "x", amount: "2000.00" }, paymentId, key)).code,
      "idempotency_key_reused",
    );
    const unpaid = (await open(await place(10_000))).body.data.payment!.payment_id;
    assert.equal((await refund({ reason: "x" }, unpaid)).code, "payment_not_refundable");
  });

  describe("a refund that the provider refuses", () => {
    const decide = (refundId: string, body: object, key?: string) =>
      post<RefundBody>(`/api/v1/refunds/${refundId}/decision`, body, key);
    const accounts = () => Promise.all(["received", "bank", "clearing:midtrans"].map(posted));

    /** A paid payment of Rp 30.000 on a channel of Midtrans. */
    async function paidAtMidtrans(method: string): Promise<{ paymentId: string; reference: string }> {
      const orderId = await place(30_000);
      const { payment } = (await open(orderId, { method })).body.data;
      await pay(payment?.reference);
      await until(
        () => status(orderId),
        (order) => order.status === "PAID",
      );
      return { paymentId: payment!.payment_id, reference: payment?.reference ?? "" };
    }
    const refund = (paymentId: string, amount: string) =>
      post<RefundBody>(`/api/v1/payments/${paymentId}/refunds`, { amount, reason: "barang rusak" });

    it("a refund on a channel without refunds waits for a person, who pays from the bank", async () => {
      await program.database.pool.query(
        "insert into routing_rule (merchant_id, rule_id, rank, method, providers) " +
          "values ($1, $2, 1, 'VIRTUAL_ACCOUNT', array['midtrans'])",
        [DEMO_MERCHANT, newId()],
      );
      const { paymentId } = await paidAtMidtrans("BCAVA");
      const before = await accounts();
      const { body } = await refund(paymentId, "12000.00");
      assert.deepEqual(
        [body.state, body.note, body.paid_from, body.decided_by],
        ["manual", "channel_not_refundable", "bank", null],
      );
      assert.deepEqual(await accounts(), before, "nothing is booked before the money is paid back");
      assert.equal(
        (await refund(paymentId, "18000.01")).code,
        "refund_exceeds",
        "a waiting refund counts as refunded",
      );
      const key = newId();
      const done = await decide(body.refund_id, { done: true, reference: "BCA-TRF-77" }, key);
      assert.deepEqual(
        [done.body.state, done.body.reference, done.body.decided_by],
        ["succeeded", "BCA-TRF-77", "sandbox"],
      );
      assert.equal(
        (await decide(body.refund_id, { done: true, reference: "BCA-TRF-77" }, key)).headers.get(
          "idempotent-replayed",
        ),
        "true",
      );
      assert.deepEqual(
        (await accounts()).map((now, i) => now - (before[i] ?? 0n)),
        [-1_200_000n, 1_200_000n, 0n],
      );
      const { rows } = await program.database.pool.query<{ day: string }>(
        "select to_char(now() at time zone 'Asia/Jakarta', 'YYYY-MM-DD') as day",
      );
      assert.deepEqual(
        (await proveDay(program.database, rows[0]?.day ?? "")).flatMap(({ breaks }) => breaks),
        [],
      );
      await program.assertBooksHold();
    });

    it("concurrent decisions decide a refused refund once; abandoning it frees its amount", async () => {
      const { paymentId, reference } = await paidAtMidtrans("GOPAY");
      await program.lever("POST", `transactions/${reference}/chargeback`, { amount: 1_000 });
      await until(
        () => program.call<{ disputes: unknown[] }>("GET", `/api/v1/payments/${paymentId}`),
        ({ body }) => body.disputes.length === 1,
      );
      const { body } = await refund(paymentId, "29000.00");
      assert.deepEqual([body.state, body.paid_from], ["manual", "bank"]);
      assert.match(body.note ?? "", /^412 /);
      const before = await accounts();
      const answers = await Promise.all(
        [0, 1, 2, 3].map((i) =>
          decide(
            body.refund_id,
            i % 2 === 0 ? { done: false, note: "rekening tutup" } : { done: true, reference: `TRF-${i}` },
          ),
        ),
      );
      assert.deepEqual(answers.map(({ code }) => code ?? "decided").sort(), [
        "decided",
        "refund_not_manual",
        "refund_not_manual",
        "refund_not_manual",
      ]);
      const state = answers.find(({ code }) => code === undefined)?.body.state;
      const moved = (await accounts()).map((now, i) => now - (before[i] ?? 0n));
      assert.deepEqual(moved, state === "succeeded" ? [-2_900_000n, 2_900_000n, 0n] : [0n, 0n, 0n]);
      assert.equal(
        (await refund(paymentId, "29000.00")).code,
        state === "succeeded" ? "refund_exceeds" : undefined,
      );
      await program.assertBooksHold();
    });

    it("a refused refund can be recorded as paid by the provider after all", async () => {
      const { paymentId } = await paidAtMidtrans("BCAVA");
      const before = await accounts();
      const { body } = await refund(paymentId, "5000.00");
      assert.equal(
        (await decide(body.refund_id, { done: true, reference: "MT-1", from: "provider" })).body.paid_from,
        "provider",
      );
      assert.deepEqual(
        (await accounts()).map((now, i) => now - (before[i] ?? 0n)),
        [-500_000n, 0n, 500_000n],
      );
      assert.equal((await decide(newId(), { done: false, note: "x" })).code, "refund_unknown");
      await program.assertBooksHold();
    });
  });

  it("refunds of a sale reverse revenue and tax in proportion, and exactly in total", async () => {
    const cashier = await program.unlock("Sari", "111111");
    const catalogue = (await program.call<CatalogueBody>("GET", "/api/v1/till/catalogue", { token: cashier }))
      .body;
    const before = {
      sales: await posted("sales"),
      tax: await posted("tax_payable"),
      received: await posted("received"),
    };
    const sale = newSale(catalogue, ["Latte"], "QRIS");
    await sell(program, cashier, sale);
    const waiting = (await status(sale.id)).payment!;
    await pay(waiting.reference);
    await until(
      () => status(sale.id),
      (order) => order.status === "PAID",
    );
    const revenue = {
      sales: (await posted("sales")) - before.sales,
      tax: (await posted("tax_payable")) - before.tax,
    };
    assert.ok(revenue.tax > 0n);
    for (const amount of ["9999.99", "9999.99", undefined]) {
      const { body } = await post<RefundBody>(`/api/v1/payments/${waiting.payment_id}/refunds`, {
        reason: "salah pesan",
        ...(amount ? { amount } : {}),
      });
      assert.equal(
        (
          await post<RefundBody>(`/api/v1/refunds/${body.refund_id}/decision`, {
            done: true,
            reference: "TUNAI",
          })
        ).body.state,
        "succeeded",
      );
    }
    assert.deepEqual(
      { sales: await posted("sales"), tax: await posted("tax_payable"), received: await posted("received") },
      before,
    );
    await program.assertBooksHold();
  });

  it("a refund made in the provider's dashboard is recorded, and completes the manual one", async () => {
    const { orderId, paymentId } = await paid(30_000);
    await post(`/api/v1/payments/${paymentId}/refunds`, { amount: "10000.00", reason: "sebagian" });
    const reference = (await status(orderId)).payment?.reference;
    await program.lever("POST", `transactions/${reference}/refund`, {});
    await until(
      () => status(orderId),
      (order) => order.refunded_amount === 30_000,
    );
    const { body } = await program.call<PaymentView>("GET", `/api/v1/payments/${paymentId}`);
    assert.deepEqual(
      body.refunds.map(({ state, amount }) => `${state} ${amount}`),
      ["succeeded 10000.00", "succeeded 20000.00"],
    );
    await program.assertBooksHold();
  });
});

describe("an order", () => {
  it("an order can be paid in parts, and is paid with the last of them", async () => {
    const orderId = await place(50_000);
    const first = await open(orderId, { amount: 20_000 });
    assert.equal(first.body.data.payment?.amount, 20_000);
    assert.equal(
      (await open(orderId, { amount: 20_000 })).body.data.payment?.payment_id,
      first.body.data.payment?.payment_id,
      "a repeated request returns the same payment",
    );
    await pay(first.body.data.payment?.reference);
    const partial = await until(
      () => status(orderId),
      (order) => order.status === "PARTIAL",
    );
    assert.equal(partial.paid_amount, 20_000);
    assert.equal((await open(orderId, { amount: 30_001 })).code, "amount_above_remaining");
    const second = await open(orderId);
    assert.equal(second.body.data.payment?.amount, 30_000, "the default amount is all that is left");
    await pay(second.body.data.payment?.reference);
    const done = await until(
      () => status(orderId),
      (order) => order.status === "PAID",
    );
    assert.equal(done.paid_amount, 50_000);
    assert.equal((await open(orderId)).code, "order_paid");
    await program.assertBooksHold();
  });

  it("an unpaid order can be cancelled; afterwards no payment is opened for it", async () => {
    const orderId = await place(10_000);
    await open(orderId);
    assert.equal((await post(`/api/v1/orders/${orderId}/cancel`)).status, 200);
    assert.equal((await status(orderId)).status, "CANCELLED");
    assert.equal((await open(orderId)).code, "order_cancelled");
    assert.equal((await post("/api/v1/orders/INV-NOBODY/cancel")).code, "order_unknown");
    const done = await paid(10_000);
    assert.equal((await post(`/api/v1/orders/${done.orderId}/cancel`)).code, "order_paid");
  });

  it("a waiting status request is answered on a change, or when the time is over", async () => {
    const orderId = await place(10_000);
    const reference = (await open(orderId)).body.data.payment?.reference;
    const begun = performance.now();
    const waiting = program.call<Seed<OrderBody>>(
      "GET",
      `/api/v1/payment/get-status-payment?order_id=${orderId}&wait=20`,
    );
    await sleep(100);
    await pay(reference);
    assert.equal((await waiting).body.data.status, "PAID");
    assert.ok(performance.now() - begun < 15_000, "answered by the event, not by the timeout");
    assert.equal(
      (
        await program.call<Seed<OrderBody>>(
          "GET",
          `/api/v1/payment/get-status-payment?order_id=${orderId}&wait=20`,
        )
      ).body.data.status,
      "PAID",
      "a final status is answered without waiting",
    );
    assert.equal(
      (
        await program.call<Seed<OrderBody>>(
          "GET",
          `/api/v1/payment/get-status-payment?order_id=${await place(10_000)}&wait=0`,
        )
      ).body.data.status,
      "UNPAID",
    );
    assert.equal(
      (await program.call("GET", `/api/v1/payment/get-status-payment?order_id=${orderId}&wait=31`)).code,
      "request_invalid",
    );
  });

  it("an order's stream of server-sent events holds its own events only", async () => {
    const orderId = await place(10_000);
    const controller = new AbortController();
    const response = await fetch(`${program.url}/api/v1/payment/events?order_id=${orderId}`, {
      signal: controller.signal,
    });
    const other = await paid(10_000);
    const reference = (await open(orderId)).body.data.payment?.reference;
    await pay(reference);
    let text = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if (text.includes("event: payment.succeeded")) break;
    }
    controller.abort();
    assert.match(text, new RegExp(orderId));
    assert.ok(!text.includes(other.orderId));
  });

  it("a payment keeps why its provider was chosen", async () => {
    const { paymentId } = await paid(10_000);
    const { body } = await program.call<PaymentView>("GET", `/api/v1/payments/${paymentId}`);
    assert.deepEqual(
      body.routing.filter(({ chosen }) => chosen).map(({ provider }) => provider),
      ["tripay"],
    );
  });
});

describe("money in suspense", () => {
  const cases = async (state: string) =>
    (await program.call<{ cases: CaseBody[] }>("GET", `/api/v1/cases?state=${state}`)).body.cases;

  /** Pays an order twice; returns the case of the second payment. */
  async function doubled(amount: number): Promise<CaseBody> {
    const orderId = await place(amount);
    const first = (await open(orderId)).body.data.payment?.reference;
    const second = (await open(orderId, { method: "QRISC" })).body.data.payment?.reference;
    await pay(first);
    await until(
      () => status(orderId),
      (order) => order.status === "PAID",
    );
    await pay(second);
    const all = await until(
      () => cases("open"),
      (found) => found.some(({ reference }) => reference === second),
    );
    return all.find(({ reference }) => reference === second)!;
  }

  it("money in suspense is applied to an order once", async () => {
    const found = await doubled(25_000);
    assert.deepEqual([found.reason, found.amount], ["double", "25000.00"]);
    const suspense = await posted("suspense");
    assert.equal(
      (await post(`/api/v1/cases/${found.case_id}/apply`, { order_id: await place(24_000) })).code,
      "case_does_not_fit",
    );
    assert.equal(
      (await post(`/api/v1/cases/${found.case_id}/apply`, { order_id: "INV-NOBODY" })).code,
      "order_unknown",
    );
    const orderId = await place(40_000);
    const answers = await Promise.all(
      Array.from({ length: 5 }, () =>
        post<CaseBody>(`/api/v1/cases/${found.case_id}/apply`, { order_id: orderId }),
      ),
    );
    assert.deepEqual(answers.map(({ status: code, code: refusal }) => refusal ?? String(code)).sort(), [
      "200",
      "case_settled",
      "case_settled",
      "case_settled",
      "case_settled",
    ]);
    assert.equal((await posted("suspense")) - suspense, -2_500_000n);
    const order = await status(orderId);
    assert.deepEqual([order.status, order.paid_amount], ["PARTIAL", 25_000]);
    assert.equal(
      (await cases("applied")).find(({ case_id: id }) => id === found.case_id)?.applied_to,
      orderId,
    );
    await program.assertBooksHold();
  });

  it("money for a paid payment under another reference goes to suspense", async () => {
    const orderId = await place(40_000);
    const part = (await open(orderId, { amount: 15_000 })).body.data.payment;
    await pay(part?.reference);
    await until(
      () => status(orderId),
      (order) => order.status === "PARTIAL",
    );
    const suspense = await posted("suspense");
    const { rows } = await program.database.pool.query<{ merchant_ref: string }>(
      "select merchant_ref from payment where payment_id = $1",
      [part?.payment_id],
    );
    const reference = `T-AGAIN-${newId().slice(-12)}`;
    const callBack = (status: string) => {
      const raw = JSON.stringify({
        reference,
        merchant_ref: rows[0]?.merchant_ref,
        payment_method: "QRIS",
        payment_method_code: "QRIS2",
        total_amount: 15_000,
        fee_merchant: 855,
        fee_customer: 0,
        total_fee: 855,
        amount_received: 14_145,
        is_closed_payment: 1,
        status,
        paid_at: 1_763_256_923,
        note: null,
      });
      const signature = createHmac("sha256", "onegate-demo-private-key").update(raw).digest("hex");
      return program.call("POST", "/api/v1/providers/tripay/notifications", {
        raw,
        headers: { "x-callback-signature": signature, "x-callback-event": "payment_status" },
      });
    };
    for (let times = 1; times <= 2; times++) assert.equal((await callBack("PAID")).status, 200);
    const found = (await cases("open")).filter((one) => one.reference === reference);
    assert.deepEqual(
      found.map(({ reason, amount }) => [reason, amount]),
      [["double", "15000.00"]],
    );
    assert.equal((await posted("suspense")) - suspense, 1_500_000n);
    assert.equal((await status(orderId)).paid_amount, 15_000);
    // the refund of this money is not a refund of the payment
    assert.equal((await callBack("REFUND")).status, 200);
    const { rows: refunds } = await program.database.pool.query(
      "select 1 from refund where payment_id = $1",
      [part?.payment_id],
    );
    assert.equal(refunds.length, 0);
    await program.assertBooksHold();
  });

  it("money in suspense is refunded; a person confirms when it is done", async () => {
    const found = await doubled(15_000);
    const [suspense, clearing] = [await posted("suspense"), await posted("clearing:tripay")];
    const { body } = await program.call<CaseBody>("POST", `/api/v1/cases/${found.case_id}/refund`, {
      body: { reason: "dibayar dua kali" },
      token: owner,
      headers: { "idempotency-key": newId() },
    });
    assert.equal(body.state, "refunding");
    const { rows } = await program.database.pool.query<{ refund_id: string; state: string }>(
      "select refund_id, state from refund where case_id = $1",
      [found.case_id],
    );
    assert.deepEqual(
      rows.map(({ state }) => state),
      ["manual"],
    );
    await post(`/api/v1/refunds/${rows[0]?.refund_id}/decision`, { done: true, reference: "TRF-9" });
    assert.deepEqual(
      [(await posted("suspense")) - suspense, (await posted("clearing:tripay")) - clearing],
      [-1_500_000n, 1_500_000n],
    );
    assert.equal(
      (await cases("refunded")).some(({ case_id: id }) => id === found.case_id),
      true,
    );
    assert.equal(
      (await post(`/api/v1/cases/${found.case_id}/refund`, { reason: "lagi" })).code,
      "case_settled",
    );
    assert.equal((await post(`/api/v1/cases/${newId()}/refund`, { reason: "x" })).code, "case_unknown");
    await program.assertBooksHold();
  });

  it("a case whose refund is abandoned is open again", async () => {
    const found = await doubled(12_000);
    await post(`/api/v1/cases/${found.case_id}/refund`, { reason: "dibayar dua kali" });
    const { rows } = await program.database.pool.query<{ refund_id: string }>(
      "select refund_id from refund where case_id = $1",
      [found.case_id],
    );
    await post(`/api/v1/refunds/${rows[0]?.refund_id}/decision`, { done: false, note: "rekening tutup" });
    assert.ok((await cases("open")).some(({ case_id: id }) => id === found.case_id));
  });
});
