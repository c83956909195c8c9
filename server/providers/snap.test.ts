import { IDR, isQrisProblem, isRefusal, makeQris, money, parseQris, type Money } from "@onegate/contract";
import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { describe, it, type TestContext } from "node:test";
import { newKeyPair, startSimulator, type SnapAccount } from "../../simulator/index.ts";
import { conformance, type CallFault, type Peer } from "./conformance.ts";
import type { OpenRequest, RawNotification, RefundRequest } from "./provider.ts";
import {
  asymmetricText,
  isSignedByKey,
  isSignedBySecret,
  minified,
  readSnapTime,
  signByKey,
  signBySecret,
  symmetricText,
  tokenText,
  toSnapTime,
} from "./snap-signature.ts";
import { createSnap, SNAP_NOTIFY_PATH, type SnapSettings } from "./snap.ts";

const rupiah = (whole: number) => money(BigInt(whole) * 100n, IDR);
const TIMEOUT_MS = 1_500;
const SLOWER_MS = 3_000;
const [MERCHANT, BANK, OTHER] = [newKeyPair(), newKeyPair(), newKeyPair()];

type Dialect = SnapSettings["signature"];

const ACCOUNT: Omit<SnapAccount, "notifications" | "notifyUrl"> = {
  clientKey: "G1234325-SNAP",
  clientSecret: "a-secret-of-both-sides",
  partnerId: "KOPISENJA",
  channelId: "95221",
  merchantId: "00007100010926",
  merchantPublicKey: MERCHANT.publicKey,
  bankPrivateKey: BANK.privateKey,
};

/** A client of that account; `notifications` selects the signature that it accepts. */
function settingsOf(baseUrl: string, signature: Dialect, notifications: Dialect): SnapSettings {
  const { clientKey, clientSecret, partnerId, channelId, merchantId } = ACCOUNT;
  return {
    baseUrl,
    pathPrefix: "",
    clientKey,
    clientSecret,
    privateKey: createPrivateKey(MERCHANT.privateKey),
    providerPublicKey: notifications === "asymmetric" ? createPublicKey(BANK.publicKey) : null,
    partnerId,
    channelId,
    merchantId,
    signature,
    notificationPaths: [SNAP_NOTIFY_PATH],
    clock: { now: Date.now },
  };
}

for (const [name, dialect] of [
  ["SNAP BI by shared secret", "symmetric"],
  ["SNAP BI by key pairs", "asymmetric"],
] as const) {
  conformance(name, async (): Promise<Peer> => {
    const inbox = await startInbox();
    const simulator = await startSimulator({
      seed: 7,
      snap: { ...ACCOUNT, notifications: dialect, notifyUrl: inbox.url },
    });
    const gone = await startSimulator();
    await gone.close();
    const settings: SnapSettings = {
      ...settingsOf(simulator.url, dialect, dialect),
      timeouts: { totalMs: TIMEOUT_MS },
    };
    const control = controlOf(simulator.url);
    const plan = (call: string) => (fault: CallFault) =>
      control("POST", "next", { call, fault: FAULTS[fault], ms: SLOWER_MS });
    return {
      provider: createSnap(settings),
      otherSecret: createSnap({
        ...settings,
        clientSecret: "another",
        providerPublicKey: settings.providerPublicKey && createPublicKey(OTHER.publicKey),
      }),
      unreachable: createSnap({ ...settings, baseUrl: gone.url }),
      channel: "QRISSNAP",
      goodAmount: rupiah(12_500),
      repeatsCode: false,
      secrets: [ACCOUNT.clientSecret],
      now: Date.now,
      planOpen: plan("create"),
      planInquiry: plan("read"),
      planCancel: plan("cancel"),
      planRefund: plan("refund"),
      planNotifications: (fault) =>
        control("PUT", "faults", { forged: fault === "forged", altered: fault === "altered" }),
      settle: (reference, as, amount) =>
        control(
          "POST",
          `transactions/${reference}/${ACTS[as]}`,
          amount ? { amount: Number(amount.minor / 100n) } : {},
        ),
      nextNotification: inbox.next,
      close: async () => {
        await simulator.close();
        inbox.close();
      },
    };
  });
}

const FAULTS = {
  answer_lost: "answer_lost",
  answer_slow: "answer_slow",
  error_not_done: "error_500",
  error_done: "error_500_done",
  page_instead: "html_403",
} as const satisfies Record<CallFault, string>;
const ACTS = { paid: "pay", expired: "expire", failed: "fail", refunded: "refund" } as const;

