import {
  newId,
  type CaseBody,
  type CatalogueBody,
  type DisputeBody,
  type OrderBody,
  type RefundBody,
  type SaleBody,
  type StatementBody,
  type StatementRowBody,
  type TodayBody,
} from "@onegate/contract";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { DEMO_SERVER_KEY } from "../../simulator/index.ts";
import { DEMO_MERCHANT } from "../demo/index.ts";
import { balanceByCode } from "../ledger/index.ts";
import { proveBooks, proveDay } from "../proof.ts";
import { newSale, openTestProgram, sell, type TestProgram } from "../testing/program.ts";
import { until } from "../testing/until.ts";
import { disputeLifecycle, nextDispute, type DisputeState } from "./dispute.ts";

let program: TestProgram;
before(async () => {
  program = await openTestProgram();
});
after(() => program.close());

type Seed<T> = { readonly data: T };
type PaymentView = {
  readonly state: string;
  readonly disputes: DisputeBody[];
  readonly refunds: RefundBody[];
};
type Paid = { readonly orderId: string; readonly paymentId: string; readonly reference: string };

const posted = async (code: string) =>
  (await balanceByCode(program.database.kysely, DEMO_MERCHANT, code))?.posted ?? 0n;
const post = <T>(path: string, body: unknown = {}, key = newId(), token?: string) =>
  program.call<T>("POST", path, { body, headers: { "idempotency-key": key }, ...(token ? { token } : {}) });
const order = async (orderId: string) =>
  (await program.call<Seed<OrderBody>>("GET", `/api/v1/payment/get-status-payment?order_id=${orderId}`)).body
    .data;
const view = async ({ paymentId }: Pick<Paid, "paymentId">) =>
  (await program.call<PaymentView>("GET", `/api/v1/payments/${paymentId}`)).body;
const lever = (reference: string, act: string, body: object = {}) =>
  program.lever("POST", `transactions/${reference}/${act}`, body);
const page = (all: readonly DisputeBody[]) =>
  all.map(({ state, amount, beyond }) => `${state} ${amount} ${beyond}`);
const decide = (id: string | undefined, body: object, key?: string) =>
  post<DisputeBody>(`/api/v1/disputes/${id}/decision`, body, key);
const refund = (paymentId: string, amount: string) =>
  post<RefundBody>(`/api/v1/payments/${paymentId}/refunds`, { amount, reason: "Salah pesan" });

/**
 * Reads the accounts that a dispute can change; the returned function tells by how much they have changed
 * since.
 */
async function watch() {
  const codes = ["clearing:midtrans", "disputed", "losses", "suspense", "fees", "received"];
  const before = await Promise.all(codes.map(posted));
  return async () =>
    Object.fromEntries(
      (await Promise.all(codes.map(posted)))
        .map((now, i) => [codes[i], (now - (before[i] ?? 0n)) / 100n])
        .filter(([, moved]) => moved !== 0n),
    ) as Record<string, bigint>;
}

async function open(amount: number, method = "GOPAY"): Promise<Paid> {
  const orderId = `INV-${newId()}`;
  await post("/api/v1/payment/create-transaction", {
    order_id: orderId,
    amount,
    customer_name: "Pelanggan Contoh",
    customer_email: "pelanggan@contoh.invalid",
    order_items: [{ name: "Kopi", price: amount, quantity: 1 }],
  });
  const { body } = await post<Seed<OrderBody>>("/api/v1/payment/create-payment", {
    order_id: orderId,
    method,
  });
  return {
    orderId,
    paymentId: body.data.payment?.payment_id ?? "",
    reference: body.data.payment?.reference ?? "",
  };
}

/** Creates an order of an amount, paid through Midtrans. */
async function paid(amount: number): Promise<Paid> {
  const opened = await open(amount);
  await lever(opened.reference, "pay");
  await until(
    () => order(opened.orderId),
    (found) => found.status === "PAID",
  );
  return opened;
}

const caseOf = async ({ reference }: Paid) =>
  (await program.call<{ cases: CaseBody[] }>("GET", "/api/v1/cases")).body.cases.find(
    (found) => found.reference === reference,
  );
const disputed = async (payment: Paid, count = 1) =>
  (
    await until(
      () => view(payment),
      ({ disputes }) => disputes.length === count,
    )
  ).disputes;

