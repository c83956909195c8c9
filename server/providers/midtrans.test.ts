import { IDR, isQrisProblem, isRefusal, money, parseQris } from "@onegate/contract";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it, type TestContext } from "node:test";
import { DEMO_SERVER_KEY, startSimulator } from "../../simulator/index.ts";
import { conformance, type Peer } from "./conformance.ts";
import { createMidtrans, type MidtransSettings } from "./midtrans.ts";
import type { OpenRequest, RawNotification, RefundRequest } from "./provider.ts";
import { deadUrl, leversOf, TIMEOUT_MS, startInbox } from "./testing/peer.ts";

const rupiah = (whole: number) => money(BigInt(whole) * 100n, IDR);

conformance("Midtrans", async (): Promise<Peer> => {
  const simulator = await startSimulator({ seed: 7 });
  // a charge is notified too, and a refund a second time when the bank has confirmed it
  const inbox = await startInbox(
    ({ body }) =>
      !/"transaction_status":"pending"|"bank_confirmed_at"/.test(Buffer.from(body).toString("utf8")),
  );
  const settings: MidtransSettings = {
    baseUrl: `${simulator.url}/`,
    serverKey: DEMO_SERVER_KEY,
    callbackUrl: inbox.url,
    returnUrl: "https://kopi.contoh/kembali",
    timeouts: { totalMs: TIMEOUT_MS },
    clock: { now: Date.now },
  };
  return {
    provider: createMidtrans(settings),
    otherSecret: createMidtrans({ ...settings, serverKey: "SB-Mid-server-last-years" }),
    unreachable: createMidtrans({ ...settings, baseUrl: await deadUrl() }),
    channel: "BCAVA",
    refundChannel: "GOPAY",
    goodAmount: rupiah(12_500),
    secrets: [DEMO_SERVER_KEY, Buffer.from(`${DEMO_SERVER_KEY}:`).toString("base64")],
    now: Date.now,
    ...leversOf(simulator),
    nextNotification: inbox.next,
    close: async () => {
      await simulator.close();
      inbox.close();
    },
  };
});

const NOW = Date.parse("2021-06-23T14:00:00+07:00");

const settings: MidtransSettings = {
  baseUrl: "http://midtrans.invalid",
  serverKey: "SB-Mid-server-TEST",
  callbackUrl: "https://kopi.contoh/panggil",
  returnUrl: "https://kopi.contoh/kembali",
  clock: { now: () => NOW },
};

const request: OpenRequest = {
  merchantRef: "order03",
  channel: "QRIS",
  amount: rupiah(275_000),
  items: [{ sku: "KOPI", name: "Kopi", price: rupiah(137_500), quantity: 2 }],
  customer: { name: "Sari", email: "sari@contoh.id", phone: "+6281234567890" },
  expiresAt: new Date(NOW + 900_000),
};

/**
 * The published answer of a QRIS charge, with the two fields that only the client libraries' types have.
 */
const CHARGED = {
  status_code: "201",
  status_message: "QRIS transaction is created",
  transaction_id: "0d8178e1-c6c7-4ab4-81a6-893be9d924ab",
  order_id: "order03",
  merchant_id: "M099098",
  gross_amount: "275000.00",
  currency: "IDR",
  payment_type: "qris",
  transaction_time: "2020-09-29 11:46:13",
  transaction_status: "pending",
  fraud_status: "accept",
  acquirer: "gopay",
  actions: [
    { name: "generate-qr-code", method: "GET", url: "https://api.midtrans.com/v2/qris/0d81/qr-code" },
  ],
  qr_string: "00020101",
  expiry_time: "2020-09-29 12:01:13",
} as const;

