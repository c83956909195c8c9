import { IDR, isQrisProblem, isRefusal, money, parseQris } from "@onegate/contract";
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, it, type TestContext } from "node:test";
import { DEMO_CREDENTIAL, startSimulator } from "../../simulator/index.ts";
import { conformance, type Peer } from "./conformance.ts";
import type { OpenRequest, RawNotification } from "./provider.ts";
import { deadUrl, leversOf, TIMEOUT_MS, startInbox } from "./testing/peer.ts";
import { createTripay, type TripaySettings } from "./tripay.ts";

const rupiah = (whole: number) => money(BigInt(whole) * 100n, IDR);

conformance("Tripay", async (): Promise<Peer> => {
  const simulator = await startSimulator({ seed: 7 });
  const inbox = await startInbox();
  const settings: TripaySettings = {
    ...DEMO_CREDENTIAL,
    baseUrl: `${simulator.url}/api-sandbox/`,
    callbackUrl: inbox.url,
    returnUrl: "https://kopi.contoh/kembali",
    timeouts: { totalMs: TIMEOUT_MS },
    clock: { now: Date.now },
  };
  return {
    provider: createTripay(settings),
    otherSecret: createTripay({ ...settings, privateKey: "last-years-private-key" }),
    unreachable: createTripay({ ...settings, baseUrl: `${await deadUrl()}/api` }),
    channel: "QRIS2",
    goodAmount: rupiah(12_500),
    secrets: [DEMO_CREDENTIAL.apiKey, DEMO_CREDENTIAL.privateKey],
    now: Date.now,
    ...leversOf(simulator),
    nextNotification: inbox.next,
    close: async () => {
      await simulator.close();
      inbox.close();
    },
  };
});