/** Sends a Midtrans notification of a transaction with a given status. */
async function sendAgain({ paymentId, reference }: Paid, gross: number, status = "chargeback") {
  const [orderId, amount] = [`OG${paymentId.replaceAll("-", "")}`, `${gross}.00`];
  const signature = createHash("sha512").update(`${orderId}200${amount}${DEMO_SERVER_KEY}`).digest("hex");
  const raw = JSON.stringify({
    order_id: orderId,
    transaction_id: reference,
    status_code: "200",
    gross_amount: amount,
    transaction_status: status,
    payment_type: "gopay",
    signature_key: signature,
  });
  return program.call("POST", "/api/v1/providers/midtrans/notifications", { raw });
}

describe("a dispute", () => {
  it("a dispute has these transitions and no others", () => {
    const table = (Object.keys(disputeLifecycle) as DisputeState[]).map(
      (state) =>
        `${state}: ${(["win", "lose"] as const).map((event) => nextDispute(state, event) ?? "-").join(" ")}`,
    );
    assert.deepEqual(table, ["opened: won lost", "won: - -", "lost: - -"]);
  });

  it("a chargeback opens one dispute, however often it is reported; the payment stays paid", async () => {
    const payment = await paid(50_000);
    const moved = await watch();
    await program.lever("PUT", `transactions/${payment.reference}/faults`, { duplicates: 3 });
    await lever(payment.reference, "chargeback");
    const [dispute] = await disputed(payment);
    assert.deepEqual(
      [dispute?.state, dispute?.amount, dispute?.reason, dispute?.order_id],
      ["opened", "50000.00", "Fraudulent transaction", payment.orderId],
    );
    const again = await Promise.all([1, 2, 3, 4].map(() => sendAgain(payment, 50_000)));
    assert.deepEqual(
      again.map(({ status }) => status),
      [200, 200, 200, 200],
    );
    assert.deepEqual(
      [(await view(payment)).state, (await order(payment.orderId)).status, (await disputed(payment)).length],
      ["succeeded", "PAID", 1],
    );
    assert.deepEqual(await moved(), { "clearing:midtrans": 50_000n, disputed: -50_000n });
    const { rows } = await program.database.pool.query<{
      topic: string;
      payload: { dispute_id: string; amount: string };
    }>("select topic, payload from outbox_event where subject = $1 and topic like 'payment.disp%'", [
      payment.paymentId,
    ]);
    assert.deepEqual(
      rows.map(({ topic, payload }) => [topic, payload.dispute_id, payload.amount]),
      [["payment.disputed", dispute?.dispute_id, "5000000"]],
    );
    await program.assertBooksHold();
  });

  it("a dispute that is won is owed again, and the payment can be refunded", async () => {
    const payment = await paid(20_000);
    const moved = await watch();
    await lever(payment.reference, "chargeback");
    const [dispute] = await disputed(payment);
    assert.equal((await refund(payment.paymentId, "1000.00")).code, "refund_exceeds");
    const won = await decide(dispute?.dispute_id, { outcome: "won", note: "bukti diterima" });
    assert.deepEqual(
      [won.status, won.body.state, won.body.note, won.body.decided_by],
      [200, "won", "bukti diterima", "sandbox"],
    );
    assert.deepEqual(await moved(), {});
    assert.equal((await refund(payment.paymentId, "1000.00")).status, 201);
    await program.assertBooksHold();
  });

  it("a lost dispute is booked as a loss and a fee; concurrent decisions decide it once", async () => {
    const payment = await paid(20_000);
    const moved = await watch();
    await lever(payment.reference, "chargeback");
    const [dispute] = await disputed(payment);
    const key = newId();
    const lost = { outcome: "lost", fee: "2500.00", note: "bank menolak" };
    const answers = await Promise.all([
      decide(dispute?.dispute_id, lost),
      decide(dispute?.dispute_id, lost),
      decide(dispute?.dispute_id, { outcome: "won", note: "x" }),
      decide(dispute?.dispute_id, lost),
    ]);
    assert.deepEqual(answers.map(({ status, code }) => code ?? String(status)).sort(), [
      "200",
      "dispute_settled",
      "dispute_settled",
      "dispute_settled",
    ]);
    const [state, sums] = [(await disputed(payment))[0]?.state, await moved()];
    if (state === "lost")
      assert.deepEqual(sums, { "clearing:midtrans": 22_500n, losses: -20_000n, fees: -2_500n });
    else assert.deepEqual(sums, {});
    const other = await paid(10_000);
    await lever(other.reference, "chargeback");
    const [second] = await disputed(other);
    const first = await decide(second?.dispute_id, lost, key);
    assert.deepEqual([first.body.state, first.body.fee], ["lost", "2500.00"]);
    assert.equal((await decide(second?.dispute_id, lost, key)).headers.get("idempotent-replayed"), "true");
    assert.equal((await refund(other.paymentId, "1000.00")).code, "refund_exceeds");
    await program.assertBooksHold();
  });

  it("partial disputes and refunds never exceed what was paid", async () => {
    const payment = await paid(30_000);
    assert.equal((await refund(payment.paymentId, "10000.00")).body.state, "succeeded");
    await lever(payment.reference, "chargeback", { amount: 5_000 });
    assert.deepEqual(page(await disputed(payment)), ["opened 5000.00 0.00"]);
    assert.equal((await refund(payment.paymentId, "15000.01")).code, "refund_exceeds");
    await lever(payment.reference, "chargeback");
    assert.deepEqual(page(await disputed(payment, 2)), ["opened 5000.00 0.00", "opened 15000.00 0.00"]);
    assert.equal((await refund(payment.paymentId, "1.00")).code, "refund_exceeds");
    await program.assertBooksHold();
  });

  it("concurrent disputes and refunds never exceed what was paid; the excess is in suspense", async () => {
    const payment = await paid(40_000);
    const moved = await watch();
    await program.lever("POST", "next", { fault: "error_500", call: "refund", times: 2 });
    const [first, second] = await Promise.all([
      refund(payment.paymentId, "25000.00"),
      refund(payment.paymentId, "5000.00"),
      lever(payment.reference, "chargeback"),
    ]);
    const [dispute] = await disputed(payment);
    const { refunds } = await view(payment);
    const minor = (text: string | undefined) => BigInt((text ?? "0").replace(".", ""));
    const given = refunds.reduce(
      (sum, { amount, state }) => (state === "failed" ? sum : sum + minor(amount)),
      0n,
    );
    assert.ok(
      given + minor(dispute?.amount) <= 4_000_000n,
      JSON.stringify([refunds, dispute, first.code, second.code]),
    );
    assert.equal(
      minor(dispute?.amount) + minor(dispute?.beyond),
      4_000_000n,
      "the provider took the whole amount",
    );
    await decide(dispute?.dispute_id, { outcome: "lost", note: "tanpa bukti" });
    const { suspense, disputed: open, losses } = await moved();
    assert.deepEqual([suspense, open, losses], [undefined, undefined, -40_000n]);
    await program.assertBooksHold();
  });

  it("a dispute reported before the payment's success pays the payment first", async () => {
    const payment = await open(15_000);
    const moved = await watch();
    await program.lever("PUT", "faults", { suppressed: true });
    await lever(payment.reference, "pay");
    await lever(payment.reference, "chargeback", { amount: 4_000 });
    await program.lever("PUT", "faults", { suppressed: false });
    const answers = await Promise.all([sendAgain(payment, 15_000), sendAgain(payment, 15_000, "settlement")]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200],
    );
    assert.deepEqual(
      [(await view(payment)).state, page(await disputed(payment))],
      ["succeeded", ["opened 4000.00 0.00"]],
    );
    // owed: Rp 15.000 less 2 %, less the chargeback
    assert.deepEqual(await moved(), {
      "clearing:midtrans": -10_700n,
      disputed: -4_000n,
      fees: -300n,
      received: 15_000n,
    });
    await program.assertBooksHold();
  });

  it("a denial after settlement opens a dispute, and a denial before it does not", async () => {
    const payment = await paid(12_000);
    await lever(payment.reference, "deny");
    const [dispute] = await disputed(payment);
    assert.deepEqual(
      [dispute?.amount, dispute?.reason, (await view(payment)).state],
      ["12000.00", "deny after settlement", "succeeded"],
    );
    const never = await open(12_000);
    await lever(never.reference, "fail");
    const failed = await until(
      () => view(never),
      ({ state }) => state === "failed",
    );
    assert.deepEqual(failed.disputes, []);
    await program.assertBooksHold();
  });

  it("disputed money in suspense can be neither applied nor refunded", async () => {
    const payment = await open(18_000);
    await lever(payment.reference, "pay", { amount: 19_000 });
    const found = await until(
      () => caseOf(payment),
      (each) => each?.state === "open",
    );
    await lever(payment.reference, "chargeback");
    assert.deepEqual(page(await disputed(payment)), ["opened 19000.00 0.00"]);
    assert.equal((await disputed(payment))[0]?.case_id, found?.case_id);
    assert.equal(
      (await post(`/api/v1/cases/${found?.case_id}/refund`, { reason: "lebih" })).code,
      "case_disputed",
    );
    await decide((await disputed(payment))[0]?.dispute_id, { outcome: "won", note: "x" });
    assert.equal((await caseOf(payment))?.state, "open");
    assert.equal(
      (await post<CaseBody>(`/api/v1/cases/${found?.case_id}/refund`, { reason: "lebih" })).status,
      200,
    );
    await program.assertBooksHold();
  });

  it("a lost dispute over money in suspense is no loss, and it settles the case", async () => {
    const moved = await watch();
    const payment = await open(18_000);
    await lever(payment.reference, "pay", { amount: 19_000 });
    await until(
      () => caseOf(payment),
      (each) => each?.state === "open",
    );
    await lever(payment.reference, "chargeback");
    await decide((await disputed(payment))[0]?.dispute_id, { outcome: "lost", note: "x" });
    assert.equal((await caseOf(payment))?.state, "refunded");
    // the provider keeps its fee of 2 %
    assert.deepEqual(await moved(), { "clearing:midtrans": 380n, fees: -380n });
    assert.deepEqual((await proveBooks(program.database)).breaches, []);
  });

  it("a dispute over money applied to another order belongs to that order", async () => {
    const payment = await open(18_000);
    await lever(payment.reference, "pay", { amount: 19_000 });
    const found = await until(
      () => caseOf(payment),
      (each) => each?.state === "open",
    );
    const { orderId } = await open(19_000);
    assert.equal((await post(`/api/v1/cases/${found?.case_id}/apply`, { order_id: orderId })).status, 200);
    await lever(payment.reference, "chargeback", { amount: 7_000 });
    const all = async () =>
      (await program.call<{ disputes: DisputeBody[] }>("GET", "/api/v1/disputes")).body.disputes;
    const mine = (await until(all, (list) => list.some((each) => each.order_id === orderId))).find(
      (each) => each.order_id === orderId,
    );
    assert.equal(mine?.amount, "7000.00");
    assert.equal((await refund(mine.payment_id, "12000.01")).code, "refund_exceeds");
    await program.assertBooksHold();
  });

  it("disputes are listed and read, take a deadline, and invalid requests are refused by name", async () => {
    const payment = await paid(10_000);
    await lever(payment.reference, "chargeback");
    const [dispute] = await disputed(payment);
    const id = dispute?.dispute_id;
    const list = (await program.call<{ disputes: DisputeBody[] }>("GET", "/api/v1/disputes?state=opened"))
      .body.disputes;
    assert.ok(list.some((each) => each.dispute_id === id) && list.every(({ state }) => state === "opened"));
    const noted = await program.call<DisputeBody>("PUT", `/api/v1/disputes/${id}/deadline`, {
      body: { until: "2026-12-01T10:00:00Z" },
    });
    assert.equal(noted.body.evidence_until, "2026-12-01T10:00:00.000Z");
    assert.equal(
      (await program.call<DisputeBody>("GET", `/api/v1/disputes/${id}`)).body.evidence_until,
      "2026-12-01T10:00:00.000Z",
    );
    assert.equal(
      (await program.call("POST", `/api/v1/disputes/${id}/decision`, { body: { outcome: "won", note: "x" } }))
        .code,
      "idempotency_key_missing",
    );
    assert.equal((await decide(newId(), { outcome: "won", note: "x" })).code, "dispute_unknown");
    assert.equal((await decide(id, { outcome: "won" })).code, "request_invalid");
    assert.equal((await decide(id, { outcome: "won", fee: "1.00", note: "x" })).code, "request_invalid");
    assert.equal((await decide(id, { outcome: "lost", fee: "-1", note: "x" })).code, "amount_not_positive");
    assert.equal((await program.call("GET", `/api/v1/disputes/${newId()}`)).code, "dispute_unknown");
    const cashier = await program.unlock("Sari", "111111");
    const owner = await program.unlock("Ratna", "333333");
    assert.equal((await program.call("GET", "/api/v1/disputes", { token: cashier })).code, "forbidden");
    assert.equal(
      (await post(`/api/v1/disputes/${id}/decision`, { outcome: "won", note: "x" }, newId(), cashier)).code,
      "forbidden",
    );
    const { open_cases: before } = (
      await program.call<TodayBody>("GET", "/api/v1/till/reports/today", { token: owner })
    ).body;
    assert.equal(
      (
        await post<DisputeBody>(
          `/api/v1/disputes/${id}/decision`,
          { outcome: "won", note: "x" },
          newId(),
          owner,
        )
      ).body.state,
      "won",
    );
    assert.equal(
      (await program.call<TodayBody>("GET", "/api/v1/till/reports/today", { token: owner })).body.open_cases,
      before - 1,
    );
    assert.equal(
      (
        await program.call("PUT", `/api/v1/disputes/${id}/deadline`, {
          body: { until: "2026-12-01T10:00:00Z" },
        })
      ).code,
      "dispute_settled",
    );
  });

  it("a dispute shows on its sale, whose revenue stays, and the proofs hold", async () => {
    await program.database.pool.query(
      "insert into routing_rule (merchant_id, rule_id, rank, method, providers) " +
        "values ($1, $2, 1, 'QRIS', array['midtrans'])",
      [DEMO_MERCHANT, newId()],
    );
    const cashier = await program.unlock("Sari", "111111");
    const catalogue = (await program.call<CatalogueBody>("GET", "/api/v1/till/catalogue", { token: cashier }))
      .body;
    const sale = newSale(catalogue, ["Latte"], "QRIS");
    await sell(program, cashier, sale);
    const reference = (await order(sale.id)).payment?.reference ?? "";
    await lever(reference, "pay");
    await until(
      () => order(sale.id),
      (found) => found.status === "PAID",
    );
    const revenue = await posted("sales");
    await lever(reference, "chargeback");
    const shown = async () =>
      (await program.call<SaleBody>("GET", `/api/v1/till/sales/${sale.id}`, { token: cashier })).body;
    const flagged = await until(shown, (found) => found.disputed);
    assert.equal(flagged.state, "paid");
    assert.equal(await posted("sales"), revenue);
    const listed = (
      await program.call<{ sales: SaleBody[] }>("GET", "/api/v1/till/sales", { token: cashier })
    ).body.sales;
    assert.equal(listed.find(({ id }) => id === sale.id)?.disputed, true);
    const { rows } = await program.database.pool.query<{ day: string }>(
      "select to_char(now() at time zone 'Asia/Jakarta', 'YYYY-MM-DD') as day",
    );
    const [day] = await proveDay(program.database, rows[0]?.day ?? "");
    const line = day?.lines.find(({ provider, method }) => provider === "midtrans" && method === "dispute");
    assert.ok(line && line.ledger === line.payments && line.ledger < 0n);
    assert.deepEqual(day?.breaks, []);
    const [tender] = flagged.tenders;
    const [gross, fee] = [tender?.amount.amount ?? "", (await order(sale.id)).payment?.fee_merchant ?? 0];
    const today = rows[0]?.day ?? "";
    const raw = [
      "reference,kind,gross,fee,net,paid_day",
      `${reference},payment,${gross},${fee},${Number(gross) - fee},${today}`,
      `${reference},refund,-${gross},0,-${gross},${today}`,
    ].join("\n");
    const owner = await program.unlock("Ratna", "333333");
    const imported = await program.call<StatementBody>(
      "POST",
      "/api/v1/settlement/statements?provider=midtrans&layout=plain",
      { token: owner, raw, headers: { "content-type": "text/csv" } },
    );
    const told = await program.call<{ rows: StatementRowBody[] }>(
      "GET",
      `/api/v1/settlement/statements/${imported.body.id}`,
      { token: owner },
    );
    assert.deepEqual(
      told.body.rows?.map(({ outcome, document_kind: kind }) => `${outcome} ${kind}`),
      ["matched payment", "matched dispute"],
      JSON.stringify(imported.body),
    );
    assert.deepEqual((await proveDay(program.database, today))[0]?.breaks, []);
    assert.deepEqual((await proveBooks(program.database)).breaches, []);
  });

  it("the proof finds a dispute that exceeds what was paid or differs from its account", async () => {
    const payment = await paid(10_000);
    await lever(payment.reference, "chargeback");
    const [dispute] = await disputed(payment);
    const rules = async (amount: bigint) => {
      await program.database.pool.query("update dispute set amount = $2 where dispute_id = $1", [
        dispute?.dispute_id,
        amount,
      ]);
      return (await proveBooks(program.database)).breaches.map(({ rule }) => rule);
    };
    assert.deepEqual(await rules(1_000_001n), [
      "no more is given and taken back than was paid",
      "what is disputed is the sum of open disputes",
    ]);
    assert.deepEqual(await rules(1_000_000n), []);
  });
});
