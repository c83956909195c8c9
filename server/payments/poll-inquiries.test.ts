import { newId, type OrderBody } from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { DEMO_MERCHANT } from "../demo/index.ts";
import { inTransaction } from "../kernel/index.ts";
import { openTestProgram, type TestProgram } from "../testing/program.ts";
import { until } from "../testing/until.ts";
import { renewInquiries, selectPayment, updatePayment, type Inquiry } from "./store.ts";

let program: TestProgram;
before(async () => {
  program = await openTestProgram();
});
after(() => program.close());
beforeEach(() => program.lever("DELETE", "faults"));

type Data<T> = { readonly data: T };

/** An order of Rp 20.000 that waits for a QRIS payment. */
async function waiting(): Promise<{ orderId: string; paymentId: string; reference: string }> {
  const orderId = `INV-${newId()}`;
  const post = (path: string, body: unknown) =>
    program.call<Data<OrderBody>>("POST", `/api/v1/payment/${path}`, {
      body,
      headers: { "idempotency-key": newId() },
    });
  await post("create-transaction", {
    order_id: orderId,
    amount: 20_000,
    customer_name: "Pelanggan Contoh",
    order_items: [{ name: "Kopi", price: 20_000, quantity: 1 }],
  });
  const { body } = await post("create-payment", { order_id: orderId, method: "QRIS2" });
  const paymentId = body.data.payment?.payment_id ?? "";
  const { rows } = await query<{ reference: string }>("select reference from payment where payment_id = $1", [
    paymentId,
  ]);
  return { orderId, paymentId, reference: rows[0]?.reference ?? "" };
}

const query = <T extends object>(text: string, values: unknown[]) =>
  program.database.pool.query<T>(text, values);
const suppress = (reference: string) =>
  program.lever("PUT", `transactions/${reference}/faults`, { suppressed: true });
const pay = (reference: string) => program.lever("POST", `transactions/${reference}/pay`);
const stateOf = async (paymentId: string) =>
  (await query<{ state: string }>("select state from payment where payment_id = $1", [paymentId])).rows[0]
    ?.state;
const planOf = async (paymentId: string) =>
  (
    await query<{ at: string | null; asked: number }>(
      "select ask_at::text as at, asked from payment where payment_id = $1",
      [paymentId],
    )
  ).rows[0];
/** Sets the time of the next inquiry, relative to now. */
const planFor = (paymentId: string, when: string) =>
  query("update payment set ask_at = now() + $2::interval where payment_id = $1", [paymentId, when]);

/** Paid payments whose inquiry is long overdue, as an older version of the program left them. */
async function paidAndDue(count: number): Promise<void> {
  const { orderId } = await waiting();
  await query(
    `insert into payment (merchant_id, payment_id, order_id, method, channel, provider, currency, amount,
       state, merchant_ref, reference, ask_at)
     select $1, gen_random_uuid(), $2, 'QRIS', 'QRIS2', 'tripay', 'IDR', 1, 'succeeded',
            'PAID-' || n, 'PAID-' || n, now() - interval '1 hour'
       from generate_series(1, $3::int) as n`,
    [DEMO_MERCHANT, orderId, count],
  );
}

describe("inquiries", () => {
  it("a payment with a lost callback is found behind 2,000 paid ones, also after a restart", async () => {
    await paidAndDue(2_000);
    for (const restarted of [false, true]) {
      const { paymentId, reference } = await waiting();
      await suppress(reference);
      await pay(reference);
      await planFor(paymentId, "0 seconds");
      if (restarted) await program.restart();
      await until(
        () => stateOf(paymentId),
        (state) => state === "succeeded",
      );
    }
    const { rows } = await query("select 1 from payment where merchant_ref like 'PAID-%' and asked > 0", []);
    assert.equal(rows.length, 0, "payments in a final state are not inquired about");
    await query("delete from payment where merchant_ref like 'PAID-%'", []);
    await program.assertBooksHold();
  });

  it("a paid payment is not due for an inquiry", async () => {
    const { paymentId, reference } = await waiting();
    assert.notEqual((await planOf(paymentId))?.at, null);
    await pay(reference);
    await until(
      () => stateOf(paymentId),
      (state) => state === "succeeded",
    );
    assert.equal((await planOf(paymentId))?.at, null);
  });

  it("a failed payment that is opened after all is due again", async () => {
    const { paymentId } = await waiting();
    const move = (state: "failed" | "pending") =>
      inTransaction(program.database, async (tx) => {
        const payment = await selectPayment(tx, DEMO_MERCHANT, paymentId);
        assert.ok(payment);
        await updatePayment(tx, payment, state, {});
      });
    await move("failed");
    assert.equal((await planOf(paymentId))?.at, null);
    await move("pending");
    const plan = await planOf(paymentId);
    assert.ok(plan && plan.at !== null);
    assert.equal(plan.asked, 0);
  });

  it("an inquiry holds a short lease, which is renewed while the provider is slow", async () => {
    const { paymentId } = await waiting();
    await program.lever("POST", "next", { call: "read", fault: "answer_slow", ms: 9_000 });
    await planFor(paymentId, "0 seconds");
    const leases = new Set<string>();
    const lease = async () => {
      const plan = await planOf(paymentId);
      if (plan && plan.asked === 1 && plan.at !== null) leases.add(plan.at);
      return leases.size;
    };
    await until(lease, (count) => count >= 2, 15_000);
    const { rows } = await query<{ short: boolean }>(
      "select ask_at < now() + interval '15 seconds' as short from payment where payment_id = $1",
      [paymentId],
    );
    assert.equal(rows[0]?.short, true, "others soon take it over from a killed process");
    assert.equal((await planOf(paymentId))?.asked, 1, "nobody else inquired meanwhile");
  });

  it("a lease is not renewed once the next inquiry is planned, nor while its payment is locked", async () => {
    const [planned, locked, plain] = [await waiting(), await waiting(), await waiting()];
    const other = await program.database.pool.connect();
    try {
      const ids = [planned, locked, plain].map(({ paymentId }) => paymentId);
      await query(
        "update payment set ask_at = now() + interval '10 minutes' where payment_id = any ($1::uuid[])",
        [ids],
      );
      const { rows } = await query<{ id: string; at: string }>(
        "select payment_id as id, ask_at::text as at from payment where payment_id = any ($1::uuid[])",
        [ids],
      );
      const inquiries: Inquiry[] = rows.map(({ id, at }) => ({
        merchantId: DEMO_MERCHANT,
        paymentId: id,
        tries: 0,
        leasedUntil: at,
      }));
      await planFor(planned.paymentId, "20 minutes");
      await other.query("begin");
      await other.query("select from payment where payment_id = $1 for update", [locked.paymentId]);
      const renewed = await renewInquiries(program.database.kysely, inquiries, 600);
      assert.deepEqual([...renewed.keys()], [plain.paymentId]);
      assert.equal((await planOf(plain.paymentId))?.at, renewed.get(plain.paymentId));
    } finally {
      await other.query("rollback");
      other.release();
    }
  });
});
