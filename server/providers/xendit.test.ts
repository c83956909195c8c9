import { IDR, isQrisProblem, isRefusal, money, parseQris } from "@onegate/contract";
import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { DEMO_CALLBACK_TOKEN, DEMO_SECRET_KEY, startSimulator } from "../../simulator/index.ts";
import { conformance, type Peer } from "./conformance.ts";
import type { OpenRequest, RawNotification } from "./provider.ts";
import { deadUrl, leversOf, TIMEOUT_MS, startInbox } from "./testing/peer.ts";
import { createXendit, type XenditSettings } from "./xendit.ts";

const rupiah = (whole: number) => money(BigInt(whole) * 100n, IDR);

conformance("Xendit", async (): Promise<Peer> => {
  const simulator = await startSimulator({ seed: 7 });
  const inbox = await startInbox();
  const settings: XenditSettings = {
    baseUrl: `${simulator.url}/`,
    secretKey: DEMO_SECRET_KEY,
    callbackToken: DEMO_CALLBACK_TOKEN,
    callbackUrl: inbox.url,
    returnUrl: "https://kopi.contoh/kembali",
    timeouts: { totalMs: TIMEOUT_MS },
    clock: { now: Date.now },
  };
  return {
    provider: createXendit(settings),
    otherSecret: createXendit({ ...settings, callbackToken: "last-years-token" }),
    unreachable: createXendit({ ...settings, baseUrl: await deadUrl() }),
    channel: "DANA",
    // a charge that is not approved in time fails
    endings: ["paid", "failed", "refunded"],
    goodAmount: rupiah(12_500),
    secrets: [DEMO_SECRET_KEY, DEMO_CALLBACK_TOKEN, Buffer.from(`${DEMO_SECRET_KEY}:`).toString("base64")],
    now: Date.now,
    ...leversOf(simulator),
    nextNotification: inbox.next,
    close: async () => {
      await simulator.close();
      inbox.close();
    },
  };
});

const NOW = Date.parse("2026-01-05T03:00:00Z");

const settings: XenditSettings = {
  baseUrl: "http://xendit.invalid",
  secretKey: "xnd_development_TEST",
  callbackToken: "the-account's-token",
  callbackUrl: "https://kopi.contoh/panggil",
  returnUrl: "https://kopi.contoh/kembali",
  clock: { now: () => NOW },
};

const request: OpenRequest = {
  merchantRef: "testing-1",
  channel: "QRIS",
  amount: rupiah(10_000),
  items: [{ sku: null, name: "Kopi", price: rupiah(10_000), quantity: 1 }],
  customer: { name: "Sari", email: "sari@contoh.id", phone: "+6281234567890" },
  expiresAt: new Date(NOW + 900_000),
};

const CODE = {
  id: "qr_8182837te-87st-49ing-8696-1239bd4d759c",
  reference_id: "testing-1",
  business_id: "5f27",
  type: "DYNAMIC",
  currency: "IDR",
  amount: 10_000,
  channel_code: "ID_DANA",
  status: "ACTIVE",
  qr_string: "00020101",
  expires_at: "2026-01-05T03:15:00.000Z",
  created: "2026-01-05T03:00:00.000Z",
  updated: "2026-01-05T03:00:00.000Z",
} as const;

/** The published callback of a payment by QR, version 2022-07-31. */
const PAID = {
  event: "qr.payment",
  api_version: "2022-07-31",
  business_id: "5f27",
  created: "2026-01-05T03:01:00.000Z",
  data: {
    id: "qrpy_8182837te",
    business_id: "5f27",
    currency: "IDR",
    amount: 10_000,
    status: "SUCCEEDED",
    created: "2026-01-05T03:01:00.000Z",
    qr_id: CODE.id,
    qr_string: "00020101",
    reference_id: "testing-1",
    type: "DYNAMIC",
    channel_code: "ID_DANA",
    expires_at: "2026-01-05T03:15:00.000Z",
  },
} as const;

/**
 * A charge from the callback of a live one (ariwahyunahar/xendit-example, tests/tes.php), with our expiry in
 * its metadata.
 */
