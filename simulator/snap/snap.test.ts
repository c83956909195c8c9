import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { startSimulator } from "../index.ts";
import { openInbox, TestClock } from "../tripay/testing/shop.ts";
import { newKeyPair, type SnapAccount } from "./account.ts";
import { hmacOf, isHmacOf, isRsaOf, rsaOf, stamp, textOf } from "./signature.ts";

type Row = Record<string, unknown>;

const [MERCHANT, BANK, OTHER] = [newKeyPair(), newKeyPair(), newKeyPair()];
const ACCOUNT: SnapAccount = {
  clientKey: "client",
  clientSecret: "secret",
  partnerId: "PARTNER",
  channelId: "95221",
  merchantId: "M1",
  merchantPublicKey: MERCHANT.publicKey,
  bankPrivateKey: BANK.privateKey,
  notifications: "asymmetric",
  notifyUrl: null,
};
const QR = "/v1.0/qr/qr-mpm-";
const DAY_MS = 86_400_000;

/**
 * A bank with its own clock and a merchant that signs; changes of headers or the body are made after signing.
 */
async function openBank(t: TestContext, changes: Partial<SnapAccount> = {}) {
  const clock = new TestClock();
  const simulator = await startSimulator({ clock, seed: 1, snap: { ...ACCOUNT, ...changes } });
  t.after(() => simulator.close());
  let requests = 0;
  const post = async (path: string, body: unknown, headers: Row) => {
    const kept = Object.entries(headers).filter(([, value]) => value !== undefined) as Array<
      [string, string]
    >;
    const answer = await fetch(`${simulator.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...Object.fromEntries(kept) },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: (await answer.json()) as Row };
  };
  const token = async ({
    headers = {},
    body = {},
    key = MERCHANT.privateKey,
  }: {
    headers?: Row;
    body?: Row;
    key?: string;
  } = {}) => {
    const timestamp = stamp(clock.ms);
    const own = {
      "x-timestamp": timestamp,
      "x-client-key": ACCOUNT.clientKey,
      "x-signature": rsaOf(key, `${ACCOUNT.clientKey}|${timestamp}`),
    };
    return post(
      "/v1.0/access-token/b2b",
      { grantType: "client_credentials", ...body },
      { ...own, ...headers },
    );
  };
  const call = async (
    path: string,
    body: Row,
    { token: given, headers = {}, sent = body }: { token?: string | null; headers?: Row; sent?: Row } = {},
  ) => {
    const bearer = given === undefined ? String((await token()).body["accessToken"]) : given;
    const timestamp = stamp(clock.ms);
    const text = textOf({ path, token: bearer, body, timestamp });
    requests += 1;
    return post(path, sent, {
      ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
      "x-timestamp": timestamp,
      "x-signature": bearer === null ? rsaOf(MERCHANT.privateKey, text) : hmacOf(ACCOUNT.clientSecret, text),
      "x-partner-id": ACCOUNT.partnerId,
      "x-external-id": String(requests).padStart(9, "0"),
      "channel-id": ACCOUNT.channelId,
      ...headers,
    });
  };
  const control = async (method: string, path: string, body: unknown = {}) => {
    const answer = await fetch(`${simulator.url}/control/${path}`, {
      method,
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    assert.ok(answer.ok, path);
  };
  return {
    simulator,
    clock,
    token,
    call,
    control,
    generate: (fields: Row = {}) => call(`${QR}generate`, requestOf(fields)),
  };
}

function requestOf(changes: Row = {}): Row {
  return {
    partnerReferenceNo: "OG1",
    amount: { value: "12500.00", currency: "IDR" },
    merchantId: "M1",
    ...changes,
  };
}

const codeOf = ({ status, body }: { status: number; body: Row }) => {
  assert.equal(String(body["responseCode"]).slice(0, 3), String(status));
  return body["responseCode"];
};

describe("the bank's authentication", () => {
  it("issues a token for fifteen minutes for a signed request", async (t) => {
    const { token, clock } = await openBank(t);
    const given = await token();
    assert.deepEqual(
      [codeOf(given), given.body["tokenType"], given.body["expiresIn"]],
      ["2007300", "Bearer", "900"],
    );
    for (const [why, refused, code] of [
      ["another key", await token({ key: OTHER.privateKey }), "4017300"],
      ["another client", await token({ headers: { "x-client-key": "nobody" } }), "4017300"],
      ["another time", await token({ headers: { "x-timestamp": stamp(clock.ms + 1_000) } }), "4017300"],
      ["an old time", await token({ headers: { "x-timestamp": stamp(clock.ms - 301_000) } }), "4017300"],
      [
        "a time without offset",
        await token({ headers: { "x-timestamp": "2026-01-01T00:00:00" } }),
        "4007301",
      ],
      ["no signature", await token({ headers: { "x-signature": undefined } }), "4007302"],
      ["another grant", await token({ body: { grantType: "password" } }), "4007302"],
    ] as const) {
      assert.equal(codeOf(refused), code, why);
    }
  });

  it("accepts a symmetric or an asymmetric call, and none with a wrong part", async (t) => {
    const { call, token, clock } = await openBank(t);
    const bearer = String((await token()).body["accessToken"]);
    assert.equal(codeOf(await call(`${QR}generate`, requestOf(), { token: bearer })), "2004700");
    assert.equal(
      codeOf(await call(`${QR}generate`, requestOf({ partnerReferenceNo: "OG2" }), { token: null })),
      "2004700",
    );
    const wrong = requestOf({ partnerReferenceNo: "OG3" });
    for (const [why, options, code] of [
      ["a token that was not issued", { token: "made-up" }, "4014701"],
      [
        "another body than signed",
        { token: bearer, sent: requestOf({ partnerReferenceNo: "OG4" }) },
        "4014700",
      ],
      [
        "another body than signed by key",
        { token: null, sent: requestOf({ partnerReferenceNo: "OG4" }) },
        "4014700",
      ],
      ["another time", { token: bearer, headers: { "x-timestamp": stamp(clock.ms + 1_000) } }, "4014700"],
      ["an old time", { token: bearer, headers: { "x-timestamp": stamp(clock.ms - 301_000) } }, "4014700"],
      ["another partner", { token: bearer, headers: { "x-partner-id": "NOBODY" } }, "4014700"],
      ["no X-EXTERNAL-ID", { token: bearer, headers: { "x-external-id": undefined } }, "4004702"],
      ["an X-EXTERNAL-ID with a dash", { token: bearer, headers: { "x-external-id": "a-b" } }, "4004701"],
      ["a CHANNEL-ID of letters", { token: bearer, headers: { "channel-id": "MOBIL" } }, "4004701"],
    ] as const) {
      assert.equal(codeOf(await call(`${QR}generate`, wrong, options)), code, why);
    }
    clock.ms += 900_000;
    assert.equal(codeOf(await call(`${QR}generate`, wrong, { token: bearer })), "4014701");
  });

  it("accepts an X-EXTERNAL-ID once per day in Jakarta, and counts only accepted calls", async (t) => {
    const { call, clock } = await openBank(t);
    const named = { headers: { "x-external-id": "123456789" } };
    const query = { originalPartnerReferenceNo: "OG1", serviceCode: "47" };
    assert.equal(codeOf(await call(`${QR}query`, query, { ...named, token: "made-up" })), "4015101");
    assert.equal(codeOf(await call(`${QR}query`, query, named)), "4045101");
    assert.equal(codeOf(await call(`${QR}query`, query, named)), "4095100");
    // the test begins at seven in the morning in Jakarta
    clock.ms += DAY_MS - 7 * 3_600_000 - 1;
    assert.equal(codeOf(await call(`${QR}query`, query, named)), "4095100");
    clock.ms += 1;
    assert.equal(codeOf(await call(`${QR}query`, query, named)), "4045101");
  });

  it("moving the simulator's clock ends tokens, but does not move the callers' clocks", async (t) => {
    const { call, token, control } = await openBank(t);
    const bearer = String((await token()).body["accessToken"]);
    await control("PUT", "clock", { shift_ms: 901_000 });
    assert.equal(codeOf(await call(`${QR}query`, {}, { token: bearer })), "4015101");
    assert.equal(
      codeOf(await call(`${QR}query`, { originalPartnerReferenceNo: "OG1", serviceCode: "47" })),
      "4045101",
    );
  });
});

describe("the bank's QRIS", () => {
  it("a reference makes one code; a repeat is a duplicate, or inconsistent if it differs", async (t) => {
    const { generate } = await openBank(t);
    const first = await generate();
    assert.match(String(first.body["qrContent"]), /^000201/);
    assert.equal(codeOf(await generate()), "4094701");
    assert.equal(codeOf(await generate({ amount: { value: "9000.00", currency: "IDR" } })), "4044718");
  });

  for (const [why, changes, code] of [
    ["no reference", { partnerReferenceNo: undefined }, "4004702"],
    ["a number for a sum", { amount: { value: 12_500, currency: "IDR" } }, "4004701"],
    ["a sum without decimals", { amount: { value: "12500", currency: "IDR" } }, "4004701"],
    ["dollars", { amount: { value: "12500.00", currency: "USD" } }, "4004701"],
    ["nothing", { amount: { value: "0.00", currency: "IDR" } }, "4044713"],
    ["more than a QRIS may be", { amount: { value: "10000001.00", currency: "IDR" } }, "4034702"],
    ["another merchant", { merchantId: "M2" }, "4044708"],
    ["a time that is over", { validityPeriod: "2025-01-01T00:00:00+07:00" }, "4004701"],
  ] as const) {
    it(`${why}: no code`, async (t) => {
      const { generate, call } = await openBank(t);
      assert.equal(codeOf(await generate(changes)), code);
      assert.equal(
        codeOf(await call(`${QR}query`, { originalPartnerReferenceNo: "OG1", serviceCode: "47" })),
        "4045101",
      );
    });
  }

  it("is queried by either reference, cancelled while unpaid, and refunded once per key", async (t) => {
    const { generate, call, control } = await openBank(t);
    const reference = (await generate()).body["referenceNo"];
    const [byOurs, byTheirs] = [
      { originalPartnerReferenceNo: "OG1", serviceCode: "47" },
      { originalReferenceNo: reference, serviceCode: "47" },
    ];
    for (const query of [byOurs, byTheirs])
      assert.equal((await call(`${QR}query`, query)).body["latestTransactionStatus"], "01");
    assert.equal(codeOf(await call(`${QR}query`, { originalPartnerReferenceNo: "OG1" })), "4005102");
    const give = (partnerRefundNo: string, value: string) =>
      call(`${QR}refund`, {
        originalPartnerReferenceNo: "OG1",
        partnerRefundNo,
        refundAmount: { value, currency: "IDR" },
      });
    assert.equal(codeOf(await give("RF1", "500.00")), "4047800");

    await control("POST", `transactions/${String(reference)}/pay`);
    assert.equal(
      codeOf(await call(`${QR}cancel`, { originalPartnerReferenceNo: "OG1", merchantId: "M1", reason: "x" })),
      "4047700",
    );
    assert.equal(codeOf(await give("RF1", "500.00")), "2007800");
    assert.equal(codeOf(await give("RF1", "500.00")), "4097801");
    assert.equal(codeOf(await give("RF2", "12001.00")), "4047813");
    assert.equal(codeOf(await give("RF2", "12000.00")), "2007800");
    const { latestTransactionStatus, additionalInfo } = (await call(`${QR}query`, byOurs)).body;
    const history = (additionalInfo as { refundHistory: Row[] }).refundHistory.map(
      ({ partnerReferenceNo, refundAmount }) => [partnerReferenceNo, (refundAmount as Row)["value"]],
    );
    assert.deepEqual(
      [latestTransactionStatus, history],
      [
        "04",
        [
          ["RF1", "500.00"],
          ["RF2", "12000.00"],
        ],
      ],
    );

    await generate({ partnerReferenceNo: "OG2" });
    const cancel = { originalPartnerReferenceNo: "OG2", merchantId: "M1", reason: "x" };
    assert.deepEqual(
      [codeOf(await call(`${QR}cancel`, cancel)), codeOf(await call(`${QR}cancel`, cancel))],
      ["2007700", "4047700"],
    );
    assert.equal(codeOf(await call(`${QR}cancel`, { ...cancel, reason: undefined })), "4007702");
    assert.equal(
      (await call(`${QR}query`, { originalPartnerReferenceNo: "OG2", serviceCode: "47" })).body[
        "latestTransactionStatus"
      ],
      "05",
    );
  });

  it("a call that a fault skips uses up no external id, and one that is done does", async (t) => {
    const { call, control } = await openBank(t);
    const named = { headers: { "x-external-id": "1" } };
    await control("POST", "next", { fault: "error_500", call: "create" });
    assert.equal(codeOf(await call(`${QR}generate`, requestOf(), named)), "5004700");
    await control("POST", "next", { fault: "error_500_done", call: "create" });
    assert.equal(codeOf(await call(`${QR}generate`, requestOf(), named)), "5004700");
    assert.equal(codeOf(await call(`${QR}generate`, requestOf(), named)), "4094700");
  });
});

describe("the bank's notification", () => {
  for (const dialect of ["symmetric", "asymmetric"] as const) {
    it(`is ${dialect}ally signed over its path, and forged or altered on demand`, async (t) => {
      const inbox = await openInbox(
        t,
        ...Array.from({ length: 4 }, () => ({ status: 200, body: '{"responseCode":"2005200"}' })),
      );
      const { generate, control, simulator, clock } = await openBank(t, {
        notifications: dialect,
        notifyUrl: inbox.url,
      });
      const pay = async (partnerReferenceNo: string, faults: Row) => {
        await control("PUT", "faults", { forged: false, altered: false, ...faults });
        const reference = String((await generate({ partnerReferenceNo })).body["referenceNo"]);
        await control("POST", `transactions/${reference}/pay`);
        await simulator.tick();
        const { headers, body } = inbox.calls.at(-1) ?? { headers: {}, body: "{}" };
        const token =
          dialect === "symmetric" ? String(headers["authorization"]).replace("Bearer ", "") : null;
        const text = textOf({ path: "/callback", token, body: JSON.parse(body), timestamp: stamp(clock.ms) });
        const signature = String(headers["x-signature"]);
        return {
          body: JSON.parse(body) as Row,
          isTrue:
            token === null ? isRsaOf(BANK.publicKey, text, signature) : isHmacOf("secret", text, signature),
        };
      };
      const { body, isTrue } = await pay("OG1", {});
      assert.deepEqual(
        [isTrue, body["originalPartnerReferenceNo"], body["latestTransactionStatus"]],
        [true, "OG1", "00"],
      );
      assert.equal((await pay("OG2", { forged: true })).isTrue, false);
      const altered = await pay("OG3", { altered: true });
      assert.deepEqual([altered.isTrue, (altered.body["amount"] as Row)["value"]], [false, "22500.00"]);
    });
  }

  it("is retried after a minute until it is accepted in the standard's format", async (t) => {
    const inbox = await openInbox(
      t,
      { status: 500, body: "" },
      { status: 200, body: '{"success":true}' },
      { status: 200, body: '{"responseCode":"2005200"}' },
    );
    const { generate, control, simulator, clock } = await openBank(t);
    await control("PUT", "snap/notify-url", { url: inbox.url });
    const reference = String((await generate()).body["referenceNo"]);
    await control("POST", `transactions/${reference}/pay`);
    for (let minute = 0; minute < 5; minute++) {
      await simulator.tick();
      clock.ms += 60_000;
    }
    assert.equal(inbox.calls.length, 3);
  });
});

describe("the demo merchant of the bank", () => {
  it("has its own keys, which a restart keeps, and a checkout like the others", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "simulator-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const start = async () => {
      const simulator = await startSimulator({ data: join(folder, "journal.jsonl") });
      const { data } = (await (await fetch(`${simulator.url}/control/snap/settings`)).json()) as {
        data: Record<string, string>;
      };
      return { simulator, settings: data };
    };
    const first = await start();
    await first.simulator.close();
    const { simulator, settings } = await start();
    t.after(() => simulator.close());
    assert.equal(settings["SNAP_PRIVATE_KEY"], first.settings["SNAP_PRIVATE_KEY"]);
    assert.match(String(settings["SNAP_PROVIDER_PUBLIC_KEY"]), /^-----BEGIN PUBLIC KEY-----/);

    const body = requestOf({ merchantId: settings["SNAP_MERCHANT_ID"] });
    const timestamp = stamp(Date.now());
    const text = textOf({ path: `${QR}generate`, token: null, body, timestamp });
    const headers = {
      "content-type": "application/json",
      "x-timestamp": timestamp,
      "x-signature": rsaOf(String(settings["SNAP_PRIVATE_KEY"]), text),
      "x-partner-id": String(settings["SNAP_PARTNER_ID"]),
      "x-external-id": "1",
      "channel-id": String(settings["SNAP_CHANNEL_ID"]),
    };
    const made = (await (
      await fetch(`${simulator.url}${QR}generate`, { method: "POST", headers, body: JSON.stringify(body) })
    ).json()) as Row;
    const page = await (await fetch(`${simulator.url}/checkout/${String(made["referenceNo"])}`)).text();
    assert.match(page, /QRIS SNAP BI/);
    assert.match(page, /Rp 12\.500/);
  });
});