describe("SNAP BI's signatures", () => {
  it("symmetric: the published text of Midtrans, signed with its secret", () => {
    const text =
      "POST:/v1.0/debit/payment-host-to-host:gp9HjjEj813Y9JGoqwOeOPWbnt4CupvIJbU1Mmu4a11MNDZ7Sg5u9a:56fa5f4999ad8014de49d7898c1d1d53472569db8999de3c1b752a0dd181e98c:2020-01-01T00:00:00+07:00";
    const signature =
      "FSlidRHe4ow9qppNifGVQNcdv67lBjgCiP0BHylh+IKXo4fs2rHaGsFNUY0N8t0rPlZs4iAHAOCDklnCccwuJw==";
    assert.equal(signBySecret("fdppqbF5wq7vVegyvsV1CROMv646nJ7A", text), signature);
    assert.ok(isSignedBySecret("fdppqbF5wq7vVegyvsV1CROMv646nJ7A", text, signature));
    assert.ok(!isSignedBySecret("fdppqbF5wq7vVegyvsV1CROMv646nJ7B", text, signature));
  });

  it("symmetric: the request of Midtrans' demonstration, from the body on", () => {
    const amount = { value: "12345678.00", currency: "IDR" };
    const body = JSON.stringify({
      partnerReferenceNo: "2020102900000000000001",
      amount,
      feeAmount: amount,
      merchantId: "00007100010926",
      terminalId: "213141251124",
      validityPeriod: "2009-07-03T12:08:56-07:00",
    });
    const text = symmetricText(
      { method: "POST", path: "/v1.0/qr/qr-mpm-generate", body, timestamp: "2024-03-05T10:37:16.196Z" },
      "myaccesstoken",
    );
    assert.match(
      text,
      /^POST:\/v1\.0\/qr\/qr-mpm-generate:myaccesstoken:01463f60dbb6ca53[0-9a-f]{42}402111:2024-03-05T10:37:16\.196Z$/,
    );
    assert.equal(
      signBySecret("myclientsecret", text),
      "wmzT7yjg1SxxCsxNsFgCR9SYXiZGGbceF6fV8xe97sAMHxZ+7OEBMIBmvb6Sj6GcksGp3iv77DiomgSbcST3XQ==",
    );
  });

  it("asymmetric: the token request of Midtrans' documentation, verified with its printed key", () => {
    const modulus =
      "lWbtlh3eM-bW3n5AFj42wddC4L7tQqbLiCFbTv8K67yng9iwK5mEn-UMXiRhvB2JVWFafCPPxFamsiVG3MjneGjC0BYgmpmw4qXnAnyO3nCdCuPtmZ3ljhKvSTPdWZxrcLi1Xa9V_-Pzb8hrjb5iwMn6SZFNeMmZYgFKiSeueo6TPln2PoTqXCzs1HtsM8eUVe8GAsjJe_3dYl992nyXOpG21GgNu8o5T3WOptPg6GdDTWkTWUu483yRbVVy04Pz4L8DDZTDv-WcsAViDn1rA_jB1Auj_UGKx2ovGcBH_a_hor5TbABbODU6cPTHT54K3sSZtvZNV4eFDB1f_4wdfw";
    const key = createPublicKey({ key: { kty: "RSA", n: modulus, e: "AQAB" }, format: "jwk" });
    const signature =
      "iv5YorKVVFOFS59l0HChDvPe+HeoE/jY5CfVgCg5i16nj5/DVnKg49ilkv8PyeU7y38apHhgO+cUrvkfUs5BhDD69yLn7xp8hzN9RcR0UDy5+nCrQ3GGCVSzZJvlEXN+TB0j4Q6pMsjrq4+YRoyDa4mTlsjJTU9aGjLRFBYgY4MyMQ5x11JyLnoFwbS8TJ5e/q4mUozrp49VyHe7OQSFnJNwvMSFrDyAIxoOK0IZQIlY29PaDIFcWoR+RJAY42H2FryjJcPpNfeercbkj9jsBLV3wmEKiNoN6lgFFLk5QicDnAAQzL45s92EYeCqDNuTTJOydaJbUqEo1d/ZPVNBtQ==";
    assert.ok(isSignedByKey(key, tokenText("G1234325-SNAP", "2023-07-31T07:10:00+07:00"), signature));
    assert.ok(!isSignedByKey(key, tokenText("G1234325-SNAP", "2023-07-31T07:10:01+07:00"), signature));
  });

  it("asymmetric: the signed text has no token", () => {
    const text = asymmetricText({
      method: "POST",
      path: "/v1.0/qr/qr-mpm-notify",
      body: "",
      timestamp: "2024-03-15T10:30:00+07:00",
    });
    assert.equal(
      text,
      "POST:/v1.0/qr/qr-mpm-notify:" +
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855:2024-03-15T10:30:00+07:00",
    );
    const signature = signByKey(createPrivateKey(BANK.privateKey), text);
    assert.ok(isSignedByKey(createPublicKey(BANK.publicKey), text, signature));
    assert.ok(!isSignedByKey(createPublicKey(OTHER.publicKey), text, signature));
  });

  it("a body is minified byte by byte: strings stay as they are, and numbers are not rewritten", () => {
    const spaced = '{\n\t"name" : "Kopi \\" susu ",\r\n "value": [ 1.0, "a\\\\" , { } ]\n}';
    assert.equal(
      Buffer.from(minified(Buffer.from(spaced))).toString(),
      '{"name":"Kopi \\" susu ","value":[1.0,"a\\\\",{}]}',
    );
  });

  it("times are written in Jakarta time, and read with any offset, with or without milliseconds", () => {
    assert.equal(toSnapTime(Date.UTC(2024, 2, 15, 3, 30)), "2024-03-15T10:30:00+07:00");
    for (const time of [
      "2024-03-15T10:30:00+07:00",
      "2024-03-15T03:30:00Z",
      "2024-03-15T03:30:00.000Z",
      "2024-03-15T10:30:00+0700",
    ]) {
      assert.equal(readSnapTime(time), Date.UTC(2024, 2, 15, 3, 30), time);
    }
    for (const none of ["2024-03-15T10:30:00", "2024-03-15", "", "1710473400", undefined, 1_710_473_400])
      assert.equal(readSnapTime(none), undefined);
  });
});