/** The published notification. Its key is not published, so it is signed with ours. */
const NOTIFIED = {
  transaction_type: "on-us",
  transaction_time: "2021-06-23 14:02:42",
  transaction_status: "settlement",
  transaction_id: "513f1f01-c9da-474c-9fc9-d5c64364b709",
  status_message: "midtrans payment notification",
  status_code: "200",
  settlement_time: "2021-06-23 14:06:48",
  payment_type: "qris",
  order_id: "qris-01",
  merchant_id: "G141532850",
  merchant_cross_reference_id: "0197f326-82f7-4e39-8ecc-6eb1b0a7a2a3",
  issuer: "gopay",
  gross_amount: "5539.00",
  fraud_status: "accept",
  currency: "IDR",
  acquirer: "gopay",
} as const;

type Sent = { url: string; method: string; headers: Headers; body: Record<string, unknown> };

/**
 * A provider whose calls are recorded and answered in turn: a number is a status with a page, an object JSON.
 */
function answering(...answers: ReadonlyArray<object | number | Error>) {
  const sent: Sent[] = [];
  const left = [...answers];
  const fetched: typeof fetch = async (url, init) => {
    sent.push({
      url: url as string,
      method: init?.method ?? "",
      headers: new Headers(init?.headers),
      body: typeof init?.body === "string" ? (JSON.parse(init.body) as Record<string, unknown>) : {},
    });
    const answer = left.length > 1 ? left.shift() : left[0];
    if (answer instanceof Error) throw answer;
    return typeof answer === "number"
      ? new Response("<html>", { status: answer })
      : new Response(JSON.stringify(answer), { status: 200 });
  };
  return { provider: createMidtrans({ ...settings, fetch: fetched }), sent };
}