describe("Tripay's own terms", () => {
  const request: OpenRequest = {
    merchantRef: "INV55567",
    channel: "QRIS2",
    amount: rupiah(1_500_000),
    items: [{ sku: "KOPI", name: "Kopi", price: rupiah(750_000), quantity: 2 }],
    customer: { name: "Sari", email: "sari@contoh.id", phone: "+6281234567890" },
    expiresAt: new Date(1_800_000_000_000),
  };

  it("the signature covers merchant code, reference and rupiah, like the documented vector", async () => {
    const sent = await sentBy(request);
    assert.equal(sent["signature"], "9f167eba844d1fcb369404e2bda53702e2f78f7aa12e91da6715414e65b8c86a");
    assert.equal(sent["amount"], 1_500_000);
    assert.equal(sent["expired_time"], 1_800_000_000);
    assert.equal(sent["customer_phone"], "081234567890");
    assert.deepEqual(sent["order_items"], [{ sku: "KOPI", name: "Kopi", price: 750_000, quantity: 2 }]);
  });

  it("a customer without a phone is sent without one", async () => {
    assert.ok(
      !("customer_phone" in (await sentBy({ ...request, customer: { ...request.customer, phone: null } }))),
    );
  });

  it("a sale with a discount is sent as one item over the whole amount", async () => {
    const items = [
      { sku: null, name: "Kopi", price: rupiah(1_600_000), quantity: 1 },
      { sku: null, name: "Diskon", price: rupiah(-100_000), quantity: 1 },
    ];
    assert.deepEqual((await sentBy({ ...request, items }))["order_items"], [
      { name: "Pembayaran INV55567", price: 1_500_000, quantity: 1 },
    ]);
  });

  it("percent is read as a number or a string, and fee bounds may be missing", async (t) => {
    const { provider } = await pair(t);
    const channels = await provider.channels();
    assert.ok(!isRefusal(channels));
    const qris = channels.find(({ code }) => code === "QRISC");
    assert.deepEqual(
      [qris?.feeMerchant, qris?.totalFee, qris?.minimumFee, qris?.type],
      [
        { flat: rupiah(750), percentBasisPoints: 70 },
        { flat: rupiah(750), percentBasisPoints: 70 },
        null,
        "direct",
      ],
    );
    const ovo = channels.find(({ code }) => code === "OVO");
    assert.deepEqual(
      [ovo?.minimumFee, ovo?.totalFee.percentBasisPoints, ovo?.type],
      [rupiah(1_000), 300, "redirect"],
    );
  });

  it("a QRIS is opened that a payer's app can read, with the amount and Tripay's reference", async (t) => {
    const { provider } = await pair(t);
    const answer = await provider.open({ ...request, expiresAt: new Date(Date.now() + 900_000) });
    assert.ok(answer.answer === "opened");
    const qris = parseQris(answer.opened.qrString ?? "");
    assert.ok(!isQrisProblem(qris));
    assert.deepEqual([qris.amount, qris.additional.get("05")], [request.amount, answer.opened.reference]);
    assert.deepEqual([answer.opened.feeMerchant, answer.opened.feeCustomer], [rupiah(11_250), rupiah(0)]);
  });

  it("the customer's fee is separate if the customer bears it", async (t) => {
    const { provider } = await pair(t, "customer");
    const answer = await provider.open({
      ...request,
      amount: rupiah(10_000),
      items: [{ sku: null, name: "Kopi", price: rupiah(10_000), quantity: 1 }],
      expiresAt: new Date(Date.now() + 900_000),
    });
    assert.ok(answer.answer === "opened");
    const { amount, feeCustomer, feeMerchant } = answer.opened;
    assert.deepEqual([amount, feeCustomer, feeMerchant], [rupiah(10_820), rupiah(820), rupiah(0)]);
  });

  for (const [why, status, body, answer] of [
    ["success with a 502", 502, { success: true, data: {} }, "unknown"],
    ["success without data", 200, { success: true, message: "" }, "unknown"],
    ["another payment's data", 200, { success: true, data: row({ merchant_ref: "INV1" }) }, "unknown"],
    ["another sum", 200, { success: true, data: row({ amount: 1_400_000 }) }, "unknown"],
    [
      "a refusal with status 500",
      500,
      { success: false, message: "Failed to process your request. Please try again" },
      "unknown",
    ],
    ["a no with a 408", 408, { success: false, message: "" }, "unknown"],
    ["a redirect", 307, { success: false, message: "" }, "unknown"],
    ["a no with a 200", 200, { success: false, message: "Invalid signature" }, "refused"],
    [
      "an address that is not on the list",
      403,
      { success: false, message: "Unauthorized IP (10.0.0.1)" },
      "refused",
    ],
    ["a success that is a text", 200, { success: "true", data: row({}) }, "unknown"],
    ["a yes", 200, { success: true, data: row({}) }, "opened"],
  ] as const) {
    it(`${why} is ${answer}`, async () => {
      const provider = createTripay({
        ...vectorSettings,
        fetch: async () => new Response(JSON.stringify(body), { status }),
      });
      assert.equal((await provider.open(request)).answer, answer);
    });
  }

  it("a host name that does not resolve means unsent; a connection reset means unknown", async () => {
    for (const [code, answer] of [
      ["ENOTFOUND", "refused"],
      ["ECONNREFUSED", "refused"],
      ["ECONNRESET", "unknown"],
      ["ETIMEDOUT", "unknown"],
    ] as const) {
      const cause = Object.assign(new Error(code), { code });
      const provider = createTripay({
        ...vectorSettings,
        fetch: () => Promise.reject(new TypeError("fetch failed", { cause })),
      });
      assert.equal((await provider.open(request)).answer, answer, code);
    }
  });

  it("an empty page of a longer list does not mean absent", async () => {
    const body = { success: true, data: [], pagination: { total_records: 3 } };
    const provider = createTripay({
      ...vectorSettings,
      fetch: async () => new Response(JSON.stringify(body)),
    });
    assert.deepEqual(await provider.inquire({ reference: null, merchantRef: "INV55567" }), {
      answer: "unknown",
      reason: "list_incomplete",
    });
  });

  it("of several transactions with the same reference of ours, the paid one counts", async () => {
    const rows = [row({ reference: "T1" }), row({ reference: "T2", status: "PAID", paid_at: 1_790_000_000 })];
    const provider = createTripay({
      ...vectorSettings,
      fetch: async (url) => {
        const isList = typeof url === "string" && url.includes("merchant/transactions");
        return isList
          ? new Response(JSON.stringify({ success: true, data: rows }))
          : new Response("<html>", { status: 403 });
      },
    });
    const answer = await provider.inquire({ reference: null, merchantRef: "INV55567" });
    assert.ok(answer.answer === "found");
    assert.deepEqual(
      [answer.state.reference, answer.state.status, answer.state.paidAt, answer.opened],
      ["T2", "paid", new Date(1_790_000_000_000), null],
    );
  });

  it("the published callback is read", () => {
    const provider = createTripay(vectorSettings);
    const read = provider.readNotification(signed(CALLBACK));
    assert.ok(!isRefusal(read));
    assert.deepEqual(read, {
      channel: "QRIS2",
      reread: false,
      state: {
        reference: "DEV-T42682308965NYPLN",
        merchantRef: "PAY176325643799812EA1",
        status: "paid",
        amount: rupiah(192_080),
        feeMerchant: rupiah(2_095),
        feeCustomer: rupiah(0),
        paidAt: new Date(1_763_256_923_000),
      },
    });
  });

  it("a signed body without a payment is accepted", () => {
    const provider = createTripay(vectorSettings);
    for (const body of [
      "",
      "[]",
      "{}",
      CALLBACK.replace('"PAID"', '"MAYBE"'),
      CALLBACK.replace("192080", "192080.5"),
      CALLBACK.replace("192080", "-1"),
    ]) {
      const read = provider.readNotification(signed(body));
      assert.deepEqual(read, { state: null, event: "payment_status" }, body);
    }
    const { headers, body } = signed(CALLBACK);
    const read = provider.readNotification({
      headers: { ...headers, "x-callback-event": "something_else" },
      body,
    });
    assert.deepEqual(read, { state: null, event: "something_else" });
  });

  it("a callback with two signatures is refused", () => {
    const { headers, body } = signed(CALLBACK);
    const signature = String(headers["x-callback-signature"]);
    const read = createTripay(vectorSettings).readNotification({
      headers: { ...headers, "x-callback-signature": [signature, signature] },
      body,
    });
    assert.equal(isRefusal(read) && read.refusal, "notification_signature_wrong");
  });
});