const NOW = 1_790_000_000_000;
const request: OpenRequest = {
  merchantRef: "OG0198c2a4c0de7000a000000000000001",
  channel: "QRISSNAP",
  amount: rupiah(12_500),
  items: [{ sku: null, name: "Kopi susu", price: rupiah(12_500), quantity: 1 }],
  customer: { name: "Sari", email: "sari@contoh.id", phone: null },
  expiresAt: new Date(NOW + 900_000),
};
const inquiry = { reference: "SNAP1", merchantRef: request.merchantRef };
const refund: RefundRequest = {
  ...inquiry,
  refundRef: "RF1",
  channel: "QRISSNAP",
  amount: rupiah(2_500),
  paid: rupiah(12_500),
  reason: "",
};

describe("SNAP BI's own terms", () => {
  it("a code is requested in the standard's format, signed over the bytes that are sent", async () => {
    const bank = scripted(generated());
    const provider = createSnap(bank.settings({ pathPrefix: "/openapi" }));
    assert.equal((await provider.open(request)).answer, "opened");
    const [token, call] = bank.calls;
    assert.deepEqual(
      [token?.url, token?.body],
      ["http://bank.invalid/openapi/v1.0/access-token/b2b", '{"grantType":"client_credentials"}'],
    );
    assert.ok(
      isSignedByKey(
        createPublicKey(MERCHANT.publicKey),
        `G1234325-SNAP|${toSnapTime(NOW)}`,
        token?.headers["x-signature"] ?? "",
      ),
    );
    assert.equal(call?.url, "http://bank.invalid/openapi/v1.0/qr/qr-mpm-generate");
    assert.deepEqual(JSON.parse(call.body), {
      partnerReferenceNo: request.merchantRef,
      amount: { value: "12500.00", currency: "IDR" },
      merchantId: "00007100010926",
      validityPeriod: toSnapTime(NOW + 900_000),
    });
    const { "x-signature": signature = "", ...rest } = call.headers;
    const text = symmetricText(
      {
        method: "POST",
        path: "/openapi/v1.0/qr/qr-mpm-generate",
        body: call.body,
        timestamp: toSnapTime(NOW),
      },
      "token-1",
    );
    assert.ok(isSignedBySecret(ACCOUNT.clientSecret, text, signature));
    assert.deepEqual(
      [
        rest["authorization"],
        rest["x-timestamp"],
        rest["x-partner-id"],
        rest["channel-id"],
        rest["x-external-id"],
      ],
      ["Bearer token-1", toSnapTime(NOW), "KOPISENJA", "95221", request.merchantRef],
    );
  });

  it("asymmetric calls request no token and send none", async () => {
    const bank = scripted(generated());
    assert.equal(
      (await createSnap(bank.settings({ signature: "asymmetric" })).open(request)).answer,
      "opened",
    );
    assert.equal(bank.calls.length, 1);
    const [call] = bank.calls;
    assert.ok(call && !("authorization" in call.headers));
    const text = asymmetricText({
      method: "POST",
      path: "/v1.0/qr/qr-mpm-generate",
      body: call.body,
      timestamp: toSnapTime(NOW),
    });
    assert.ok(isSignedByKey(createPublicKey(MERCHANT.publicKey), text, call.headers["x-signature"] ?? ""));
  });

  for (const [why, status, body, answer] of [
    ["yes", 200, generated(), "opened"],
    ["in progress", 202, coded("2024700"), "unknown"],
    ["a field missing", 400, coded("4004702"), "refused"],
    ["a wrong signature", 401, coded("4014700"), "refused"],
    ["an unknown token, twice", 401, coded("4014701"), "refused"],
    ["the limit exceeded", 403, coded("4034702"), "refused"],
    ["an invalid merchant", 404, coded("4044708"), "refused"],
    ["not supported", 405, coded("4054700"), "refused"],
    ["the same X-EXTERNAL-ID within the day", 409, coded("4094700"), "unknown"],
    ["the same partnerReferenceNo", 409, coded("4094701"), "unknown"],
    ["too many requests", 429, coded("4294700"), "refused"],
    ["a general error", 500, coded("5004700"), "unknown"],
    ["a time-out behind the bank", 504, coded("5044700"), "unknown"],
    ["a no of another service", 404, coded("4045101"), "unknown"],
    ["a no under a 200", 200, coded("4044708"), "unknown"],
    ["a yes under a 502", 502, generated(), "unknown"],
    ["a no without a code", 400, { message: "bad" }, "unknown"],
    ["a request time-out", 408, coded("4084700"), "unknown"],
    ["a redirect", 307, coded("3074700"), "unknown"],
    ["another request's code", 200, generated({ partnerReferenceNo: "OG2" }), "unknown"],
    ["a code over another sum", 200, generated({ qrContent: codeOver(rupiah(12_400)) }), "unknown"],
    ["an invalid code", 200, generated({ qrContent: "SANDBOX MODE" }), "unknown"],
    ["nothing to scan", 200, generated({ qrContent: null }), "unknown"],
  ] as const) {
    it(`${why}: a code is ${answer}`, async () => {
      const bank = scripted({ status, body });
      assert.equal((await createSnap(bank.settings()).open(request)).answer, answer);
    });
  }

  it("the reason of a refusal is the bank's code and message, without secrets", async () => {
    const bank = scripted({
      status: 404,
      body: coded("4044708", `Invalid Merchant ${ACCOUNT.clientSecret} token-1`),
    });
    assert.deepEqual(await createSnap(bank.settings()).open(request), {
      answer: "refused",
      reason: "4044708 Invalid Merchant *** ***",
    });
  });

  for (const [why, code, status, answer] of [
    ["not found", "4045101", 404, "absent"],
    ["an unknown merchant", "4045108", 404, "unknown"],
    ["a wrong signature", "4015100", 401, "unknown"],
    ["in progress", "2025100", 202, "unknown"],
    ["not found, of another service", "4044701", 404, "unknown"],
    ["a conflict", "4095100", 409, "unknown"],
  ] as const) {
    it(`an inquiry: ${why} is ${answer}`, async () => {
      assert.equal(
        (await createSnap(scripted({ status, body: coded(code) }).settings()).inquire(inquiry)).answer,
        answer,
      );
    });
  }

  for (const [code, status] of [
    ["00", "paid"],
    ["01", "pending"],
    ["02", "pending"],
    ["03", "pending"],
    ["04", "refunded"],
    ["05", "failed"],
    ["06", "failed"],
    ["08", "expired"],
    ["09", "failed"],
  ] as const) {
    it(`latestTransactionStatus ${code} is ${status}`, async () => {
      const found = await createSnap(scripted(queried({ latestTransactionStatus: code })).settings()).inquire(
        inquiry,
      );
      assert.ok(found.answer === "found");
      assert.equal(found.state.status, status);
    });
  }

  it("status 07 is absent; another status, no amount or another payment is unknown", async () => {
    const answers = [];
    for (const changes of [
      { latestTransactionStatus: "07" },
      { latestTransactionStatus: "10" },
      { amount: null },
      { originalReferenceNo: "SNAP2" },
      { originalPartnerReferenceNo: "OG2" },
    ]) {
      answers.push((await createSnap(scripted(queried(changes)).settings()).inquire(inquiry)).answer);
    }
    assert.deepEqual(answers, ["absent", "unknown", "unknown", "unknown", "unknown"]);
  });

  it("an inquiry sends both references, and returns the amount, the time and the agreed fee", async () => {
    const bank = scripted(queried({ paidTime: "2026-09-21T20:13:20+07:00" }));
    assert.deepEqual(await createSnap(bank.settings()).inquire(inquiry), {
      answer: "found",
      state: {
        reference: "SNAP1",
        merchantRef: inquiry.merchantRef,
        status: "paid",
        amount: rupiah(12_500),
        feeMerchant: rupiah(88),
        feeCustomer: rupiah(0),
        paidAt: new Date("2026-09-21T13:13:20Z"),
      },
      opened: null,
    });
    assert.deepEqual(JSON.parse(bank.calls.at(-1)?.body ?? ""), {
      originalReferenceNo: "SNAP1",
      originalPartnerReferenceNo: inquiry.merchantRef,
      merchantId: "00007100010926",
      serviceCode: "47",
    });
  });

  for (const [why, code, status, answer] of [
    ["done", "2007700", 200, "cancelled"],
    ["in progress", "2027700", 202, "unknown"],
    ["an invalid status of what is paid", "4047700", 404, "refused"],
    ["not allowed now", "4057701", 405, "refused"],
    ["nothing there", "4047701", 404, "refused"],
    ["too many requests", "4297700", 429, "unknown"],
    ["a conflict", "4097700", 409, "unknown"],
    ["an error", "5007701", 500, "unknown"],
  ] as const) {
    it(`a cancellation: ${why} is ${answer}`, async () => {
      assert.equal(
        (await createSnap(scripted({ status, body: coded(code) }).settings()).cancel?.(inquiry))?.answer,
        answer,
      );
    });
  }

  for (const [why, code, status, answer] of [
    ["in progress", "2027800", 202, "pending"],
    ["insufficient funds", "4037814", 403, "refused"],
    ["not found", "4047801", 404, "refused"],
    ["too many requests", "4297800", 429, "unknown"],
    ["an error", "5007800", 500, "unknown"],
  ] as const) {
    it(`a refund: ${why} is ${answer}`, async () => {
      assert.equal(
        (await createSnap(scripted({ status, body: coded(code) }).settings()).refund?.(refund))?.answer,
        answer,
      );
    });
  }

  it("a refund that was requested before is inquired about, whether it is listed or not", async () => {
    const row = {
      refundNo: "R1",
      partnerReferenceNo: "RF1",
      refundAmount: { value: "2500.00", currency: "IDR" },
      refundStatus: "00",
    };
    const answers = [];
    for (const history of [
      [row],
      [{ ...row, refundStatus: "03" }],
      [{ ...row, refundStatus: "06" }],
      [{ ...row, refundAmount: { value: "9.00", currency: "IDR" } }],
      [{ ...row, partnerReferenceNo: "RF2" }],
      undefined,
    ]) {
      const bank = scripted(
        { status: 409, body: coded("4097801") },
        queried({ additionalInfo: { refundHistory: history } }),
      );
      answers.push(await createSnap(bank.settings()).refund?.(refund));
    }
    assert.deepEqual(answers, [
      { answer: "refunded", reference: "R1" },
      { answer: "pending" },
      { answer: "refused", reason: "refund_status_06" },
      { answer: "unknown", reason: "answer_differs" },
      { answer: "unknown", reason: "refund_not_listed" },
      { answer: "unknown", reason: "refund_not_listed" },
    ]);
  });

  it("a bank that takes digits gets increasing numbers that begin with Jakarta's time of day", async () => {
    const bank = scripted(...Array.from({ length: 40 }, () => queried()));
    const provider = createSnap(bank.settings({ externalIdDigits: 9 }));
    for (let i = 0; i < 40; i++) await provider.inquire(inquiry);
    const ids = bank.calls.slice(1).map(({ headers }) => headers["x-external-id"] ?? "");
    assert.equal(new Set(ids).size, 40);
    assert.deepEqual([...ids].sort(), ids);
    for (const id of ids) assert.match(id, /^\d{9}$/);
    assert.equal(Math.floor(Number(ids[0]) / 10), (NOW + 7 * 3_600_000) % 86_400_000);
  });
});