describe("Midtrans' own terms", () => {
  it("a charge has Basic authentication, our URL, an idempotency key and a Jakarta expiry", async () => {
    const { provider, sent } = answering(CHARGED);
    await provider.open(request);
    const [call] = sent;
    assert.equal(call?.url, "http://midtrans.invalid/v2/charge");
    assert.equal(
      call.headers.get("authorization"),
      `Basic ${Buffer.from("SB-Mid-server-TEST:").toString("base64")}`,
    );
    assert.equal(call.headers.get("x-override-notification"), "https://kopi.contoh/panggil");
    assert.equal(call.headers.get("idempotency-key"), "order03");
    assert.deepEqual(call.body, {
      payment_type: "qris",
      transaction_details: { order_id: "order03", gross_amount: 275_000 },
      item_details: [{ id: "KOPI", name: "Kopi", price: 137_500, quantity: 2 }],
      customer_details: { first_name: "Sari", email: "sari@contoh.id", phone: "+6281234567890" },
      custom_expiry: { order_time: "2021-06-23 14:00:00 +0700", expiry_duration: 900, unit: "second" },
      qris: { acquirer: "gopay" },
    });
  });

  it("a long reference becomes an idempotency key of 46 characters, always the same", async () => {
    const { provider, sent } = answering(CHARGED);
    for (const merchantRef of ["R".repeat(50), "R".repeat(50), `${"R".repeat(49)}S`])
      await provider.open({ ...request, merchantRef });
    const [first, second, other] = sent.map(({ headers }) => headers.get("idempotency-key") ?? "");
    assert.deepEqual([first?.length, first === second, first === other], [46, true, false]);
  });

  for (const [channel, type, extra] of [
    ["GOPAY", "gopay", { gopay: { enable_callback: true, callback_url: "https://kopi.contoh/kembali" } }],
    ["SHOPEEPAY", "shopeepay", { shopeepay: { callback_url: "https://kopi.contoh/kembali" } }],
    ["BRIVA", "bank_transfer", { bank_transfer: { bank: "bri" } }],
    ["PERMATAVA", "bank_transfer", { bank_transfer: { bank: "permata" } }],
    ["MANDIRIVA", "echannel", { echannel: { bill_info1: "Pembayaran:", bill_info2: "order03" } }],
  ] as const) {
    it(`${channel} is ${type}`, async () => {
      const { provider, sent } = answering(CHARGED);
      await provider.open({ ...request, channel });
      const {
        payment_type: sentType,
        transaction_details: _,
        item_details: __,
        customer_details: ___,
        custom_expiry: ____,
        ...rest
      } = sent[0]?.body ?? {};
      assert.deepEqual([sentType, rest], [type, extra]);
    });
  }

  it("the published answer of a charge is read", async () => {
    const { provider } = answering(CHARGED);
    assert.deepEqual(await provider.open(request), {
      answer: "opened",
      opened: {
        reference: "0d8178e1-c6c7-4ab4-81a6-893be9d924ab",
        channelName: "QRIS",
        amount: rupiah(275_000),
        feeMerchant: rupiah(1_925),
        feeCustomer: rupiah(0),
        qrString: "00020101",
        payCode: null,
        checkoutUrl: null,
        expiresAt: new Date("2020-09-29T12:01:13+07:00"),
      },
    });
  });

  it("the payer gets a bank's numbers or a wallet's app, and no URL of another scheme", async () => {
    const opened = async (channel: string, row: object) => {
      const { qr_string: _, actions: __, acquirer: ___, ...common } = CHARGED;
      const answer = await answering({ ...common, ...row }).provider.open({ ...request, channel });
      return answer.answer === "opened" ? (answer.opened.payCode ?? answer.opened.checkoutUrl) : answer;
    };
    assert.equal(
      await opened("BRIVA", {
        payment_type: "bank_transfer",
        va_numbers: [{ bank: "bri", va_number: "123456789123456789" }],
      }),
      "123456789123456789",
    );
    assert.equal(
      await opened("PERMATAVA", { payment_type: "bank_transfer", permata_va_number: "8778000002332015" }),
      "8778000002332015",
    );
    assert.equal(
      await opened("MANDIRIVA", { payment_type: "echannel", bill_key: "990000000260", biller_code: "70012" }),
      "70012 990000000260",
    );
    const link = (url: string) => ({
      payment_type: "gopay",
      actions: [{ name: "deeplink-redirect", method: "GET", url }],
    });
    assert.equal(
      await opened("GOPAY", link("gojek://gopay/merchanttransfer?tref=1&amount=275000")),
      "gojek://gopay/merchanttransfer?tref=1&amount=275000",
    );
    assert.deepEqual(await opened("GOPAY", link("javascript:alert(1)")), {
      answer: "unknown",
      reason: "answer_unreadable",
    });
  });

  for (const [why, answer, expected] of [
    [
      "a validation error under HTTP 200",
      {
        status_code: "400",
        status_message: "One or more parameters in the payload is invalid.",
        validation_messages: ["gross_amount"],
      },
      "refused",
    ],
    ["a wrong key", { status_code: "401", status_message: "Access denied", id: "1" }, "refused"],
    [
      "a payment type that is not ours",
      { status_code: "402", status_message: "Merchant doesn't have access for this payment type" },
      "refused",
    ],
    [
      "an account that is switched off",
      { status_code: "410", status_message: "Merchant account is deactivated" },
      "refused",
    ],
    ["a denial", { ...CHARGED, status_code: "202", transaction_status: "deny" }, "refused"],
    [
      "a duplicate order id, which may be ours",
      {
        status_code: "406",
        status_message: "order_id has been paid and utilized, please use another order ID",
      },
      "unknown",
    ],
    ["an expired transaction", { status_code: "407", status_message: "expired" }, "unknown"],
    ["a code of 500", { status_code: "500", status_message: "Sorry" }, "unknown"],
    ["a number for a code", { ...CHARGED, status_code: 201 }, "unknown"],
    ["another order's answer", { ...CHARGED, order_id: "order04" }, "unknown"],
    ["another sum", { ...CHARGED, gross_amount: "275001.00" }, "unknown"],
    ["another channel", { ...CHARGED, payment_type: "gopay" }, "unknown"],
    ["a page", 403, "unknown"],
    ["a yes", CHARGED, "opened"],
  ] as const) {
    it(`${why} is ${expected}`, async () => {
      assert.equal((await answering(answer).provider.open(request)).answer, expected);
    });
  }

  it("while the first charge with a key is running, the second is unknown", async () => {
    const provider = createMidtrans({
      ...settings,
      fetch: async () => new Response('{"status_code":"202","status_message":"processing"}', { status: 202 }),
    });
    assert.deepEqual(await provider.open(request), { answer: "unknown", reason: "still_running" });
  });

  it("a host name that does not resolve means unsent; a connection reset means unknown", async () => {
    for (const [code, answer] of [
      ["ENOTFOUND", "refused"],
      ["ECONNREFUSED", "refused"],
      ["ECONNRESET", "unknown"],
    ] as const) {
      const { provider } = answering(
        new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) }),
      );
      assert.equal((await provider.open(request)).answer, answer, code);
    }
  });

  it("an expiry outside the channel's bounds is refused before anything is sent", async () => {
    const { provider, sent } = answering(CHARGED);
    for (const [channel, seconds] of [
      ["QRIS", 19],
      ["QRIS", 7 * 86_400 + 1],
      ["SHOPEEPAY", 5 * 86_400 + 1],
    ] as const) {
      assert.deepEqual(
        await provider.open({ ...request, channel, expiresAt: new Date(NOW + seconds * 1_000) }),
        { answer: "refused", reason: "expiry_outside_bounds" },
      );
    }
    assert.equal(sent.length, 0);
  });

  it("an expired transaction is found with code 407", async () => {
    const { provider } = answering({ ...CHARGED, status_code: "407", transaction_status: "expire" });
    const answer = await provider.inquire({ reference: null, merchantRef: "order03" });
    assert.equal(answer.answer === "found" && answer.state.status, "expired");
  });

  it("404 means absent for our reference, and unknown for Midtrans' own", async () => {
    const { provider } = answering({ status_code: "404", status_message: "Transaction doesn't exist." });
    assert.deepEqual(await provider.inquire({ reference: null, merchantRef: "order03" }), {
      answer: "absent",
    });
    assert.equal(
      (await provider.inquire({ reference: "0d8178e1", merchantRef: "order03" })).answer,
      "unknown",
    );
    assert.equal(
      (await answering(404).provider.inquire({ reference: null, merchantRef: "order03" })).answer,
      "unknown",
      "an HTML page is not an answer",
    );
  });

  it("412 on a cancellation is a refusal, unless it was already cancelled", async () => {
    const cannot = {
      status_code: "412",
      status_message: "Merchant cannot modify the status of the transaction",
    };
    const cancel = (...answers: object[]) =>
      answering(...answers).provider.cancel?.({ reference: null, merchantRef: "order03" });
    assert.deepEqual(await cancel(cannot, { ...CHARGED, status_code: "200", transaction_status: "cancel" }), {
      answer: "cancelled",
    });
    assert.equal(
      (await cancel(cannot, { ...CHARGED, status_code: "200", transaction_status: "settlement" }))?.answer,
      "refused",
    );
    assert.equal((await cancel(cannot, { status_code: "500", status_message: "Sorry" }))?.answer, "unknown");
  });

  const back: RefundRequest = {
    reference: null,
    merchantRef: "order03",
    channel: "QRIS",
    refundRef: "reference1",
    amount: rupiah(10_000),
    paid: rupiah(275_000),
    reason: "Salah pesan",
  };
  const BACK = {
    ...CHARGED,
    status_code: "200",
    status_message: "Success, refund request is approved by the bank",
    transaction_status: "partial_refund",
    refund_chargeback_id: 47_594,
    refund_amount: "10000.00",
    refund_key: "reference1",
  };

  it("a refund is made once per key, and its published answer is read", async () => {
    const { provider, sent } = answering(BACK);
    assert.deepEqual(await provider.refund?.(back), { answer: "refunded", reference: "47594" });
    assert.deepEqual(
      [sent[0]?.url, sent[0]?.body],
      [
        "http://midtrans.invalid/v2/order03/refund",
        { refund_key: "reference1", amount: 10_000, reason: "Salah pesan" },
      ],
    );
  });

  for (const [why, answers, expected] of [
    [
      "414, the amount is too high",
      [
        { status_code: "414", status_message: "invalid amount" },
        { ...CHARGED, status_code: "200" },
      ],
      "refused",
    ],
    ["412, it was not settled", [{ status_code: "412", status_message: "cannot" }, CHARGED], "refused"],
    [
      "412, and it is listed",
      [
        { status_code: "412", status_message: "cannot" },
        { ...CHARGED, status_code: "200", refunds: [BACK] },
      ],
      "refunded",
    ],
    [
      "406, and it is listed",
      [
        { status_code: "406", status_message: "Duplicate refund ID" },
        { ...CHARGED, status_code: "200", refunds: [BACK] },
      ],
      "refunded",
    ],
    [
      "406, and it does not stand there yet",
      [
        { status_code: "406", status_message: "Duplicate refund ID" },
        { ...CHARGED, status_code: "200" },
      ],
      "unknown",
    ],
    [
      "406, and it stands there with another sum",
      [
        { status_code: "406", status_message: "Duplicate refund ID" },
        { ...CHARGED, status_code: "200", refunds: [{ ...BACK, refund_amount: "9000.00" }] },
      ],
      "unknown",
    ],
    ["412, and the list is unavailable", [{ status_code: "412", status_message: "cannot" }, 500], "unknown"],
    [
      "202, the payer's provider denied it",
      [{ status_code: "202", status_message: "rejected", transaction_status: "settlement" }],
      "refused",
    ],
    ["500", [{ status_code: "500", status_message: "Sorry" }], "unknown"],
  ] as const) {
    it(`a refund answered ${why}, is ${expected}`, async () => {
      assert.equal((await answering(...answers).provider.refund?.(back))?.answer, expected);
    });
  }

  it("a bank transfer is not refundable, and a reference that is not a valid key is not sent", async () => {
    const { provider, sent } = answering(BACK);
    assert.deepEqual(await provider.refund?.({ ...back, channel: "BCAVA" }), {
      answer: "refused",
      reason: "channel_not_refundable",
    });
    assert.deepEqual(await provider.refund?.({ ...back, refundRef: "ref 1" }), {
      answer: "refused",
      reason: "refund_ref_malformed",
    });
    assert.equal(sent.length, 0);
  });

  it("the signature equals the computed vector, and the published notification leads to an inquiry", () => {
    const vector = createHash("sha512")
      .update("Order-1".concat("200", "25000.00", settings.serverKey))
      .digest("hex");
    assert.match(vector, /^f06b4a66c8de9fa8.*b4bc83d$/);
    const provider = createMidtrans(settings);
    const read = provider.readNotification(signed(NOTIFIED));
    assert.deepEqual(read, {
      channel: "QRIS",
      reread: true,
      state: {
        reference: "513f1f01-c9da-474c-9fc9-d5c64364b709",
        merchantRef: "qris-01",
        status: "paid",
        amount: rupiah(5_539),
        feeMerchant: rupiah(39),
        feeCustomer: rupiah(0),
        paidAt: new Date("2021-06-23T14:06:48+07:00"),
      },
    });
  });

  it("a signature over other values is invalid; a signed body without a payment is accepted", () => {
    const provider = createMidtrans(settings);
    const refusal = (notification: RawNotification) => {
      const read = provider.readNotification(notification);
      return isRefusal(read) ? read.refusal : "believed";
    };
    const { body } = signed(NOTIFIED);
    const text = Buffer.from(body).toString("utf8");
    for (const other of [
      text.replace("5539.00", "5539.0"),
      text.replace("qris-01", "qris-02"),
      text.replace('"200"', "200"),
      "",
      "[]",
      "{}",
    ]) {
      assert.equal(
        refusal({ headers: {}, body: Buffer.from(other) }),
        "notification_signature_wrong",
        other.slice(0, 40),
      );
    }
    assert.deepEqual(provider.readNotification(signed({ ...NOTIFIED, transaction_status: "authorize" })), {
      state: null,
      event: "authorize",
    });
    assert.deepEqual(provider.readNotification(signed({ ...NOTIFIED, payment_type: "credit_card" })), {
      state: null,
      event: "settlement",
    });
  });

  for (const [what, changes, takenBack] of [
    [
      "a listed chargeback",
      {
        transaction_status: "partial_chargeback",
        refunds: [{ refund_chargeback_id: 47_594, refund_amount: "2000.00", reason: "Fraud" }],
      },
      [["47594", 2_000, "Fraud"]],
    ],
    [
      "an unlisted chargeback of the rest after a refund",
      {
        transaction_status: "chargeback",
        refunds: [{ refund_chargeback_id: 1, refund_amount: "539.00", refund_key: "R1" }],
      },
      [["513f1f01-c9da-474c-9fc9-d5c64364b709:chargeback", 5_000, "chargeback"]],
    ],
    [
      "a partial chargeback with only its amount",
      { transaction_status: "partial_chargeback", refund_chargeback_id: 9, refund_amount: "100.00" },
      [["9", 100, "partial_chargeback"]],
    ],
    [
      "a denial after settlement",
      { transaction_status: "deny" },
      [["513f1f01-c9da-474c-9fc9-d5c64364b709:deny", 5_539, "deny after settlement"]],
    ],
    [
      "our own refund",
      {
        transaction_status: "partial_refund",
        refunds: [{ refund_chargeback_id: 1, refund_amount: "539.00", refund_key: "R1" }],
      },
      undefined,
    ],
  ] as const) {
    it(`a payment with ${what} was paid`, () => {
      const read = createMidtrans(settings).readNotification(signed({ ...NOTIFIED, ...changes }));
      assert.ok(!isRefusal(read) && read.state !== null);
      assert.deepEqual(
        [
          read.state.status,
          read.state.takenBack?.map(({ reference, amount, reason }) => [
            reference,
            Number(amount.minor / 100n),
            reason,
          ]),
        ],
        ["paid", takenBack],
      );
    });
  }

  it("a denial before settlement is a failure; a partial chargeback without an amount is unreadable", () => {
    const provider = createMidtrans(settings);
    const { settlement_time: _, ...unsettled } = NOTIFIED;
    const denied = provider.readNotification(signed({ ...unsettled, transaction_status: "deny" }));
    assert.equal(!isRefusal(denied) && denied.state?.status, "failed");
    const part = provider.readNotification(signed({ ...NOTIFIED, transaction_status: "partial_chargeback" }));
    assert.deepEqual(part, { state: null, event: "partial_chargeback" });
  });

  it("a QRIS is opened that a payer's app can read", async (t) => {
    const provider = await against(t);
    const answer = await provider.open({
      ...request,
      amount: rupiah(12_500),
      items: [{ sku: null, name: "Kopi", price: rupiah(12_500), quantity: 1 }],
      expiresAt: new Date(Date.now() + 900_000),
    });
    assert.ok(answer.answer === "opened");
    const qris = parseQris(answer.opened.qrString ?? "");
    assert.ok(!isQrisProblem(qris));
    assert.deepEqual(qris.amount, rupiah(12_500));
  });

  it("a QRIS whose answer was lost is found without its code", async (t) => {
    const provider = await against(t);
    const lost = { ...request, expiresAt: new Date(Date.now() + 900_000) };
    await provider.open(lost);
    const found = await provider.inquire({ reference: null, merchantRef: lost.merchantRef });
    assert.deepEqual(found.answer === "found" && [found.state.status, found.opened], ["pending", null]);
  });
});

function signed(row: Readonly<Record<string, unknown>>): RawNotification {
  const signature = createHash("sha512")
    .update(
      [row["order_id"], row["status_code"], row["gross_amount"], settings.serverKey].map(String).join(""),
    )
    .digest("hex");
  return {
    headers: { "user-agent": "Veritrans" },
    body: Buffer.from(JSON.stringify({ ...row, signature_key: signature })),
  };
}

async function against(t: TestContext) {
  const simulator = await startSimulator({ seed: 7 });
  t.after(() => simulator.close());
  return createMidtrans({
    ...settings,
    baseUrl: simulator.url,
    serverKey: DEMO_SERVER_KEY,
    clock: { now: Date.now },
  });
}