const CHARGE = {
  actions: {
    desktop_web_checkout_url: "https://ewallet-mock-connector.xendit.co/v1/c?token=1",
    mobile_deeplink_checkout_url: null,
    mobile_web_checkout_url: "https://ewallet-mock-connector.xendit.co/v1/c?token=1",
    qr_checkout_string: null,
  },
  basket: null,
  callback_url: "https://kopi.contoh/panggil",
  capture_amount: 10_000,
  capture_now: true,
  channel_code: "ID_LINKAJA",
  channel_properties: { success_redirect_url: "https://kopi.contoh/kembali" },
  charge_amount: 10_000,
  checkout_method: "ONE_TIME_PAYMENT",
  created: "2022-11-04T01:01:21.063815Z",
  currency: "IDR",
  customer: null,
  failure_code: null,
  id: "ewc_168b969b-1cb1-42f5-a723-b02e5aef02cc",
  is_redirect_required: true,
  metadata: { expires_at: "2026-01-05T03:15:00.000Z" },
  reference_id: "testing-1",
  refunded_amount: null,
  status: "SUCCEEDED",
  updated: "2022-11-04T01:01:54.366348Z",
  void_status: null,
  voided_at: null,
} as const;

type Sent = { url: string; headers: Headers; body: Record<string, unknown> };

/** A provider whose calls are recorded and answered by path; a number is a status with a page. */
function answering(answers: Readonly<Record<string, object | number | Error>>, status = 200) {
  const sent: Sent[] = [];
  const fetched: typeof fetch = async (url, init) => {
    const path = (url as string).slice(settings.baseUrl.length);
    sent.push({
      url: path,
      headers: new Headers(init?.headers),
      body: typeof init?.body === "string" ? (JSON.parse(init.body) as Record<string, unknown>) : {},
    });
    const answer = answers[path] ?? answers["*"] ?? 404;
    if (answer instanceof Error) throw answer;
    return typeof answer === "number"
      ? new Response("<html>", { status: answer })
      : new Response(JSON.stringify(answer), { status });
  };
  return { provider: createXendit({ ...settings, fetch: fetched }), sent };
}

function tokened(row: object, token = settings.callbackToken): RawNotification {
  return { headers: { "x-callback-token": token }, body: Buffer.from(JSON.stringify(row)) };
}