describe("SNAP BI's token", () => {
  it("a token is fetched once for fifty concurrent calls, and used until shortly before expiry", async () => {
    const bank = scripted(...Array.from({ length: 200 }, () => queried()));
    const provider = createSnap(bank.settings());
    const fifty = () => Promise.all(Array.from({ length: 50 }, () => provider.inquire(inquiry)));
    for (const answer of await fifty()) assert.equal(answer.answer, "found");
    bank.clock.ms += 839_000;
    await fifty();
    assert.equal(bank.tokens(), 1);
    bank.clock.ms += 2_000;
    await fifty();
    assert.equal(bank.tokens(), 2);
  });

  it("a rejected token is renewed once, and all calls are repeated under their external ids", async () => {
    const bank = scripted();
    bank.forgets("token-1");
    const provider = createSnap(bank.settings());
    for (const answer of await Promise.all(Array.from({ length: 50 }, () => provider.inquire(inquiry))))
      assert.equal(answer.answer, "found");
    assert.equal(bank.tokens(), 2);
    const names = bank.calls
      .filter(({ url }) => url.endsWith("query"))
      .map(({ headers }) => headers["x-external-id"]);
    assert.deepEqual([names.length, new Set(names).size], [100, 50]);
  });

  for (const [why, reply, reason] of [
    [
      "a no",
      { status: 401, body: coded("4017300", "Unauthorized. Signature") },
      "no_token: 4017300 Unauthorized. Signature",
    ],
    ["an error", { status: 500, body: coded("5007300", "General Error") }, "no_token: 5007300 General Error"],
    ["a page", { status: 403, body: "<html>" }, "no_token: http_403_not_json"],
    ["a yes without a token", { status: 200, body: coded("2007300") }, "no_token: answer_unreadable"],
  ] as const) {
    it(`${why} instead of a token: a code is refused, an inquiry unknown, a new call retries`, async () => {
      const bank = scripted(generated());
      bank.answersTokensWith(reply);
      const provider = createSnap(bank.settings());
      assert.deepEqual(await provider.open(request), { answer: "refused", reason: "unreachable" });
      assert.deepEqual(await provider.inquire(inquiry), { answer: "unknown", reason });
      assert.equal((await provider.cancel?.(inquiry))?.answer, "unknown");
      assert.equal((await provider.refund?.(refund))?.answer, "unknown");
      bank.answersTokensWith(undefined);
      assert.equal((await provider.open(request)).answer, "opened");
    });
  }

  it("a caller that gives up does not stop the fetch for others", async () => {
    const bank = scripted(queried());
    const provider = createSnap(bank.settings());
    const leaves = new AbortController();
    const left = provider.inquire(inquiry, leaves.signal);
    const stays = provider.inquire(inquiry);
    leaves.abort();
    assert.deepEqual([(await left).answer, (await stays).answer, bank.tokens()], ["unknown", "found", 1]);
  });
});

