import { newId, type OrderBody } from "@onegate/contract";
import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { DEMO_CALLBACK_TOKEN, DEMO_CREDENTIAL, DEMO_SERVER_KEY } from "../../simulator/index.ts";
import { openTestProgram, type TestProgram } from "../testing/program.ts";

let program: TestProgram;
before(async () => {
  program = await openTestProgram();
});
after(() => program.close());

type Sent = { raw: string; headers: Record<string, string> };

const notify = (provider: string, sent: Sent) =>
  program.call("POST", `/api/v1/providers/${provider}/notifications`, sent);
/** A callback of Tripay: the given body, signed. */
const byTripay = (raw: string, event = "payment_status"): Sent => ({
  raw,
  headers: {
    "x-callback-event": event,
    "x-callback-signature": createHmac("sha256", DEMO_CREDENTIAL.privateKey).update(raw).digest("hex"),
  },
});
const byXendit = (body: object): Sent => ({
  raw: JSON.stringify(body),
  headers: { "x-callback-token": DEMO_CALLBACK_TOKEN },
});
const byMidtrans = (body: Record<string, string>): Sent => {
  const text = `${body["order_id"]}${body["status_code"]}${body["gross_amount"]}${DEMO_SERVER_KEY}`;
  return {
    raw: JSON.stringify({ ...body, signature_key: createHash("sha512").update(text).digest("hex") }),
    headers: {},
  };
};

/** The body of a paid callback; `more` is inserted verbatim. */
const paid = ({
  reference,
  merchantRef,
  more = "",
  amount = 20_000,
}: {
  reference: string;
  merchantRef: string;
  more?: string;
  amount?: number;
}) =>
  `{"reference":${JSON.stringify(reference)},"merchant_ref":${JSON.stringify(merchantRef)},` +
  `"payment_method":"QRIS","payment_method_code":"QRIS2","total_amount":${amount},` +
  `"fee_merchant":890,"fee_customer":0,"status":"PAID","paid_at":1763256923${more}}`;

async function open() {
  const orderId = `INV-${newId()}`;
  const item = { name: "Kopi susu", price: 20_000, quantity: 1 };
  const order = {
    order_id: orderId,
    amount: 20_000,
    customer_name: "Sari",
    customer_email: "sari@contoh.invalid",
    order_items: [item],
  };
  assert.equal(
    (await program.call("POST", "/api/v1/payment/create-transaction", { body: order })).status,
    201,
  );
  const { body } = await program.call<{ data: OrderBody }>("POST", "/api/v1/payment/create-payment", {
    body: { order_id: orderId, method: "QRIS2" },
  });
  const { payment } = body.data;
  assert.ok(payment?.reference);
  return {
    orderId,
    reference: payment.reference,
    merchantRef: `OG${payment.payment_id.replaceAll("-", "")}`,
  };
}
const statusOf = async (orderId: string) =>
  (await program.call<{ data: OrderBody }>("GET", `/api/v1/payment/get-status-payment?order_id=${orderId}`))
    .body.data.status;
const kept = async (reference: string) =>
  (
    await program.database.pool.query<{ status: string; outcome: string; body: unknown }>(
      "select status, outcome, body from provider_notification where reference = $1",
      [reference],
    )
  ).rows;
const cases = async () =>
  (await program.database.pool.query<{ n: number }>("select count(*)::int as n from suspense_case")).rows[0]
    ?.n;