describe("Xendit's own terms", () => {
  it("a code is requested by version 2022-07-31, with our URL and expiry", async () => {
    const { provider, sent } = answering({ "*": CODE });
    const answer = await provider.open(request);
    assert.deepEqual(answer, {
      answer: "opened",
      opened: {
        reference: CODE.id,
        channelName: "QRIS",
        amount: rupiah(10_000),
        feeMerchant: rupiah(70),
        feeCustomer: rupiah(0),
        qrString: "00020101",
        payCode: null,
        checkoutUrl: null,
        expiresAt: request.expiresAt,
      },
    });
    const [call] = sent;
    assert.deepEqual(
      [call?.url, call?.headers.get("api-version"), call?.headers.get("webhook-url")],
      ["/qr_codes", "2022-07-31", "https://kopi.contoh/panggil"],
    );
    assert.equal(
      call?.headers.get("authorization"),
      `Basic ${Buffer.from("xnd_development_TEST:").toString("base64")}`,
    );
    assert.deepEqual(call?.body, {
      reference_id: "testing-1",
      type: "DYNAMIC",
      currency: "IDR",
      amount: 10_000,
      expires_at: "2026-01-05T03:15:00.000Z",
    });
  });

  it("a wallet's page returns to us, and OVO gets the payer's phone", async () => {
    const { provider, sent } = answering({ "*": { ...CHARGE, status: "PENDING" } });
    const answer = await provider.open({ ...request, channel: "LINKAJA" });
    assert.deepEqual(answer.answer === "opened" && [answer.opened.checkoutUrl, answer.opened.expiresAt], [
      "https://ewallet-mock-connector.xendit.co/v1/c?token=1",
      request.expiresAt,
    ]);
    await provider.open({ ...request, channel: "OVO" });
    const bodies = sent.map(({ body }) => [body["channel_code"], body["channel_properties"]]);
    assert.deepEqual(bodies, [
      [
        "ID_LINKAJA",
        {
          success_redirect_url: "https://kopi.contoh/kembali",
          failure_redirect_url: "https://kopi.contoh/kembali",
        },
      ],
      ["ID_OVO", { mobile_number: "+6281234567890" }],
    ]);
    assert.deepEqual(
      [sent[0]?.url, sent[0]?.headers.get("x-callback-url"), sent[0]?.headers.get("api-version")],
      ["/ewallets/charges", "https://kopi.contoh/panggil", null],
    );
  });

  it("OVO without a mobile number is refused before anything is sent", async () => {
    const { provider, sent } = answering({ "*": CHARGE });
    for (const phone of [null, "+62215550000", "+6561234567"]) {
      assert.deepEqual(
        await provider.open({ ...request, channel: "OVO", customer: { ...request.customer, phone } }),
        { answer: "refused", reason: "phone_missing" },
      );
    }
    assert.equal(sent.length, 0);
  });

  for (const [why, status, body, expected] of [
    ["a validation error", 400, { error_code: "API_VALIDATION_ERROR", message: "amount" }, "refused"],
    ["a wrong key", 401, { error_code: "INVALID_API_KEY", message: "API key format is invalid" }, "refused"],
    ["a channel that is not ours", 403, { error_code: "CHANNEL_NOT_ACTIVATED", message: "" }, "refused"],
    ["no address for the callback", 404, { error_code: "CALLBACK_URL_NOT_FOUND", message: "" }, "refused"],
    ["a duplicate, which may be ours", 409, { error_code: "DUPLICATE_ERROR", message: "" }, "unknown"],
    ["a no without a code", 400, { message: "no" }, "unknown"],
    ["a channel that is away", 503, { error_code: "CHANNEL_UNAVAILABLE", message: "" }, "unknown"],
    ["an error of Xendit", 500, { error_code: "SERVER_ERROR", message: "" }, "unknown"],
    ["a redirect", 307, { error_code: "API_VALIDATION_ERROR", message: "" }, "unknown"],
    ["another reference", 201, { ...CODE, reference_id: "testing-2" }, "unknown"],
    ["another sum", 201, { ...CODE, amount: 10_001 }, "unknown"],
    ["another currency", 201, { ...CODE, currency: "PHP" }, "unknown"],
    ["a code without a code", 201, { ...CODE, qr_string: null }, "unknown"],
    ["a yes", 201, CODE, "opened"],
  ] as const) {
    it(`${why} is ${expected}`, async () => {
      assert.equal((await answering({ "*": body }, status).provider.open(request)).answer, expected);
    });
  }

  for (const [why, code, payments, expected] of [
    ["active and without a payment is pending", CODE, { data: [], has_more: false }, "pending"],
    [
      "inactive with its payment is paid",
      { ...CODE, status: "INACTIVE" },
      { data: [PAID.data], has_more: false },
      "paid",
    ],
    ["active with its payment is paid", CODE, [PAID.data], "paid"],
    [
      "inactive without a payment is expired",
      { ...CODE, status: "INACTIVE" },
      { data: [], has_more: false },
      "expired",
    ],
  ] as const) {
    it(`a code that is ${why}`, async () => {
      const { provider } = answering({
        [`/qr_codes/${CODE.id}`]: code,
        [`/qr_codes/${CODE.id}/payments`]: payments,
      });
      const answer = await provider.inquire({ reference: CODE.id, merchantRef: "testing-1" });
      assert.deepEqual(answer.answer === "found" && [answer.state.status, answer.state.paidAt], [
        expected,
        expected === "paid" ? new Date("2026-01-05T03:01:00.000Z") : null,
      ]);
    });
  }

  it("a code whose payments can't be read is unknown", async () => {
    const { provider } = answering({ [`/qr_codes/${CODE.id}`]: { ...CODE, status: "INACTIVE" } });
    assert.equal(
      (await provider.inquire({ reference: CODE.id, merchantRef: "testing-1" })).answer,
      "unknown",
    );
  });

  it("a lost charge is found by the money received for it", async () => {
    const movement = { product_id: CHARGE.id, type: "PAYMENT", status: "SUCCESS", reference_id: "testing-1" };
    const { provider, sent } = answering({
      "/transactions?reference_id=testing-1": { data: [movement], has_more: false },
      [`/ewallets/charges/${CHARGE.id}`]: CHARGE,
    });
    const answer = await provider.inquire({ reference: null, merchantRef: "testing-1" });
    assert.deepEqual(answer.answer === "found" && [answer.state.reference, answer.state.status], [
      CHARGE.id,
      "paid",
    ]);
    assert.equal(sent.length, 2);
  });

  it("a lost attempt without money is unknown until ten minutes after its expiry, then absent", async () => {
    const { provider } = answering({ "*": { data: [], has_more: false } });
    const inquire = (expiresAt: Date | null) =>
      provider.inquire({ reference: null, merchantRef: "testing-1", expiresAt });
    assert.deepEqual(
      [
        (await inquire(null)).answer,
        (await inquire(new Date(NOW - 599_999))).answer,
        (await inquire(new Date(NOW - 600_000))).answer,
      ],
      ["unknown", "unknown", "absent"],
    );
    for (const list of [
      { data: [], has_more: true },
      { data: [] },
      [],
      { data: [{ type: "PAYMENT", reference_id: "testing-1", product_id: "qrpy_1" }], has_more: false },
    ]) {
      assert.equal(
        (
          await answering({ "*": list }).provider.inquire({
            reference: null,
            merchantRef: "testing-1",
            expiresAt: new Date(NOW - 600_000),
          })
        ).answer,
        "unknown",
        JSON.stringify(list),
      );
    }
  });

  it("the published callback of a code and a live one of a charge lead to an inquiry", () => {
    const provider = createXendit(settings);
    const code = provider.readNotification(tokened(PAID));
    assert.deepEqual(code, {
      channel: "QRIS",
      reread: true,
      state: {
        reference: CODE.id,
        merchantRef: "testing-1",
        status: "paid",
        amount: rupiah(10_000),
        feeMerchant: rupiah(70),
        feeCustomer: rupiah(0),
        paidAt: new Date("2026-01-05T03:01:00.000Z"),
      },
    });
    const charge = provider.readNotification(
      tokened({
        event: "ewallet.capture",
        business_id: "5f27",
        created: "2022-11-04T01:01:54.633Z",
        api_version: null,
        data: CHARGE,
      }),
    );
    assert.ok(!isRefusal(charge) && charge.state !== null);
    assert.deepEqual(
      [charge.channel, charge.reread, charge.state.reference, charge.state.status, charge.state.paidAt],
      ["LINKAJA", true, CHARGE.id, "paid", new Date("2022-11-04T01:01:54.366Z")],
    );
  });

  it("a wrong, missing or repeated token is refused; a body without a payment is accepted", () => {
    const provider = createXendit(settings);
    const refusal = (notification: RawNotification) => {
      const read = provider.readNotification(notification);
      return isRefusal(read) ? read.refusal : "believed";
    };
    const { body } = tokened(PAID);
    for (const headers of [
      {},
      { "x-callback-token": "" },
      { "x-callback-token": "the-account's-toke" },
      { "x-callback-token": [settings.callbackToken, settings.callbackToken] },
    ]) {
      assert.equal(refusal({ headers, body }), "notification_signature_wrong");
    }
    const unset = createXendit({ ...settings, callbackToken: "" }).readNotification(tokened(PAID, ""));
    assert.equal(
      isRefusal(unset) && unset.refusal,
      "notification_signature_wrong",
      "a token that is not set verifies nothing",
    );
    for (const row of [
      {},
      { event: "payout.succeeded", data: CHARGE },
      { event: "ewallet.capture", data: { ...CHARGE, channel_code: "PH_GCASH" } },
    ]) {
      const { event = "callback" } = row as { event?: string };
      assert.deepEqual(provider.readNotification(tokened(row)), { state: null, event });
    }
  });

  it("a QRIS is opened that a payer's app can read, found paid, and another found expired", async (t) => {
    const { provider, lever } = await against(t);
    const fresh = { ...request, expiresAt: new Date(Date.now() + 900_000) };
    const answer = await provider.open(fresh);
    assert.ok(answer.answer === "opened");
    const qris = parseQris(answer.opened.qrString ?? "");
    assert.ok(!isQrisProblem(qris));
    assert.deepEqual(qris.amount, rupiah(10_000));
    const stateOf = async (reference: string, merchantRef: string) => {
      const found = await provider.inquire({ reference, merchantRef });
      return (
        found.answer === "found" && [found.state.status, found.opened?.qrString === answer.opened.qrString]
      );
    };
    assert.deepEqual(await stateOf(answer.opened.reference, "testing-1"), ["pending", true]);
    await lever(answer.opened.reference, "paid");
    assert.deepEqual(await stateOf(answer.opened.reference, "testing-1"), ["paid", true]);
    assert.deepEqual((await provider.inquire({ reference: null, merchantRef: "testing-1" })).answer, "found");
    const other = await provider.open({ ...fresh, merchantRef: "testing-2" });
    assert.ok(other.answer === "opened");
    await lever(other.opened.reference, "expired");
    assert.deepEqual(await stateOf(other.opened.reference, "testing-2"), ["expired", false]);
  });
});

async function against(t: TestContext) {
  const simulator = await startSimulator({ seed: 7 });
  t.after(() => simulator.close());
  const provider = createXendit({
    ...settings,
    baseUrl: simulator.url,
    secretKey: DEMO_SECRET_KEY,
    clock: { now: Date.now },
  });
  return { provider, lever: leversOf(simulator).settle };
}