describe("SNAP BI's notifications", () => {
  const body = JSON.stringify({
    originalReferenceNo: "SNAP1",
    originalPartnerReferenceNo: request.merchantRef,
    latestTransactionStatus: "00",
    transactionStatusDesc: "Success",
    customerNumber: "6281234567890",
    amount: { value: "12500.00", currency: "IDR" },
    bankCode: "014",
    additionalInfo: { qris: { issuerName: "BCA", acquirerName: "BCA", transactionType: "ON-US" } },
  });
  const clock = { ms: NOW };
  const believes = (notifications: Dialect, changes: Partial<SnapSettings> = {}) =>
    createSnap({
      ...settingsOf("http://bank.invalid", "symmetric", notifications),
      clock: { now: () => clock.ms },
      ...changes,
    });

  /** A notification that the bank sends now; changes are made before it signs. */
  type Sent = { at?: number; text?: string; signedText?: string; path?: string };
  const sent = (
    dialect: Dialect,
    { at = NOW, text = body, signedText, path = SNAP_NOTIFY_PATH }: Sent = {},
  ): RawNotification => {
    const token = "a-token";
    const signed = { method: "POST", path, body: signedText ?? text, timestamp: toSnapTime(at) } as const;
    const signature =
      dialect === "asymmetric"
        ? signByKey(createPrivateKey(BANK.privateKey), asymmetricText(signed))
        : signBySecret(ACCOUNT.clientSecret, symmetricText(signed, token));
    const authorization = dialect === "asymmetric" ? {} : { authorization: `Bearer ${token}` };
    return {
      headers: { "x-timestamp": signed.timestamp, "x-signature": signature, ...authorization },
      body: Buffer.from(text),
    };
  };
  const read = (provider: ReturnType<typeof createSnap>, notification: RawNotification) => {
    const answer = provider.readNotification(notification);
    return isRefusal(answer) ? answer.refusal : answer;
  };

  for (const dialect of ["symmetric", "asymmetric"] as const) {
    it(`${dialect}: a notification is read, with the time of its signature as the time of payment`, () => {
      assert.deepEqual(read(believes(dialect), sent(dialect)), {
        channel: "QRISSNAP",
        reread: false,
        state: {
          reference: "SNAP1",
          merchantRef: request.merchantRef,
          status: "paid",
          amount: rupiah(12_500),
          feeMerchant: rupiah(88),
          feeCustomer: rupiah(0),
          paidAt: new Date(NOW),
        },
      });
    });

    it(`${dialect}: a repeated notification reads the same while it is fresh, and is refused later`, (t) => {
      t.after(() => (clock.ms = NOW));
      const [provider, notification] = [believes(dialect), sent(dialect)];
      const first = read(provider, notification);
      clock.ms = NOW + 5 * 60_000;
      assert.deepEqual(read(provider, notification), first);
      clock.ms = NOW + 5 * 60_000 + 1;
      assert.equal(read(provider, notification), "notification_signature_wrong");
    });

    it(`${dialect}: a notification outside the time window, which is a setting, is refused`, () => {
      for (const at of [NOW - 301_000, NOW + 301_000]) {
        assert.equal(read(believes(dialect), sent(dialect, { at })), "notification_signature_wrong");
        assert.notEqual(
          read(believes(dialect, { freshnessMs: 400_000 }), sent(dialect, { at })),
          "notification_signature_wrong",
        );
      }
    });

    it(`${dialect}: a notification with any forged part is refused`, () => {
      const { headers, body: bytes } = sent(dialect);
      const provider = believes(dialect);
      for (const [why, forged] of Object.entries({
        "another sum": { headers, body: Buffer.from(body.replace("12500.00", "92500.00")) },
        "another time": { headers: { ...headers, "x-timestamp": toSnapTime(NOW + 1_000) }, body: bytes },
        "the same time in other letters": {
          headers: { ...headers, "x-timestamp": new Date(NOW).toISOString() },
          body: bytes,
        },
        "no time": { headers: { ...headers, "x-timestamp": undefined }, body: bytes },
        "no signature": { headers: { ...headers, "x-signature": undefined }, body: bytes },
        "an empty signature": { headers: { ...headers, "x-signature": "" }, body: bytes },
        "two signatures": {
          headers: {
            ...headers,
            "x-signature": [String(headers["x-signature"]), String(headers["x-signature"])],
          },
          body: bytes,
        },
        "another path": sent(dialect, { path: "/v1.0/qr/qr-mpm-refund" }),
      })) {
        assert.equal(read(provider, forged), "notification_signature_wrong", why);
      }
    });

    it(`${dialect}: a notification may be signed minified and sent with spaces`, () => {
      const spaced = JSON.stringify(JSON.parse(body), null, 2);
      assert.notEqual(
        read(believes(dialect), sent(dialect, { text: spaced, signedText: body })),
        "notification_signature_wrong",
      );
      assert.equal(
        read(believes(dialect), sent(dialect, { text: `${spaced}\n`, signedText: body })),
        "notification_signature_wrong",
      );
    });

    it(`${dialect}: the signature may cover any of the notification paths`, () => {
      const paths = ["/api/v1/providers/snap/notifications", SNAP_NOTIFY_PATH];
      for (const path of paths)
        assert.notEqual(
          read(believes(dialect, { notificationPaths: paths }), sent(dialect, { path })),
          "notification_signature_wrong",
          path,
        );
    });
  }

  it("with the bank's key a signature with the secret is refused, and without either key all are", () => {
    assert.equal(read(believes("asymmetric"), sent("symmetric")), "notification_signature_wrong");
    assert.equal(read(believes("symmetric"), sent("asymmetric")), "notification_signature_wrong");
    assert.equal(
      read(believes("symmetric", { clientSecret: "" }), sent("symmetric")),
      "notification_signature_wrong",
    );
  });

  it("the token of another call is refused", () => {
    const { headers, body: bytes } = sent("symmetric");
    assert.equal(
      read(believes("symmetric"), { headers: { ...headers, authorization: "Bearer another" }, body: bytes }),
      "notification_signature_wrong",
    );
  });

  it("a notification without an amount or our reference leads to an inquiry", () => {
    for (const left of ["amount", "originalPartnerReferenceNo"]) {
      const text = JSON.stringify({ ...(JSON.parse(body) as object), [left]: undefined });
      const answer = read(believes("asymmetric"), sent("asymmetric", { text }));
      assert.ok(typeof answer === "object" && answer.state !== null && answer.reread, left);
    }
  });

  it("a signed notification without a payment is accepted", () => {
    for (const text of [
      "{}",
      "[]",
      "",
      body.replace('"00"', '"07"'),
      body.replace("12500.00", "12500.001"),
      body.replace("12500.00", "0.00"),
      body.replace('"12500.00"', "-1"),
      body.replace("IDR", "USD"),
    ]) {
      assert.deepEqual(
        read(believes("asymmetric"), sent("asymmetric", { text })),
        { state: null, event: "qr-mpm-notify" },
        text,
      );
    }
  });

  it("a notification is acknowledged in the standard's format", () => {
    assert.deepEqual(believes("asymmetric").acknowledgement, {
      responseCode: "2005200",
      responseMessage: "Request has been processed successfully",
    });
  });
});