describe("an authenticated notification", () => {
  for (const [what, more] of [
    ["half a surrogate pair in a text", ',"payment_name":"QRIS \\ud83d"'],
    ["half a surrogate pair in a name", ',"\\udc00":1'],
    ["NUL in a text and in a name", ',"note2":"a\\u0000b","\\u0000":"c"'],
    ["a list nested 5,000 deep", `,"more":${"[".repeat(5_000)}${"]".repeat(5_000)}`],
    ["objects nested 5,000 deep", `,"more":${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`],
    ["its own prototype", ',"__proto__":{"reference":"x"}'],
    ["a number beyond all numbers", ',"more":1e999'],
  ] as const) {
    it(`a notification with ${what} pays the order and is stored`, async () => {
      const { orderId, reference, merchantRef } = await open();
      const { status, body } = await notify("tripay", byTripay(paid({ reference, merchantRef, more })));
      assert.deepEqual([status, body, await statusOf(orderId)], [200, { success: true }, "PAID"]);
      assert.deepEqual(
        (await kept(reference)).map(({ outcome }) => outcome),
        ["applied"],
      );
      await program.assertBooksHold();
    });
  }

  it("a notification pays the order whatever else it contains", async () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(
          text,
          fc.jsonValue({ maxDepth: 3 }).chain((value) => text.map((one) => ({ value, one }))),
          { maxKeys: 4 },
        ),
        async (extra) => {
          const { orderId, reference, merchantRef } = await open();
          const { status } = await notify(
            "tripay",
            byTripay(paid({ reference, merchantRef, more: `,"extra":${JSON.stringify(extra)}` })),
          );
          assert.deepEqual(
            [status, await statusOf(orderId), (await kept(reference)).length],
            [200, "PAID", 1],
          );
        },
      ),
      { numRuns: 20 },
    );
  });

  it("a notification without a usable payment is acknowledged and stored", async () => {
    const before = await cases();
    const long = "R".repeat(300);
    for (const [sent, reference, body] of [
      [byTripay('{"hello":"Budi 081234567890"}', "wallet_linked"), "wallet_linked", { hello: "Budi 08***" }],
      [byTripay("not json \u0000", "ping"), "ping", "not json \uFFFD"],
      [byTripay(paid({ reference: long, merchantRef: "INV-1" }), "payment_status"), "paid", undefined],
      [
        byTripay(
          paid({ reference: "DEV-T9", merchantRef: "INV-\u0000" }).replace("PAID", "EXPIRED"),
          "payment_status",
        ),
        "DEV-T9",
        undefined,
      ],
    ] as const) {
      const { status, body: answer } = await notify("tripay", sent);
      assert.deepEqual([status, answer], [200, { success: true }], reference);
      const rows = await kept(reference);
      assert.deepEqual(
        rows.map(({ outcome }) => outcome),
        ["ignored"],
        reference,
      );
      if (body !== undefined) assert.deepEqual(rows[0]?.body, body);
    }
    assert.equal(await cases(), before);
  });

  it("a paid notification with an amount of zero pays nothing", async () => {
    const before = await cases();
    const { orderId, reference, merchantRef } = await open();
    for (const one of [
      paid({ reference, merchantRef, amount: 0 }),
      paid({ reference: "DEV-T0-NIL", merchantRef: "INV-NOBODY", amount: 0 }),
    ]) {
      assert.equal((await notify("tripay", byTripay(one))).status, 200);
    }
    assert.deepEqual([await statusOf(orderId), await cases()], ["UNPAID", before]);
    assert.equal((await notify("tripay", byTripay(paid({ reference, merchantRef })))).status, 200);
    assert.equal(await statusOf(orderId), "PAID");
  });

  it("a test notification from a provider's dashboard is acknowledged and opens no case", async () => {
    const midtrans = {
      transaction_id: "5fab7f51-test",
      order_id: "payment_notif_test_G000000001",
      status_code: "200",
      gross_amount: "105000.00",
      currency: "IDR",
      payment_type: "qris",
      transaction_status: "settlement",
      settlement_time: "2026-01-05 10:00:00",
    };
    const qr = {
      id: "qrpy_8182837te",
      qr_id: "qr_8182837te-87st-49ing",
      currency: "IDR",
      amount: 1_500,
      status: "SUCCEEDED",
      reference_id: "testing_id_123",
      type: "DYNAMIC",
      created: "2026-01-05T03:01:00Z",
    };
    const charge = {
      id: "ewc_f3925450-5c54-4777",
      reference_id: "test-ref",
      status: "SUCCEEDED",
      currency: "IDR",
      charge_amount: 1_000,
      capture_amount: 1_000,
      channel_code: "ID_DANA",
      updated: "2026-01-05T03:01:00Z",
    };
    const before = await cases();
    for (const [provider, sent, reference] of [
      ["midtrans", byMidtrans(midtrans), midtrans.transaction_id],
      ["xendit", byXendit({ event: "qr.payment", data: qr }), qr.qr_id],
      ["xendit", byXendit({ event: "ewallet.capture", data: charge }), charge.id],
    ] as const) {
      const { status, body } = await notify(provider, sent);
      assert.deepEqual([status, body], [200, {}], reference);
      assert.deepEqual(
        (await kept(reference)).map(({ status: what, outcome }) => [what, outcome]),
        [["other", "ignored"]],
        reference,
      );
    }
    assert.equal(await cases(), before, "a test notification brings no money");
  });

  it("other kinds of Xendit events are acknowledged and stored", async () => {
    for (const event of ["payout.succeeded", "payment.capture", "recurring.plan.activated", "invoice.paid"]) {
      const { status } = await notify(
        "xendit",
        byXendit({ event, business_id: "b", data: { id: "x", status: "SUCCEEDED" } }),
      );
      assert.deepEqual([status, (await kept(event)).length], [200, 1], event);
    }
    for (const body of ["[]", "null", "{", ""]) {
      assert.equal(
        (await notify("xendit", { raw: body, headers: { "x-callback-token": DEMO_CALLBACK_TOKEN } })).status,
        200,
        body,
      );
    }
  });
});
