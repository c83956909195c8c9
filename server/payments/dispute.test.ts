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

/** The accounts that a dispute may move, as they stand now; called again, by how much they have moved. */
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

/** An order of a sum that was paid through Midtrans. */
async function paid(amount: number): Promise<Paid> {
  const opened = await open(amount);
  await lever(opened.reference, "pay");
  await until(
    () => order(opened.orderId),
    (one) => one.status === "PAID",
  );
  return opened;
}

const caseOf = async ({ reference }: Paid) =>
  (await program.call<{ cases: CaseBody[] }>("GET", "/api/v1/cases")).body.cases.find(
    (one) => one.reference === reference,
  );
const disputed = async (one: Paid, count = 1) =>
  (
    await until(
      () => view(one),
      ({ disputes }) => disputes.length === count,
    )
  ).disputes;

/** Midtrans tells of a transaction once more, as it stands now. */
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
  it("moves by these states and no others", () => {
    const table = (Object.keys(disputeLifecycle) as DisputeState[]).map(
      (state) =>
        `${state}: ${(["win", "lose"] as const).map((event) => nextDispute(state, event) ?? "-").join(" ")}`,
    );
    assert.deepEqual(table, ["opened: won lost", "won: - -", "lost: - -"]);
  });

  it("opens with the provider's word, once however often it comes; the payment stays paid, and who waits hears of it", async () => {
    const one = await paid(50_000);
    const moved = await watch();
    await program.lever("PUT", `transactions/${one.reference}/faults`, { duplicates: 3 });
    await lever(one.reference, "chargeback");
    const [dispute] = await disputed(one);
    assert.deepEqual(
      [dispute?.state, dispute?.amount, dispute?.reason, dispute?.order_id],
      ["opened", "50000.00", "Fraudulent transaction", one.orderId],
    );
    const again = await Promise.all([1, 2, 3, 4].map(() => sendAgain(one, 50_000)));
    assert.deepEqual(
      again.map(({ status }) => status),
      [200, 200, 200, 200],
    );
    assert.deepEqual(
      [(await view(one)).state, (await order(one.orderId)).status, (await disputed(one)).length],
      ["succeeded", "PAID", 1],
    );
    assert.deepEqual(await moved(), { "clearing:midtrans": 50_000n, disputed: -50_000n });
    const { rows } = await program.database.pool.query<{
      topic: string;
      payload: { dispute_id: string; amount: string };
    }>("select topic, payload from outbox_event where subject = $1 and topic like 'payment.disp%'", [
      one.paymentId,
    ]);
    assert.deepEqual(
      rows.map(({ topic, payload }) => [topic, payload.dispute_id, payload.amount]),
      [["payment.disputed", dispute?.dispute_id, "5000000"]],
    );
    await program.assertBooksHold();
  });

  it("that is won is owed again, and may then be given back", async () => {
    const one = await paid(20_000);
    const moved = await watch();
    await lever(one.reference, "chargeback");
    const [dispute] = await disputed(one);
    assert.equal((await refund(one.paymentId, "1000.00")).code, "refund_exceeds");
    const won = await decide(dispute?.dispute_id, { outcome: "won", note: "bukti diterima" });
    assert.deepEqual(
      [won.status, won.body.state, won.body.note, won.body.decided_by],
      [200, "won", "bukti diterima", "sandbox"],
    );
    assert.deepEqual(await moved(), {});
    assert.equal((await refund(one.paymentId, "1000.00")).status, 201);
    await program.assertBooksHold();
  });

  it("that is lost is a loss, and the provider's fee a fee; decided once, whoever decides at the same moment", async () => {
    const one = await paid(20_000);
    const moved = await watch();
    await lever(one.reference, "chargeback");
    const [dispute] = await disputed(one);
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
    const [state, sums] = [(await disputed(one))[0]?.state, await moved()];
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

  it("of parts, of a payment given back in part, never passes what was paid", async () => {
    const one = await paid(30_000);
    assert.equal((await refund(one.paymentId, "10000.00")).body.state, "succeeded");
    await lever(one.reference, "chargeback", { amount: 5_000 });
    assert.deepEqual(page(await disputed(one)), ["opened 5000.00 0.00"]);
    assert.equal((await refund(one.paymentId, "15000.01")).code, "refund_exceeds");
    await lever(one.reference, "chargeback");
    assert.deepEqual(page(await disputed(one, 2)), ["opened 5000.00 0.00", "opened 15000.00 0.00"]);
    assert.equal((await refund(one.paymentId, "1.00")).code, "refund_exceeds");
    await program.assertBooksHold();
  });

  it("at the same moment as refunds: together never more than was paid, and what is beyond stands in suspense until it ends", async () => {
    const one = await paid(40_000);
    const moved = await watch();
    await program.lever("POST", "next", { fault: "error_500", call: "refund", times: 2 });
    const [first, second] = await Promise.all([
      refund(one.paymentId, "25000.00"),
      refund(one.paymentId, "5000.00"),
      lever(one.reference, "chargeback"),
    ]);
    const [dispute] = await disputed(one);
    const { refunds } = await view(one);
    const minor = (text: string | undefined) => BigInt((text ?? "0").replace(".", ""));
    const given = refunds.reduce(
      (sum, { amount, state }) => (state === "failed" ? sum : sum + minor(amount)),
      0n,
    );
    assert.ok(
      given + minor(dispute?.amount) <= 4_000_000n,
      JSON.stringify([refunds, dispute, first.code, second.code]),
    );
    assert.equal(minor(dispute?.amount) + minor(dispute?.beyond), 4_000_000n, "the provider took all of it");
    await decide(dispute?.dispute_id, { outcome: "lost", note: "tanpa bukti" });
    const { suspense, disputed: open, losses } = await moved();
    assert.deepEqual([suspense, open, losses], [undefined, undefined, -40_000n]);
    await program.assertBooksHold();
  });

  it("before its success was heard: the payment is paid first", async () => {
    const one = await open(15_000);
    const moved = await watch();
    await program.lever("PUT", "faults", { suppressed: true });
    await lever(one.reference, "pay");
    await lever(one.reference, "chargeback", { amount: 4_000 });
    await program.lever("PUT", "faults", { suppressed: false });
    const answers = await Promise.all([sendAgain(one, 15_000), sendAgain(one, 15_000, "settlement")]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200],
    );
    assert.deepEqual(
      [(await view(one)).state, page(await disputed(one))],
      ["succeeded", ["opened 4000.00 0.00"]],
    );
    // Rp 15.000 less 2 % are owed, less what was taken back
    assert.deepEqual(await moved(), {
      "clearing:midtrans": -10_700n,
      disputed: -4_000n,
      fees: -300n,
      received: 15_000n,
    });
    await program.assertBooksHold();
  });

  it("comes too when the acquirer denies what it had settled, and not of a denial before", async () => {
    const one = await paid(12_000);
    await lever(one.reference, "deny");
    const [dispute] = await disputed(one);
    assert.deepEqual(
      [dispute?.amount, dispute?.reason, (await view(one)).state],
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

  it("of money in suspense keeps that from being applied or given back", async () => {
    const one = await open(18_000);
    await lever(one.reference, "pay", { amount: 19_000 });
    const found = await until(
      () => caseOf(one),
      (each) => each?.state === "open",
    );
    await lever(one.reference, "chargeback");
    assert.deepEqual(page(await disputed(one)), ["opened 19000.00 0.00"]);
    assert.equal((await disputed(one))[0]?.case_id, found?.case_id);
    assert.equal(
      (await post(`/api/v1/cases/${found?.case_id}/refund`, { reason: "lebih" })).code,
      "case_disputed",
    );
    await decide((await disputed(one))[0]?.dispute_id, { outcome: "won", note: "x" });
    assert.equal((await caseOf(one))?.state, "open");
    assert.equal(
      (await post<CaseBody>(`/api/v1/cases/${found?.case_id}/refund`, { reason: "lebih" })).status,
      200,
    );
    await program.assertBooksHold();
  });

  it("that is lost of money in suspense is no loss: it went back to its payer, and the case is settled", async () => {
    const moved = await watch();
    const one = await open(18_000);
    await lever(one.reference, "pay", { amount: 19_000 });
    await until(
      () => caseOf(one),
      (each) => each?.state === "open",
    );
    await lever(one.reference, "chargeback");
    await decide((await disputed(one))[0]?.dispute_id, { outcome: "lost", note: "x" });
    assert.equal((await caseOf(one))?.state, "refunded");
    // 2 % of it was the provider's, and stays so
    assert.deepEqual(await moved(), { "clearing:midtrans": 380n, fees: -380n });
    assert.deepEqual((await proveBooks(program.database)).breaches, []);
  });

  it("of money that was taken out of suspense for another order is that one's", async () => {
    const one = await open(18_000);
    await lever(one.reference, "pay", { amount: 19_000 });
    const found = await until(
      () => caseOf(one),
      (each) => each?.state === "open",
    );
    const { orderId } = await open(19_000);
    assert.equal((await post(`/api/v1/cases/${found?.case_id}/apply`, { order_id: orderId })).status, 200);
    await lever(one.reference, "chargeback", { amount: 7_000 });
    const all = async () =>
      (await program.call<{ disputes: DisputeBody[] }>("GET", "/api/v1/disputes")).body.disputes;
    const mine = (await until(all, (list) => list.some((each) => each.order_id === orderId))).find(
      (each) => each.order_id === orderId,
    );
    assert.equal(mine?.amount, "7000.00");
    assert.equal((await refund(mine.payment_id, "12000.01")).code, "refund_exceeds");
    await program.assertBooksHold();
  });

  it("is listed and read, takes a deadline, and is refused by name", async () => {
    const one = await paid(10_000);
    await lever(one.reference, "chargeback");
    const [dispute] = await disputed(one);
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

  it("shows at its sale, whose revenue stays; the day's proof and the whole proof hold", async () => {
    await program.database.pool.query(
      "insert into routing_rule (merchant_id, rule_id, rank, method, providers) values ($1, $2, 1, 'QRIS', array['midtrans'])",
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
      (one) => one.status === "PAID",
    );
    const revenue = await posted("sales");
    await lever(reference, "chargeback");
    const shown = async () =>
      (await program.call<SaleBody>("GET", `/api/v1/till/sales/${sale.id}`, { token: cashier })).body;
    const flagged = await until(shown, (one) => one.disputed);
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

  it("that is more than was paid, or not what its account says, doesn't get past the proof", async () => {
    const one = await paid(10_000);
    await lever(one.reference, "chargeback");
    const [dispute] = await disputed(one);
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
