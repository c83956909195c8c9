import { isQrisProblem, money, IDR, parseQris } from "@onegate/contract";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { Xendit, XenditSdkError } from "xendit-node";
import { PaymentCallbackFromJSON, type PaymentRequest } from "xendit-node/payment_request/models/index.js";
import { startSimulator, type SimulatorOptions } from "../index.ts";
import { openInbox, START_MS, TestClock } from "../tripay/testing/shop.ts";
import { DEMO_CALLBACK_TOKEN, DEMO_SECRET_KEY } from "./index.ts";

type Row = Record<string, unknown>;

/** Looks like a live key, because Xendit's client warns on the console about a test key. */
const KEY = "xnd_production_simulated";
const BUSINESS = { secretKey: KEY, businessId: "B1", callbackToken: DEMO_CALLBACK_TOKEN };
const MINUTE = 60_000;

/**
 * A simulator with its own clock, Xendit's own client that calls it, and plain calls for what the client
 * lacks.
 */
async function open(t: TestContext, options: SimulatorOptions = {}) {
  const clock = options.clock instanceof TestClock ? options.clock : new TestClock();
  const simulator = await startSimulator({
    clock,
    seed: 1,
    xendit: [BUSINESS, { ...BUSINESS, secretKey: DEMO_SECRET_KEY, businessId: "B2" }],
    ...options,
  });
  t.after(() => simulator.close());
  const call = async (
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
    key = KEY,
  ) => {
    const answer = await fetch(`${simulator.url}${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${key}:`).toString("base64")}`,
        "api-version": "2022-07-31",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Row };
  };
  return {
    clock,
    simulator,
    client: new Xendit({ secretKey: KEY, xenditURL: simulator.url }),
    call,
    control: async (path: string, body: unknown = {}, method = "POST") =>
      (await call(method, `/control/${path}`, body)).body["data"] as Row,
    wait: async (ms: number) => {
      clock.ms += ms;
      await simulator.tick();
    },
  };
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const thrown = await work.then(
    (row) => assert.fail(JSON.stringify(row)),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof XenditSdkError);
  return `${thrown.status} ${String(thrown.errorCode)}`;
}

const qris = (referenceId: string) => ({
  data: {
    referenceId,
    amount: 15_000,
    currency: "IDR" as const,
    paymentMethod: {
      type: "QR_CODE" as const,
      reusability: "ONE_TIME_USE" as const,
      qrCode: { channelCode: "QRIS" as const },
    },
  },
});
const dana = (referenceId: string) => ({
  data: {
    referenceId,
    amount: 15_000,
    currency: "IDR" as const,
    paymentMethod: {
      type: "EWALLET" as const,
      reusability: "ONE_TIME_USE" as const,
      ewallet: {
        channelCode: "DANA" as const,
        channelProperties: { successReturnUrl: "https://kopi.contoh/kembali" },
      },
    },
  },
});

describe("Xendit's own client", () => {
  it("requests a payment by QRIS with a readable code, and finds it by both references", async (t) => {
    const { client } = await open(t);
    const made = await client.PaymentRequest.createPaymentRequest(qris("INV-1"));
    assert.deepEqual(
      [made.status, made.amount, made.referenceId, made.paymentMethod.qrCode?.channelCode],
      ["PENDING", 15_000, "INV-1", "QRIS"],
    );
    const code = parseQris(made.paymentMethod.qrCode?.channelProperties?.qrString ?? "");
    assert.ok(!isQrisProblem(code));
    assert.deepEqual(code.amount, money(1_500_000n, IDR));
    assert.equal(
      made.paymentMethod.qrCode?.channelProperties?.expiresAt?.getTime(),
      START_MS + 48 * 60 * MINUTE,
    );
    const read = await client.PaymentRequest.getPaymentRequestByID({ paymentRequestId: made.id });
    assert.deepEqual(read, made);
    const list = await client.PaymentRequest.getAllPaymentRequests({ referenceId: ["INV-1"] });
    assert.deepEqual([list.hasMore, list.data.map(({ id }: PaymentRequest) => id)], [false, [made.id]]);
    assert.deepEqual(
      (await client.PaymentRequest.getAllPaymentRequests({ referenceId: ["INV-2"] })).data,
      [],
    );
  });

  it("pays as in test mode, reads the callback, and finds the money among the transactions", async (t) => {
    const inbox = await openInbox(t);
    const { client, wait } = await open(t, { callbackUrl: inbox.url });
    const made = await client.PaymentRequest.createPaymentRequest(dana("INV-1"));
    assert.deepEqual(
      [made.status, made.actions?.[0]?.action, made.actions?.[0]?.urlType],
      ["REQUIRES_ACTION", "AUTH", "WEB"],
    );
    await client.PaymentRequest.simulatePaymentRequestPayment({ paymentRequestId: made.id });
    await wait(0);
    const [call] = inbox.calls;
    assert.equal(call?.headers["x-callback-token"], DEMO_CALLBACK_TOKEN);
    const callback = PaymentCallbackFromJSON(JSON.parse(call.body));
    assert.deepEqual(
      [
        callback.event,
        callback.data?.paymentRequestId,
        callback.data?.referenceId,
        callback.data?.status,
        callback.data?.amount,
      ],
      ["payment.succeeded", made.id, "INV-1", "SUCCEEDED", 15_000],
    );
    assert.equal(
      (await client.PaymentRequest.getPaymentRequestByID({ paymentRequestId: made.id })).status,
      "SUCCEEDED",
    );
    const moved = await client.Transaction.getAllTransactions({ referenceId: "INV-1" });
    assert.deepEqual(
      moved.data.map(({ type, status, amount, productId }) => [type, status, amount, productId]),
      [["PAYMENT", "SUCCESS", 15_000, made.id]],
    );
    assert.equal(
      await refusal(client.PaymentRequest.simulatePaymentRequestPayment({ paymentRequestId: made.id })),
      "403 INELIGIBLE_TRANSACTION",
    );
  });

  it("refunds in parts, once per idempotency key, up to what was paid", async (t) => {
    const { client, control } = await open(t);
    const { id: paymentRequestId } = await client.PaymentRequest.createPaymentRequest(dana("INV-1"));
    const refund = (idempotencyKey: string, amount: number) =>
      client.Refund.createRefund({
        idempotencyKey,
        data: { paymentRequestId, amount, currency: "IDR", reason: "REQUESTED_BY_CUSTOMER" },
      });
    assert.equal(await refusal(refund("R1", 5_000)), "403 INELIGIBLE_TRANSACTION");
    await control(`transactions/${paymentRequestId}/pay`);
    const first = await refund("R1", 5_000);
    assert.deepEqual(
      [first.amount, first.paymentRequestId, first.channelCode],
      [5_000, paymentRequestId, "DANA"],
    );
    assert.deepEqual(await refund("R1", 5_000), first);
    assert.equal(await refusal(refund("R2", 10_001)), "400 MAXIMUM_REFUND_AMOUNT_REACHED");
    await refund("R2", 10_000);
    assert.deepEqual(await client.Refund.getRefund({ refundID: first.id ?? "" }), first);
    assert.deepEqual(
      (await client.Refund.getAllRefunds({ paymentRequestId })).data.map(({ amount }) => amount),
      [5_000, 10_000],
    );
    assert.equal(await refusal(refund("R3", 1)), "403 INELIGIBLE_TRANSACTION");
  });

  it("makes one payment request per idempotency key", async (t) => {
    const { client } = await open(t);
    const first = await client.PaymentRequest.createPaymentRequest({
      idempotencyKey: "K1",
      ...qris("INV-1"),
    });
    assert.deepEqual(
      await client.PaymentRequest.createPaymentRequest({ idempotencyKey: "K1", ...qris("INV-1") }),
      first,
    );
    assert.notEqual(
      (await client.PaymentRequest.createPaymentRequest({ idempotencyKey: "K2", ...qris("INV-1") })).id,
      first.id,
    );
  });

  it("is refused by code for a wrong key, an unknown id, another's id or an invalid field", async (t) => {
    const { client, simulator } = await open(t);
    const keyed = (secretKey: string) => new Xendit({ secretKey, xenditURL: simulator.url }).PaymentRequest;
    assert.equal(
      await refusal(keyed("xnd_production_wrong").createPaymentRequest(qris("INV-1"))),
      "401 INVALID_API_KEY",
    );
    assert.equal(
      await refusal(client.PaymentRequest.getPaymentRequestByID({ paymentRequestId: "pr-none" })),
      "404 DATA_NOT_FOUND",
    );
    const wrong = dana("INV-1");
    assert.equal(
      await refusal(
        client.PaymentRequest.createPaymentRequest({ data: { ...wrong.data, amount: 15_000.5 } }),
      ),
      "400 API_VALIDATION_ERROR",
    );
    assert.equal(
      await refusal(client.PaymentRequest.createPaymentRequest({ data: { ...wrong.data, currency: "PHP" } })),
      "400 UNSUPPORTED_CURRENCY",
    );
  });
});

describe("Xendit's QR codes and e-wallet charges", () => {
  const CODE = {
    reference_id: "INV-1",
    type: "DYNAMIC",
    currency: "IDR",
    amount: 10_000,
    expires_at: new Date(START_MS + 15 * MINUTE).toISOString(),
  };
  const CHARGE = {
    reference_id: "INV-1",
    currency: "IDR",
    amount: 10_000,
    checkout_method: "ONE_TIME_PAYMENT",
    channel_code: "ID_LINKAJA",
    channel_properties: { success_redirect_url: "https://kopi.contoh/kembali" },
    metadata: { branch: "1" },
  };

  it("a code is paid once, with the callback of version 2022-07-31 to its request's URL", async (t) => {
    const { call, wait } = await open(t);
    const inbox = await openInbox(t);
    const { status, body: code } = await call("POST", "/qr_codes", CODE, { "webhook-url": inbox.url });
    assert.deepEqual(
      [status, code["status"], code["reference_id"], code["amount"]],
      [201, "ACTIVE", "INV-1", 10_000],
    );
    const path = `/qr_codes/${String(code["id"])}`;
    assert.deepEqual((await call("GET", `${path}/payments`)).body["data"], []);
    assert.equal((await call("POST", `${path}/payments/simulate`, { amount: 10_000 })).status, 200);
    await wait(0);
    const event = JSON.parse(inbox.calls[0]?.body ?? "{}") as {
      event: string;
      api_version: string;
      data: Row;
    };
    assert.deepEqual(
      [
        event.event,
        event.api_version,
        event.data["qr_id"],
        event.data["reference_id"],
        event.data["status"],
        event.data["amount"],
      ],
      ["qr.payment", "2022-07-31", code["id"], "INV-1", "SUCCEEDED", 10_000],
    );
    assert.match(String(event.data["id"]), /^qrpy_/);
    assert.equal((await call("GET", path)).body["status"], "INACTIVE");
    assert.deepEqual(
      ((await call("GET", `${path}/payments`)).body["data"] as Row[]).map(({ id }) => id),
      [event.data["id"]],
    );
    assert.equal((await call("POST", `${path}/payments/simulate`, { amount: 10_000 })).status, 403);
  });

  it("an unpaid code is inactive after its expiry, without a callback", async (t) => {
    const { call, wait } = await open(t);
    const inbox = await openInbox(t);
    const { body: code } = await call("POST", "/qr_codes", CODE, { "webhook-url": inbox.url });
    await wait(15 * MINUTE);
    assert.equal((await call("GET", `/qr_codes/${String(code["id"])}`)).body["status"], "INACTIVE");
    assert.equal(inbox.calls.length, 0);
  });

  it("a callback is sent when a charge is paid, fails, or is refunded", async (t) => {
    const { call, control, wait } = await open(t);
    const inbox = await openInbox(t);
    for (const acts of [["pay", "refund"], ["fail"], []]) {
      const { status, body: charge } = await call("POST", "/ewallets/charges", CHARGE, {
        "x-callback-url": inbox.url,
      });
      assert.deepEqual(
        [status, charge["status"], charge["metadata"], charge["is_redirect_required"]],
        [202, "PENDING", { branch: "1" }, true],
      );
      for (const act of acts) {
        await control(`transactions/${String(charge["id"])}/${act}`);
        await wait(0);
      }
    }
    await wait(30 * MINUTE);
    const notified = inbox.calls.map(({ body }) => JSON.parse(body) as { event: string; data: Row });
    assert.deepEqual(
      notified.map(({ event, data }) => [event, data["status"]]),
      [
        ["ewallet.capture", "SUCCEEDED"],
        ["ewallet.refund", "SUCCEEDED"],
        ["ewallet.capture", "FAILED"],
        ["ewallet.capture", "FAILED"],
      ],
    );
  });

  it("refusals have codes, and only version 2022-07-31 of QR codes is supported", async (t) => {
    const { call } = await open(t);
    const code = async (path: string, body: Row, headers: Record<string, string> = {}) =>
      (await call("POST", path, body, headers)).body["error_code"];
    assert.equal(await code("/qr_codes", CODE, { "api-version": "2020-01-01" }), "API_VALIDATION_ERROR");
    for (const changes of [
      { type: "STATIC" },
      { amount: 0 },
      { amount: "10000" },
      { reference_id: "" },
      { expires_at: "tomorrow" },
    ])
      assert.equal(
        await code("/qr_codes", { ...CODE, ...changes }),
        "API_VALIDATION_ERROR",
        JSON.stringify(changes),
      );
    assert.equal(await code("/ewallets/charges", CHARGE), "CALLBACK_URL_NOT_FOUND");
    const named = { "x-callback-url": "https://kopi.contoh/panggil" };
    for (const changes of [
      { channel_code: "ID_GOPAY" },
      { amount: 99 },
      { checkout_method: "TOKENIZED_PAYMENT" },
      { channel_properties: {} },
      { channel_code: "ID_OVO" },
      { channel_code: "ID_OVO", channel_properties: { mobile_number: "0812" } },
    ]) {
      assert.equal(
        await code("/ewallets/charges", { ...CHARGE, ...changes }, named),
        "API_VALIDATION_ERROR",
        JSON.stringify(changes),
      );
    }
    assert.equal(
      await code(
        "/ewallets/charges",
        { ...CHARGE, channel_code: "ID_OVO", channel_properties: { mobile_number: "+6281234567890" } },
        named,
      ),
      undefined,
    );
  });

  it("a business sees nothing of another's", async (t) => {
    const { call } = await open(t);
    const { body } = await call("POST", "/qr_codes", CODE);
    assert.equal(
      (await call("GET", `/qr_codes/${String(body["id"])}`, undefined, {}, DEMO_SECRET_KEY)).status,
      404,
    );
  });

  it("a forged callback has another token, an altered one another amount", async (t) => {
    const { call, control, wait } = await open(t);
    const inbox = await openInbox(t);
    for (const fault of ["forged", "altered"]) {
      await control("faults", { forged: fault === "forged", altered: fault === "altered" }, "PUT");
      const { body } = await call("POST", "/qr_codes", CODE, { "webhook-url": inbox.url });
      await control(`transactions/${String(body["id"])}/pay`);
      await wait(0);
    }
    const callbacks = inbox.calls.map(({ headers, body }) => [
      headers["x-callback-token"] === DEMO_CALLBACK_TOKEN,
      (JSON.parse(body) as { data: Row }).data["amount"],
    ]);
    assert.deepEqual(callbacks, [
      [false, 10_000],
      [true, 20_000],
    ]);
  });

  it("a restart keeps transactions and idempotency keys", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "simulator-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const [data, clock] = [join(folder, "journal.jsonl"), new TestClock()];
    const first = await open(t, { data, clock });
    const { body: code } = await first.call("POST", "/qr_codes", CODE);
    const request = await first.client.PaymentRequest.createPaymentRequest({
      idempotencyKey: "K1",
      ...qris("INV-1"),
    });
    await first.simulator.close();
    const second = await open(t, { data, clock });
    assert.equal(
      (await second.call("GET", `/qr_codes/${String(code["id"])}`)).body["qr_string"],
      code["qr_string"],
    );
    assert.equal(
      (await second.client.PaymentRequest.createPaymentRequest({ idempotencyKey: "K1", ...qris("INV-1") }))
        .id,
      request.id,
    );
  });
});
