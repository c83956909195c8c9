import { newId, type OrderBody, type RefundBody } from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { DEMO_MERCHANT } from "../server/demo/index.ts";
import { balanceByCode } from "../server/ledger/index.ts";
import { openTestProgram, type TestProgram } from "../server/testing/program.ts";
import { until } from "../server/testing/until.ts";

let program: TestProgram;
before(async () => {
  program = await openTestProgram();
});
after(() => program.close());

type Seed<T> = { readonly data: T };
type Listed = {
  readonly reference: string;
  readonly provider: string;
  readonly merchantRef: string;
  readonly refunds: readonly unknown[];
};

const posted = async (code: string) =>
  (await balanceByCode(program.database.kysely, DEMO_MERCHANT, code))?.posted ?? 0n;
const post = <T>(path: string, body: unknown) =>
  program.call<T>("POST", path, { body, headers: { "idempotency-key": newId() } });
const order = async (orderId: string) =>
  (await program.call<Seed<OrderBody>>("GET", `/api/v1/payment/get-status-payment?order_id=${orderId}`)).body
    .data;
const provider = async (paymentId: string | undefined) =>
  (await program.call<{ provider: string }>("GET", `/api/v1/payments/${paymentId}`)).body.provider;
const listed = async () => (await program.lever("GET", "transactions")) as Listed[];

async function place(amount: number): Promise<string> {
  const orderId = `INV-${newId()}`;
  const made = await post("/api/v1/payment/create-transaction", {
    order_id: orderId,
    amount,
    customer_name: "Pelanggan Contoh",
    customer_email: "pelanggan@contoh.invalid",
    order_items: [{ name: "Kopi", price: amount, quantity: 1 }],
  });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return orderId;
}

const open = async (orderId: string, method: string) => {
  const { status, body } = await post<Seed<OrderBody>>("/api/v1/payment/create-payment", {
    order_id: orderId,
    method,
  });
  return { status, payment: body.data.payment };
};

describe("an order over HTTP", () => {
  for (const [name, channel, net] of [
    // Rp 50.000 minus a fee of 2 %, and minus 1,5 %
    ["midtrans", "GOPAY", 4_900_000n],
    ["xendit", "LINKAJA", 4_925_000n],
  ] as const) {
    it(`is paid once by a notification of ${name} for ${channel}, and is in the books`, async () => {
      const [clearing, received] = [await posted(`clearing:${name}`), await posted("received")];
      const orderId = await place(50_000);
      const { status, payment } = await open(orderId, channel);
      assert.equal(status, 201);
      assert.deepEqual(
        [payment?.status, payment?.amount, payment?.fee_merchant, await provider(payment?.payment_id)],
        ["UNPAID", 50_000, 50_000 - Number(net / 100n), name],
      );
      assert.match(payment?.checkout_url ?? "", /^http/);
      await program.lever("PUT", `transactions/${payment?.reference}/faults`, { duplicates: 3 });
      await program.lever("POST", `transactions/${payment?.reference}/pay`);
      const paid = await until(
        () => order(orderId),
        ({ status: current }) => current === "PAID",
      );
      assert.ok(paid.paid_at);
      assert.deepEqual(
        [clearing - (await posted(`clearing:${name}`)), (await posted("received")) - received],
        [net, 5_000_000n],
      );
      await program.assertBooksHold();
    });

    it(`is not paid by a forged or false notification of ${name}`, async () => {
      const orderId = await place(20_000);
      const { payment } = await open(orderId, channel);
      const forged = await program.call("POST", `/api/v1/providers/${name}/notifications`, {
        raw: JSON.stringify({ order_id: "x", status_code: "200", gross_amount: "1.00", signature_key: "00" }),
        headers: { "x-callback-token": "wrong" },
      });
      assert.deepEqual([forged.status, forged.code], [403, "notification_signature_wrong"]);
      // correctly signed but false: Onegate inquires at the provider, where the payment is still unpaid
      const falseNotification = JSON.stringify({
        event: "ewallet.capture",
        data: {
          id: payment?.reference,
          reference_id: `OG${payment?.payment_id.replaceAll("-", "")}`,
          status: "SUCCEEDED",
          channel_code: `ID_${channel}`,
          currency: "IDR",
          charge_amount: 20_000,
          capture_amount: 20_000,
        },
      });
      if (name === "xendit") {
        const { status } = await program.call("POST", "/api/v1/providers/xendit/notifications", {
          raw: falseNotification,
          headers: { "x-callback-token": "onegate-demo-callback-token" },
        });
        assert.equal(status, 200);
      }
      assert.equal((await order(orderId)).status, "UNPAID");
    });
  }

  it("can be refunded in parts at midtrans and in the books", async () => {
    const orderId = await place(30_000);
    const { payment } = await open(orderId, "GOPAY");
    await program.lever("POST", `transactions/${payment?.reference}/pay`);
    await until(
      () => order(orderId),
      (one) => one.status === "PAID",
    );
    const clearing = await posted("clearing:midtrans");
    const refund = async (amount: string) =>
      (
        await post<RefundBody>(`/api/v1/payments/${payment?.payment_id}/refunds`, {
          amount,
          reason: "Salah pesan",
        })
      ).body;
    assert.equal((await refund("10000.00")).state, "succeeded");
    assert.equal((await refund("20000.00")).state, "succeeded");
    assert.equal((await posted("clearing:midtrans")) - clearing, 3_000_000n);
    assert.equal(
      (await listed()).find(({ reference }) => reference === payment?.reference)?.refunds.length,
      2,
    );
    await program.assertBooksHold();
  });

  it("is unknown when xendit's answer is lost, is not sent again, and can still be paid", async () => {
    await program.lever("POST", "next", { fault: "answer_lost", call: "create" });
    const orderId = await place(15_000);
    const { status, payment } = await open(orderId, "ASTRAPAY");
    assert.deepEqual([status, payment?.status, payment?.reference], [202, "UNKNOWN", null]);
    const merchantRef = `OG${payment?.payment_id.replaceAll("-", "")}`;
    const sent = (await listed()).filter((transaction) => transaction.merchantRef === merchantRef);
    assert.deepEqual(
      sent.map((transaction) => transaction.provider),
      ["xendit"],
    );
    await program.lever("POST", `transactions/${sent[0]?.reference}/pay`);
    assert.equal(
      (
        await until(
          () => order(orderId),
          (one) => one.status === "PAID",
        )
      ).payment?.reference,
      sent[0]?.reference,
    );
  });

  it("of the demo shop goes to Tripay if several providers offer the channel", async () => {
    const orderId = await place(25_000);
    const { payment } = await open(orderId, "BCAVA");
    assert.equal(await provider(payment?.payment_id), "tripay");
  });
});