describe("SNAP BI against the simulator", () => {
  it("calls by secret and notifications by key: open, pay, refund in part, refuse a repeat", async (t) => {
    const inbox = await startInbox();
    t.after(() => inbox.close());
    const { provider, control } = await pair(t, {
      ...ACCOUNT,
      notifications: "asymmetric",
      notifyUrl: inbox.url,
    });
    const now = Date.now();
    const opened = await provider.open({ ...request, expiresAt: new Date(now + 900_000) });
    assert.ok(opened.answer === "opened");
    const qris = parseQris(opened.opened.qrString ?? "");
    assert.ok(!isQrisProblem(qris));
    assert.deepEqual([qris.amount, qris.additional.get("05")], [request.amount, opened.opened.reference]);
    // a repeat may be the same payment: unknown, never refused
    assert.equal((await provider.open({ ...request, expiresAt: new Date(now + 900_000) })).answer, "unknown");

    const { reference } = opened.opened;
    await control("POST", `transactions/${reference}/pay`);
    const paid = provider.readNotification(await inbox.next());
    assert.ok(!isRefusal(paid) && paid.state?.status === "paid");
    const one = { ...refund, reference };
    const answer = await provider.refund?.(one);
    assert.deepEqual(
      [answer, await provider.refund?.(one), await provider.inquireRefund?.(one)],
      [answer, answer, answer],
    );
    assert.equal(answer?.answer, "refunded");
    assert.equal(
      (await provider.refund?.({ ...one, refundRef: "RF2", amount: rupiah(12_500) }))?.answer,
      "refused",
    );
    assert.equal(
      (await provider.refund?.({ ...one, refundRef: "RF3", amount: rupiah(10_000) }))?.answer,
      "refunded",
    );
    const after = await provider.inquire({ reference, merchantRef: request.merchantRef });
    assert.ok(after.answer === "found" && after.state.status === "refunded");
  });

  it("a call succeeds even if the bank has ended our token early", async (t) => {
    const { provider, control } = await pair(t, { ...ACCOUNT, notifications: "asymmetric", notifyUrl: null });
    const open = (merchantRef: string) =>
      provider.open({ ...request, merchantRef, expiresAt: new Date(Date.now() + 3_600_000) });
    assert.equal((await open("OG1")).answer, "opened");
    await control("PUT", "clock", { shift_ms: 16 * 60_000 });
    assert.equal((await open("OG2")).answer, "opened");
  });

  it("an unpaid payment is cancelled, a paid one is not", async (t) => {
    const { provider, control } = await pair(t, { ...ACCOUNT, notifications: "asymmetric", notifyUrl: null });
    const open = async (merchantRef: string) => {
      const answer = await provider.open({
        ...request,
        merchantRef,
        expiresAt: new Date(Date.now() + 900_000),
      });
      assert.ok(answer.answer === "opened");
      return { reference: answer.opened.reference, merchantRef };
    };
    const [unpaid, paid] = [await open("OG1"), await open("OG2")];
    await control("POST", `transactions/${paid.reference}/pay`);
    assert.deepEqual(
      [(await provider.cancel?.(unpaid))?.answer, (await provider.cancel?.(paid))?.answer],
      ["cancelled", "refused"],
    );
    const found = await provider.inquire(unpaid);
    assert.ok(found.answer === "found" && found.state.status === "failed");
  });
});