/** The merchant of Tripay's published signature vector. */
const vectorSettings: TripaySettings = {
  baseUrl: "http://tripay.invalid/api",
  apiKey: "DEV-key",
  privateKey: "ytf6ooi2gmlNPfpchd94jDOk8hRWOu",
  merchantCode: "T0001",
  callbackUrl: "https://kopi.contoh/panggil",
  returnUrl: "https://kopi.contoh/kembali",
  clock: { now: () => 1_790_000_000_000 },
};

const CALLBACK =
  '{"reference":"DEV-T42682308965NYPLN","merchant_ref":"PAY176325643799812EA1","payment_method":"QRIS","payment_method_code":"QRIS2","total_amount":192080,"fee_merchant":2095,"fee_customer":0,"total_fee":2095,"amount_received":189985,"is_closed_payment":1,"status":"PAID","paid_at":1763256923,"note":"test"}';

function signed(body: string): RawNotification {
  const signature = createHmac("sha256", vectorSettings.privateKey).update(body).digest("hex");
  return {
    headers: { "x-callback-signature": signature, "x-callback-event": "payment_status" },
    body: Buffer.from(body),
  };
}

/** A transaction in Tripay's format. */
function row(changes: Record<string, unknown>): Record<string, unknown> {
  const usual = {
    reference: "T0001000000000000006",
    merchant_ref: "INV55567",
    payment_method: "QRIS2",
    payment_name: "QRIS",
    status: "UNPAID",
  };
  const sums = { amount: 1_500_000, fee_merchant: 11_250, fee_customer: 0, amount_received: 1_488_750 };
  return {
    ...usual,
    ...sums,
    pay_code: null,
    pay_url: null,
    checkout_url: null,
    qr_string: "SANDBOX MODE",
    expired_time: 1_800_000_000,
    ...changes,
  };
}

async function sentBy(request: OpenRequest): Promise<Record<string, unknown>> {
  let sent = "";
  const answer: typeof fetch = async (_, init) => {
    sent = typeof init?.body === "string" ? init.body : "";
    return new Response("{}", { status: 500 });
  };
  await createTripay({ ...vectorSettings, fetch: answer }).open(request);
  return JSON.parse(sent) as Record<string, unknown>;
}

async function pair(t: TestContext, feePayer: "merchant" | "customer" = "merchant") {
  const simulator = await startSimulator({ seed: 7, feePayer });
  t.after(() => simulator.close());
  const settings = {
    ...vectorSettings,
    ...DEMO_CREDENTIAL,
    baseUrl: `${simulator.url}/api`,
    clock: { now: Date.now },
  };
  return { simulator, provider: createTripay(settings) };
}