async function pair(t: TestContext, snap: SnapAccount) {
  const simulator = await startSimulator({ seed: 7, snap });
  t.after(() => simulator.close());
  return {
    provider: createSnap(settingsOf(simulator.url, "symmetric", snap.notifications)),
    control: controlOf(simulator.url),
  };
}

function controlOf(url: string) {
  return async (method: string, path: string, body: unknown = {}) => {
    const answer = await fetch(`${url}/control/${path}`, {
      method,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    assert.ok(answer.ok, `${method} ${path}: ${await answer.text()}`);
  };
}

type Scripted = { readonly status: number; readonly body: unknown };

/**
 * A bank that issues tokens and answers calls from a script, whose last answer it repeats. Without a script
 * it answers with a paid payment.
 */
function scripted(...script: ReadonlyArray<Record<string, unknown>>) {
  const calls: Array<{ url: string; headers: Record<string, string>; body: string }> = [];
  const clock = { ms: NOW };
  const left = script.map(
    (one): Scripted =>
      typeof one["status"] === "number"
        ? { status: one["status"], body: one["body"] }
        : { status: 200, body: one },
  );
  let forgotten = "";
  let tokenReply: Scripted | undefined;
  const tokens = () => calls.filter(({ url }) => url.endsWith("/access-token/b2b")).length;
  const answer: typeof fetch = async (address, init) => {
    init?.signal?.throwIfAborted();
    const url = address instanceof Request ? address.url : address.toString();
    const headers = Object.fromEntries(new Headers(init?.headers));
    calls.push({ url, headers, body: typeof init?.body === "string" ? init.body : "" });
    if (url.endsWith("/access-token/b2b")) {
      const given = tokenReply ?? {
        status: 200,
        body: {
          ...coded("2007300"),
          accessToken: `token-${tokens()}`,
          tokenType: "Bearer",
          expiresIn: "900",
        },
      };
      return respond(given);
    }
    if (forgotten !== "" && headers["authorization"] === `Bearer ${forgotten}`)
      return respond({ status: 401, body: coded("4015101") });
    return respond((left.length > 1 ? left.shift() : left[0]) ?? { status: 200, body: queried() });
  };
  return {
    calls,
    clock,
    tokens,
    forgets: (token: string) => (forgotten = token),
    answersTokensWith: (reply: Scripted | undefined) => (tokenReply = reply),
    settings: (changes: Partial<SnapSettings> = {}): SnapSettings => ({
      ...settingsOf("http://bank.invalid", "symmetric", "asymmetric"),
      clock: { now: () => clock.ms },
      fetch: answer,
      ...changes,
    }),
  };
}

function respond({ status, body }: Scripted): Response {
  return new Response(typeof body === "string" ? body : JSON.stringify(body), { status });
}

function coded(responseCode: string, responseMessage = "") {
  return { responseCode, responseMessage };
}

function generated(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    ...coded("2004700", "Successful"),
    referenceNo: "SNAP1",
    partnerReferenceNo: request.merchantRef,
    qrContent: codeOver(request.amount),
    ...changes,
  };
}

function queried(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    ...coded("2005100", "Successful"),
    originalReferenceNo: "SNAP1",
    originalPartnerReferenceNo: request.merchantRef,
    serviceCode: "47",
    latestTransactionStatus: "00",
    amount: { value: "12500.00", currency: "IDR" },
    ...changes,
  };
}

function codeOver(amount: Money): string {
  const account = { domain: "ID.CO.BCA.WWW", pan: "936000140000000001", merchantId: "M1", criteria: "UMI" };
  const payload = makeQris({
    account,
    nmid: "ID0000000000001",
    categoryCode: "5814",
    amount,
    merchantName: "KOPI SENJA",
    city: "JAKARTA",
    postalCode: "10110",
  });
  assert.ok(typeof payload === "string");
  return payload;
}

/** Receives notifications at the standard's path and accepts each in the standard's format. */
async function startInbox() {
  const arrived: RawNotification[] = [];
  const waiting: Array<(notification: RawNotification) => void> = [];
  const server = createServer(
    (incoming: { headers: IncomingHttpHeaders } & NodeJS.ReadableStream, response) => {
      const chunks: Buffer[] = [];
      incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
      incoming.on("end", () => {
        const notification = { headers: incoming.headers, body: Buffer.concat(chunks) };
        const taker = waiting.shift();
        if (taker) taker(notification);
        else arrived.push(notification);
        response
          .setHeader("content-type", "application/json")
          .end('{"responseCode":"2005200","responseMessage":"Successful"}');
      });
    },
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(address && typeof address === "object");
  return {
    url: `http://127.0.0.1:${address.port}${SNAP_NOTIFY_PATH}`,
    next: (): Promise<RawNotification> => {
      const first = arrived.shift();
      return first ? Promise.resolve(first) : new Promise((resolve) => waiting.push(resolve));
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
