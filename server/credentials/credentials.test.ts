import {
  IDR,
  newId,
  type Id,
  type OrderBody,
  type ProviderAccountBody,
  type RefundBody,
  type SavedAccountBody,
} from "@onegate/contract";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import {
  DEMO_CREDENTIAL,
  DEMO_SERVER_KEY,
  newKeyPair,
  startSimulator,
  type Credential,
} from "../../simulator/index.ts";
import { CAFE, DEMO_MERCHANT } from "../demo/index.ts";
import { createSecretBox, insertMerchant, insertOutlet, insertStaff } from "../identity/index.ts";
import { newToken } from "../identity/secret.ts";
import { bearing, openTestSession } from "../testing/session.ts";
import { inTransaction, readSettings, StartFailure, type Database } from "../kernel/index.ts";
import { balanceByCode, chartOf, openAccounts } from "../ledger/index.ts";
import { deadUrl } from "../providers/testing/peer.ts";
import { startProgram } from "../roles.ts";
import { openTestDatabase } from "../testing/database.ts";
import { openTestProgram, type TestProgram } from "../testing/program.ts";
import { until } from "../testing/until.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const KOPI = {
  merchantCode: "T1001",
  apiKey: "CANARY-kopi-api-0001",
  privateKey: "CANARY-kopi-private-0001",
};
const TEH = { merchantCode: "T2002", apiKey: "CANARY-teh-api-0002", privateKey: "CANARY-teh-private-0002" };
const KOPI_ROTATED = { ...KOPI, apiKey: "CANARY-kopi-api-0003", privateKey: "CANARY-kopi-private-0003" };
const KOPI_MIDTRANS = { merchantId: "G1001", serverKey: "CANARY-kopi-midtrans-01" };
const KOPI_XENDIT = {
  businessId: "B1001",
  secretKey: "CANARY-kopi-xendit-01",
  callbackToken: "CANARY-kopi-token-01",
};
const LATER_KEY = "a7".repeat(32);

type Seed = { data: OrderBody };
type Listed = {
  readonly reference: string;
  readonly merchantCode: string;
  readonly callbacks: ReadonlyArray<{ url: string; headers: Record<string, string>; body: string }>;
};

/** Another merchant with its owner's session and the usual books. */
async function openMerchant(database: Database, name: string): Promise<{ merchantId: Id; token: string }> {
  const [merchantId, outletId, staffId] = [newId(), newId(), newId()];
  const { token, hash } = newToken();
  await inTransaction(database, async (tx) => {
    await insertMerchant(tx, { merchantId, name, currency: IDR, isDemo: false });
    await insertOutlet(tx, {
      ...CAFE.outlet,
      merchantId,
      outletId,
      tax: undefined,
      cashRounding: { unit: 0, direction: "down" },
    });
    await insertStaff(tx, merchantId, outletId, { staffId, name: "Wati", role: "owner" }, "none");
    await openTestSession(tx, { merchantId, outletId, staffId }, hash);
    await openAccounts(tx, merchantId, chartOf(merchantId, IDR, [], [outletId]));
  });
  return { merchantId, token };
}

const tripayBody = ({ merchantCode, apiKey, privateKey }: Credential, verify = false) => ({
  credentials: { merchant_code: merchantCode, api_key: apiKey, private_key: privateKey },
  verify,
});

describe("merchants with accounts of their own at a provider", () => {
  /** The simulator reads this at each call, so that a test can rotate a key at the provider too. */
  const credentials: Credential[] = [DEMO_CREDENTIAL, KOPI, TEH];
  let program: TestProgram;
  let kopi: string;
  let teh: { merchantId: Id; token: string };
  before(async () => {
    program = await openTestProgram({
      simulator: {
        credentials,
        midtrans: [{ merchantId: "G000000001", serverKey: DEMO_SERVER_KEY }, KOPI_MIDTRANS],
        xendit: [KOPI_XENDIT],
      },
    });
    kopi = await program.unlock("Ratna", "333333");
    teh = await openMerchant(program.database, "Teh Contoh");
  });
  after(() => program.close());

  const put = (token: string, provider: string, body: unknown) =>
    program.call<SavedAccountBody>("PUT", `/api/v1/provider-accounts/${provider}`, { token, body });
  const list = async (token: string) =>
    (await program.call<{ accounts: ProviderAccountBody[] }>("GET", "/api/v1/provider-accounts", { token }))
      .body.accounts;
  const place = async (token: string) => {
    const orderId = `INV-${newId()}`;
    const order = {
      order_id: orderId,
      amount: 25_000,
      customer_name: "Pelanggan Contoh",
      order_items: [{ name: "Kopi susu", price: 25_000, quantity: 1 }],
    };
    assert.equal(
      (
        await program.call("POST", "/api/v1/payment/create-transaction", {
          token,
          body: order,
          headers: { "idempotency-key": newId() },
        })
      ).status,
      201,
    );
    return orderId;
  };
  const pay = (token: string, orderId: string, method: string) =>
    program.call<Seed>("POST", "/api/v1/payment/create-payment", {
      token,
      body: { order_id: orderId, method },
      headers: { "idempotency-key": newId() },
    });
  const open = async (token: string, method = "QRIS2") => {
    const orderId = await place(token);
    const { status, body } = await pay(token, orderId, method);
    assert.equal(status, 201, JSON.stringify(body));
    const { reference } = body.data.payment ?? {};
    assert.ok(reference);
    return { orderId, reference };
  };
  const status = async (token: string, orderId: string) =>
    (await program.call<Seed>("GET", `/api/v1/payment/get-status-payment?order_id=${orderId}`, { token }))
      .body.data.status;
  const settle = (reference: string) => program.lever("POST", `transactions/${reference}/pay`);
  const listed = async (reference: string) =>
    (await program.lever("GET", `transactions/${reference}`)) as Listed;
  const letterOf = async (reference: string) =>
    (
      await until(
        () => listed(reference),
        ({ callbacks }) => callbacks.length > 0,
      )
    ).callbacks[0]!;
  const deliver = async (path: string, raw: string, headers: Record<string, string>) => {
    const answer = await program.call("POST", path, { raw, headers });
    return [answer.status, answer.code];
  };
  const signedBy = ({ privateKey }: Credential, body: string) => ({
    "x-callback-event": "payment_status",
    "x-callback-signature": createHmac("sha256", privateKey).update(body).digest("hex"),
  });
  const pathOf = (account: ProviderAccountBody | undefined) => new URL(account?.callback_url ?? "").pathname;
  const ownerOf = async (token: string, provider = "tripay") =>
    (await list(token)).find((one) => one.provider === provider && one.state === "active");
  const posted = async (merchantId: Id, code: string) =>
    (await balanceByCode(program.database.kysely, merchantId, code))?.posted ?? 0n;

  it("a merchant without an own account collects through the installation's", async () => {
    assert.deepEqual(await list(kopi), []);
    const { orderId, reference } = await open(kopi);
    assert.equal((await listed(reference)).merchantCode, DEMO_CREDENTIAL.merchantCode);
    await settle(reference);
    await until(
      () => status(kopi, orderId),
      (one) => one === "PAID",
    );
  });

  it("each merchant collects through its own account, with its own credentials, path and books", async () => {
    for (const [token, own] of [
      [kopi, KOPI],
      [teh.token, TEH],
    ] as const) {
      const { status: code, body } = await put(token, "tripay", tripayBody(own, true));
      assert.equal(code, 200, JSON.stringify(body));
      assert.deepEqual(
        [body.holder, body.hint, body.state, body.version, body.verified],
        [own.merchantCode, own.apiKey.slice(-4), "active", 1, true],
      );
      assert.equal(pathOf(body), `/api/v1/providers/tripay/notifications/${body.id}`);
      assert.doesNotMatch(JSON.stringify([body, await list(token)]), /CANARY/);
    }
    for (const [token, own, merchantId] of [
      [kopi, KOPI, DEMO_MERCHANT],
      [teh.token, TEH, teh.merchantId],
    ] as const) {
      const owed = await posted(merchantId, "clearing:tripay");
      const { orderId, reference } = await open(token);
      assert.equal((await listed(reference)).merchantCode, own.merchantCode);
      await settle(reference);
      await until(
        () => status(token, orderId),
        (one) => one === "PAID",
      );
      assert.equal(new URL((await letterOf(reference)).url).pathname, pathOf(await ownerOf(token)));
      assert.ok((await posted(merchantId, "clearing:tripay")) < owed, "the provider owes this merchant more");
    }
    await program.assertBooksHold();
  });

  it("a notification with another account's secret, or about its payment, is refused", async () => {
    const [own, other] = [await ownerOf(kopi), await ownerOf(teh.token)];
    await program.lever("PUT", "faults", { suppressed: true });
    const { orderId, reference } = await open(kopi);
    await program.lever("PUT", "faults", { suppressed: false });
    const {
      rows: [row],
    } = await program.database.pool.query<{ ref: string }>(
      "select merchant_ref as ref from payment where reference = $1",
      [reference],
    );
    const word = JSON.stringify({
      reference,
      merchant_ref: row?.ref,
      payment_method_code: "QRIS2",
      status: "PAID",
      total_amount: 25_000,
      fee_merchant: 925,
      fee_customer: 0,
      paid_at: 1_700_000_000,
    });
    const ways = [
      [pathOf(own), TEH, "notification_signature_wrong"],
      [pathOf(other), KOPI, "notification_signature_wrong"],
      ["/api/v1/providers/tripay/notifications", KOPI, "notification_signature_wrong"],
      [pathOf(own), DEMO_CREDENTIAL, "notification_signature_wrong"],
      [pathOf(other), TEH, "notification_account_wrong"],
      ["/api/v1/providers/tripay/notifications", DEMO_CREDENTIAL, "notification_account_wrong"],
    ] as const;
    for (const [path, credential, code] of ways)
      assert.deepEqual(
        await deliver(path, word, signedBy(credential, word)),
        [403, code],
        `${path} by ${credential.merchantCode}`,
      );
    assert.deepEqual(await deliver(pathOf(own).replace("tripay", "xendit"), word, signedBy(KOPI, word)), [
      404,
      "not_found",
    ]);
    assert.deepEqual(
      await deliver(`/api/v1/providers/tripay/notifications/${newId()}`, word, signedBy(KOPI, word)),
      [404, "not_found"],
    );
    assert.equal(await status(kopi, orderId), "UNPAID");
    assert.deepEqual(await deliver(pathOf(own), word, signedBy(KOPI, word)), [200, undefined]);
    assert.equal(await status(kopi, orderId), "PAID");
  });

  it("unmatched money is booked to suspense of the account's merchant", async () => {
    const word = JSON.stringify({
      reference: "DEV-T2002-orphan",
      merchant_ref: "nobody-asked",
      payment_method_code: "QRIS2",
      status: "PAID",
      total_amount: 7_000,
      fee_merchant: 0,
      fee_customer: 0,
      paid_at: 1_700_000_000,
    });
    assert.deepEqual(await deliver(pathOf(await ownerOf(teh.token)), word, signedBy(TEH, word)), [
      200,
      undefined,
    ]);
    assert.equal(await posted(teh.merchantId, "suspense"), 700_000n);
    await program.assertBooksHold();
  });

  it("after a key rotation only the new secret is valid; earlier payments are still collected", async () => {
    const before = await ownerOf(kopi);
    const { orderId, reference } = await open(kopi);
    credentials.splice(credentials.indexOf(KOPI), 1, KOPI_ROTATED);
    const { body } = await put(kopi, "tripay", tripayBody(KOPI_ROTATED, true));
    assert.deepEqual([body.id, body.version, body.hint, body.state], [before?.id, 2, "0003", "active"]);
    const word = JSON.stringify({ reference });
    assert.deepEqual(await deliver(pathOf(body), word, signedBy(KOPI, word)), [
      403,
      "notification_signature_wrong",
    ]);
    await settle(reference);
    await until(
      () => status(kopi, orderId),
      (one) => one === "PAID",
    );
  });

  it("another holder is a new account; the earlier one is off and still serves its payments", async () => {
    const { orderId, reference } = await open(teh.token);
    const before = await ownerOf(teh.token);
    credentials.push({ ...TEH, merchantCode: "T2003", apiKey: "CANARY-teh-api-0004" });
    const { body } = await put(
      teh.token,
      "tripay",
      tripayBody({ ...TEH, merchantCode: "T2003", apiKey: "CANARY-teh-api-0004" }),
    );
    assert.notEqual(body.id, before?.id);
    assert.deepEqual(
      (await list(teh.token)).map(({ holder, state }) => [holder, state]),
      [
        ["T2002", "off"],
        ["T2003", "active"],
      ],
    );
    await settle(reference);
    await until(
      () => status(teh.token, orderId),
      (one) => one === "PAID",
    );
    assert.equal((await listed((await open(teh.token)).reference)).merchantCode, "T2003");
  });

  it("an account that is off opens nothing, and its open payments can still be paid", async () => {
    const account = await ownerOf(teh.token);
    const { orderId, reference } = await open(teh.token);
    const off = () =>
      program.call<ProviderAccountBody>("POST", `/api/v1/provider-accounts/${account?.id}/off`, {
        token: teh.token,
      });
    const first = await off();
    assert.deepEqual([first.status, first.body.state], [200, "off"]);
    assert.deepEqual((await off()).body, first.body, "again it is the same");
    assert.equal((await pay(teh.token, await place(teh.token), "QRIS2")).code, "channel_unknown");
    await settle(reference);
    await until(
      () => status(teh.token, orderId),
      (one) => one === "PAID",
    );
    const stranger = await program.call(
      "POST",
      `/api/v1/provider-accounts/${(await ownerOf(kopi))?.id}/off`,
      { token: teh.token },
    );
    assert.deepEqual([stranger.status, stranger.code], [404, "provider_account_unknown"]);
    assert.equal(
      (
        await put(
          teh.token,
          "tripay",
          tripayBody({ ...TEH, merchantCode: "T2003", apiKey: "CANARY-teh-api-0004" }),
        )
      ).body.state,
      "active",
    );
    await open(teh.token);
  });

  it("only the owner sees and changes accounts", async () => {
    for (const [name, pin] of [
      ["Sari", "111111"],
      ["Bima", "222222"],
    ] as const) {
      const token = await program.unlock(name, pin);
      assert.equal((await put(token, "tripay", tripayBody(KOPI_ROTATED))).code, "forbidden");
      assert.equal((await program.call("GET", "/api/v1/provider-accounts", { token })).code, "forbidden");
    }
    assert.equal(
      (await program.call("PUT", "/api/v1/provider-accounts/tripay", { body: tripayBody(KOPI) })).code,
      "unauthenticated",
      "a developer without credentials",
    );
  });

  it("each provider has its own schema, and an error names the field, never its value", async () => {
    for (const [provider, body, field] of [
      [
        "tripay",
        { credentials: { merchant_code: "T1", api_key: "CANARY-wrong", private_key: "short" } },
        "body/credentials/private_key",
      ],
      [
        "tripay",
        {
          credentials: {
            merchant_code: "T1",
            api_key: "CANARY with a space",
            private_key: "CANARY-long-enough",
          },
        },
        "body/credentials/api_key",
      ],
      [
        "midtrans",
        {
          credentials: { merchant_id: "G1", server_key: "CANARY-long-enough", client_key: "CANARY-too-much" },
        },
        "body/credentials/client_key",
      ],
      [
        "xendit",
        { credentials: { business_id: "B1", secret_key: "CANARY-long-enough" } },
        "body/credentials",
      ],
    ] as const) {
      const { status: code, body: problem } = await program.call<{ code: string; params: { field: string } }>(
        "PUT",
        `/api/v1/provider-accounts/${provider}`,
        { token: kopi, body },
      );
      assert.deepEqual([code, problem.code, problem.params.field], [422, "request_invalid", field]);
      assert.doesNotMatch(JSON.stringify(problem), /CANARY/);
    }
    assert.equal((await put(kopi, "nobody", {})).status, 404);
  });

  it("with verification, credentials that the provider refuses are not saved", async () => {
    const midtrans = (key: string) => ({
      credentials: { merchant_id: KOPI_MIDTRANS.merchantId, server_key: key },
      verify: true,
    });
    const xendit = (key: string) => ({
      credentials: {
        business_id: KOPI_XENDIT.businessId,
        secret_key: key,
        callback_token: KOPI_XENDIT.callbackToken,
      },
      verify: true,
    });
    const known = await list(kopi);
    for (const [provider, body] of [
      ["tripay", tripayBody({ ...KOPI, apiKey: "CANARY-unknown-key" }, true)],
      ["midtrans", midtrans("CANARY-unknown-key")],
      ["xendit", xendit("CANARY-unknown-key")],
    ] as const) {
      const refused = await put(kopi, provider, body);
      assert.deepEqual([refused.status, refused.code], [422, "credentials_refused"], provider);
      assert.doesNotMatch(JSON.stringify(refused.body), /CANARY/);
    }
    assert.deepEqual(await list(kopi), known);
    await program.lever("POST", "next", { call: "read", fault: "error_500" });
    assert.equal((await put(kopi, "tripay", tripayBody(KOPI_ROTATED, true))).code, "credentials_unverified");
    assert.equal((await put(kopi, "midtrans", midtrans(KOPI_MIDTRANS.serverKey))).body.verified, true);
    assert.equal((await put(kopi, "xendit", xendit(KOPI_XENDIT.secretKey))).body.verified, true);
  });

  for (const [provider, method, holder] of [
    ["midtrans", "GOPAY", KOPI_MIDTRANS.merchantId],
    ["xendit", "LINKAJA", KOPI_XENDIT.businessId],
  ] as const) {
    it(`${provider}: a payment is opened, notified and inquired about through the own account`, async () => {
      const { orderId, reference } = await open(kopi, method);
      assert.equal((await listed(reference)).merchantCode, holder);
      await settle(reference);
      await until(
        () => status(kopi, orderId),
        (one) => one === "PAID",
      );
      assert.equal(new URL((await letterOf(reference)).url).pathname, pathOf(await ownerOf(kopi, provider)));
      if (provider === "xendit") return;
      const {
        rows: [payment],
      } = await program.database.pool.query<{ id: Id }>(
        "select payment_id as id from payment where reference = $1",
        [reference],
      );
      const refund = await program.call<RefundBody>("POST", `/api/v1/payments/${payment?.id}/refunds`, {
        token: kopi,
        body: { reason: "Salah pesan" },
        headers: { "idempotency-key": newId() },
      });
      assert.equal(refund.body.state, "succeeded", "given back through it too");
    });
  }

  it("two concurrent puts leave one active account", async () => {
    const holders = ["T3001", "T3002", "T3003", "T3004"];
    const { token } = await openMerchant(program.database, "Jus Contoh");
    const answers = await Promise.all(
      holders.map((merchantCode) => put(token, "tripay", tripayBody({ ...TEH, merchantCode }))),
    );
    assert.deepEqual(
      answers.map((one) => one.status),
      [200, 200, 200, 200],
    );
    assert.deepEqual((await list(token)).map(({ state }) => state).sort(), ["active", "off", "off", "off"]);
  });

  it("credentials are sealed per account, and sealed again with a new key given the old one", async () => {
    const { pool } = program.database;
    const row = async () =>
      (
        await pool.query<{ sealed: Buffer; key_id: string; account_id: Id }>(
          `select sealed, key_id, account_id from provider_account
            where provider = 'tripay' and merchant_id = $1`,
          [DEMO_MERCHANT],
        )
      ).rows[0]!;
    const first = await row();
    const [box, later] = [
      createSecretBox(readSettings({}).secretKey),
      createSecretBox(Buffer.from(LATER_KEY, "hex")),
    ];
    assert.equal(first.key_id, box.keyId);
    assert.match(
      box.open(first.sealed, `provider_account ${DEMO_MERCHANT} ${first.account_id}`) ?? "",
      /CANARY-kopi-private-0003/,
    );
    assert.equal(box.open(first.sealed, `provider_account ${teh.merchantId} ${first.account_id}`), undefined);

    const start = (environment: Record<string, string>) =>
      startProgram({
        settings: readSettings({ PORT: "0", LOG_LEVEL: "silent", ...environment }),
        connection: program.connection,
        tripayUrl: `${program.simulator.url}/api-sandbox`,
        simulatorUrl: program.simulator.url,
      });
    await assert.rejects(
      start({ ONEGATE_SECRET_KEY: LATER_KEY }),
      (error: unknown) => error instanceof StartFailure && error.remedy.includes("ONEGATE_SECRET_KEY"),
    );
    const replica = await start({
      ONEGATE_SECRET_KEY: LATER_KEY,
      ONEGATE_OLD_SECRET_KEY: readSettings({}).secretKey.toString("hex"),
    });
    try {
      const { key_id: keyId, sealed, account_id: accountId } = await row();
      assert.equal(keyId, later.keyId);
      assert.match(
        later.open(sealed, `provider_account ${DEMO_MERCHANT} ${accountId}`) ?? "",
        /CANARY-kopi-private-0003/,
      );
      const order = await place(kopi);
      const response = await fetch(`${replica.url}/api/v1/payment/create-payment`, {
        method: "POST",
        headers: { "content-type": "application/json", ...bearing(kopi) },
        body: JSON.stringify({ order_id: order, method: "QRIS2" }),
      });
      assert.equal(response.status, 201, await response.text());
    } finally {
      await replica.stop();
    }
  });
});

describe("secrets of providers", () => {
  it("a replica sees a change within seconds, and no log or column contains a secret", async () => {
    // a provider that echoes the request, with the key in plain text
    const parrot = createServer((request, response) => {
      const given = request.headers.authorization ?? "";
      const key = Buffer.from(given.replace("Basic ", ""), "base64").toString().replace(/:$/, "");
      response.setHeader("content-type", "application/json").end(
        JSON.stringify({
          status_code: "400",
          status_message: `key ${key} in ${given} is not welcome`,
          id: "parrot",
        }),
      );
    });
    parrot.listen(0, "127.0.0.1");
    await once(parrot, "listening");
    const address = parrot.address();
    assert.ok(address && typeof address === "object");
    const midtransUrl = `http://127.0.0.1:${address.port}`;
    const credentials = [DEMO_CREDENTIAL, KOPI];
    const program = await openTestProgram({
      simulator: { credentials },
      environment: { MIDTRANS_URL: midtransUrl },
    });
    const replica = await startReplica(program, { MIDTRANS_URL: midtransUrl });
    try {
      const owner = await program.unlock("Ratna", "333333");
      const call = async <T>(url: string, method: string, path: string, body?: unknown) => {
        const response = await fetch(`${url}${path}`, {
          method,
          headers: {
            ...bearing(owner),
            "idempotency-key": newId(),
            ...(body ? { "content-type": "application/json" } : {}),
          },
          ...(body ? { body: JSON.stringify(body) } : {}),
        });
        return {
          status: response.status,
          text: await response.text(),
          get body() {
            return JSON.parse(this.text) as T;
          },
        };
      };
      const open = async (method: string) => {
        const orderId = `INV-${newId()}`;
        await call(replica.url, "POST", "/api/v1/payment/create-transaction", {
          order_id: orderId,
          amount: 25_000,
          customer_name: "Pelanggan Contoh",
          order_items: [{ name: "Kopi susu", price: 25_000, quantity: 1 }],
        });
        return {
          orderId,
          answer: await call<Seed>(replica.url, "POST", "/api/v1/payment/create-payment", {
            order_id: orderId,
            method,
          }),
        };
      };
      const holderOf = async (reference: string | null | undefined) =>
        ((await program.lever("GET", `transactions/${reference}`)) as Listed).merchantCode;
      assert.equal(
        await holderOf((await open("QRIS2")).answer.body.data.payment?.reference),
        DEMO_CREDENTIAL.merchantCode,
      );

      const put = await call<SavedAccountBody>(
        program.url,
        "PUT",
        "/api/v1/provider-accounts/tripay",
        tripayBody(KOPI),
      );
      assert.equal(put.status, 200, put.text);
      const reference = await until(
        async () => (await open("QRIS2")).answer.body.data.payment?.reference ?? "",
        (one) => one.includes(KOPI.merchantCode),
        4_000,
      );
      // a change here, a refusal and a repeat there: each may leave traces
      await call(replica.url, "PUT", "/api/v1/provider-accounts/tripay", {
        credentials: { merchant_code: "T1", api_key: "CANARY-malformed!", private_key: 7 },
      });
      await call(replica.url, "PUT", "/api/v1/provider-accounts/midtrans", {
        credentials: { merchant_id: KOPI_MIDTRANS.merchantId, server_key: KOPI_MIDTRANS.serverKey },
      });
      const refused = await call(replica.url, "PUT", "/api/v1/provider-accounts/midtrans", {
        credentials: { merchant_id: "G9", server_key: KOPI_MIDTRANS.serverKey },
        verify: true,
      });
      const { orderId, answer } = await open("GOPAY");
      assert.equal(answer.status, 502, answer.text);
      const {
        rows: [payment],
      } = await program.database.pool.query<{ note: string }>(
        "select note from payment where order_id = $1",
        [orderId],
      );
      assert.match(payment?.note ?? "", /is not welcome/);
      const body = JSON.stringify({
        reference,
        merchant_ref: "nobody-asked",
        payment_method_code: "QRIS2",
        status: "PAID",
        total_amount: 7_000,
        fee_merchant: 0,
        fee_customer: 0,
        paid_at: 1,
        said: `with ${KOPI.apiKey}`,
      });
      const path = new URL(put.body.callback_url).pathname;
      const signature = createHmac("sha256", KOPI.privateKey).update(body).digest("hex");
      for (const given of [signature, "00".repeat(32)])
        await fetch(`${replica.url}${path}`, {
          method: "POST",
          headers: {
            "content-type": "application/json",
            "x-callback-event": "payment_status",
            "x-callback-signature": given,
          },
          body,
        });

      const columns = await textOf(program.database);
      assert.match(columns, /is not welcome/, "the search finds what is there");
      assert.match(columns, /with \*\*\*/);
      const forms = [KOPI.apiKey, KOPI.privateKey, KOPI_MIDTRANS.serverKey].flatMap((secret) => [
        secret,
        Buffer.from(secret).toString("hex"),
        Buffer.from(secret).toString("base64"),
        Buffer.from(`${secret}:`).toString("base64"),
      ]);
      const log = await replica.stop();
      assert.match(log, /a notification was refused/, "the log is the replica's");
      for (const [place, found] of [
        ["the log", log],
        ["a column", columns],
        ["an answer", put.text + refused.text + answer.text],
      ] as const) {
        for (const form of [...forms, "CANARY"]) assert.ok(!found.includes(form), `${place} holds a secret`);
      }
    } finally {
      await replica.stop();
      await program.close();
      parrot.close();
    }
  });
});

describe("a merchant's own bank, by SNAP BI", () => {
  const [merchant, bankKeys] = [newKeyPair(), newKeyPair()];
  const account = {
    clientKey: "kopi-senja",
    clientSecret: "a-secret-of-both-sides",
    partnerId: "KOPISENJA",
    channelId: "95221",
    merchantId: "00007100010926",
  };
  const credentials = {
    signature: "symmetric",
    client_key: account.clientKey,
    client_secret: account.clientSecret,
    private_key: merchant.privateKey,
    provider_public_key: bankKeys.publicKey,
    partner_id: account.partnerId,
    channel_id: account.channelId,
    merchant_id: account.merchantId,
  } as const;

  it("a bank is saved with its URL and keys, verified, and notifies at its own path", async () => {
    const bank = await startSimulator({
      seed: 7,
      callbackRetryMs: 200,
      snap: {
        ...account,
        merchantPublicKey: merchant.publicKey,
        bankPrivateKey: bankKeys.privateKey,
        notifications: "asymmetric",
        notifyUrl: null,
      },
    });
    const program = await openTestProgram({ environment: { ONEGATE_DELIVERY_PRIVATE: "on" } });
    try {
      const token = await program.unlock("Ratna", "333333");
      const put = (changes: object, verify = true) =>
        program.call<SavedAccountBody>("PUT", "/api/v1/provider-accounts/snap", {
          token,
          body: { credentials: { ...credentials, url: bank.url, ...changes }, verify },
        });
      for (const [changes, code] of [
        [{ url: "file:///etc/passwd" }, "url_malformed"],
        [{ url: "https://10.0.0.1" }, "url_not_public"],
        [{ client_secret: undefined }, "credentials_incomplete"],
        [{ signature: "asymmetric", provider_public_key: undefined }, "credentials_incomplete"],
        [
          { private_key: `-----BEGIN PRIVATE KEY-----\n${"A".repeat(100)}\n-----END PRIVATE KEY-----` },
          "credentials_key_unreadable",
        ],
        [{ client_key: "somebody-else" }, "credentials_refused"],
        [{ url: await deadUrl() }, "credentials_unverified"],
      ] as const)
        assert.equal((await put(changes)).code, code, JSON.stringify(changes));
      const { status, body } = await put({});
      assert.equal(status, 200, JSON.stringify(body));
      assert.deepEqual([body.holder, body.hint, body.verified], ["KOPISENJA 00007100010926", "ides", true]);

      await fetch(`${bank.url}/control/snap/notify-url`, {
        method: "PUT",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ url: body.callback_url }),
      });
      const order = {
        order_id: "INV-1",
        amount: 25_000,
        customer_name: "Pelanggan Contoh",
        order_items: [{ name: "Kopi susu", price: 25_000, quantity: 1 }],
      };
      await program.call("POST", "/api/v1/payment/create-transaction", { token, body: order });
      const opened = await program.call<Seed>("POST", "/api/v1/payment/create-payment", {
        token,
        body: { order_id: "INV-1", method: "QRISSNAP" },
      });
      assert.equal(opened.status, 201, JSON.stringify(opened.body));
      await fetch(`${bank.url}/control/transactions/${opened.body.data.payment?.reference}/pay`, {
        method: "POST",
      });
      await until(
        async () =>
          (await program.call<Seed>("GET", "/api/v1/payment/get-status-payment?order_id=INV-1", { token }))
            .body.data.status,
        (one) => one === "PAID",
      );
      await program.assertBooksHold();
    } finally {
      await program.close();
      await bank.close();
    }
  });
});

/** Every row of every table, as text. */
async function textOf({ pool }: Database): Promise<string> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c
      where c.relkind = 'r' and c.relnamespace::regnamespace::text in ('public', 'graphile_worker')`,
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await pool.query<{ line: string }>(`select t::text as line from ${name} t`);
    texts.push(...rows.map(({ line }) => line));
  }
  return texts.join("\n");
}

/** Another process on the same database; `stop` returns its log. */
async function startReplica(
  program: TestProgram,
  environment: Record<string, string>,
): Promise<{ url: string; stop(): Promise<string> }> {
  const code = `
    import { readSettings } from "./server/kernel/index.ts";
    import { startProgram } from "./server/roles.ts";
    const program = await startProgram({
      settings: readSettings({ PORT: "0", LOG_LEVEL: "trace", ...${JSON.stringify(environment)} }),
      connection: ${JSON.stringify(program.connection)},
      tripayUrl: "${program.simulator.url}/api-sandbox", simulatorUrl: "${program.simulator.url}",
    });
    process.stdout.write(program.url + "\\n");
    process.stdin.once("end", () => program.stop().then(() => process.exit(0))).resume();`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", code], {
    cwd: ROOT,
    stdio: ["pipe", "pipe", "pipe"],
  });
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => {
    log += chunk.toString();
  });
  const gone = once(child, "exit");
  const url = await Promise.race([
    once(child.stdout, "data").then(([chunk]) => String(chunk).trim()),
    gone.then(() => assert.fail(log)),
  ]);
  return {
    url,
    async stop() {
      child.stdin.end();
      await gone;
      return log;
    },
  };
}

describe("production without any settings of a provider", () => {
  it("a merchant without an account is refused, and one with an account has its channels", async () => {
    const test = await openTestDatabase();
    const environment = {
      ONEGATE_MODE: "production",
      ONEGATE_ANONYMOUS: "off",
      ONEGATE_SIMULATOR: "off",
      PUBLIC_URL: "https://bayar.contoh.invalid",
      ONEGATE_SECRET_KEY: "5e".repeat(32),
      PORT: "0",
      LOG_LEVEL: "silent",
    };
    const program = await startProgram({
      settings: readSettings(environment),
      connection: test.connection,
      tripayUrl: "",
    });
    try {
      const { token } = await openMerchant(test.database, "Roti Contoh");
      const call = async (method: string, path: string, body?: unknown) => {
        const response = await fetch(`${program.url}${path}`, {
          method,
          headers: { ...bearing(token), ...(body ? { "content-type": "application/json" } : {}) },
          ...(body ? { body: JSON.stringify(body) } : {}),
        });
        return {
          status: response.status,
          body: (await response.json()) as { code?: string; data?: ReadonlyArray<{ code: string }> },
        };
      };
      await call("POST", "/api/v1/payment/create-transaction", {
        order_id: "INV-1",
        amount: 25_000,
        customer_name: "Pelanggan Contoh",
        order_items: [{ name: "Roti", price: 25_000, quantity: 1 }],
      });
      const refused = await call("POST", "/api/v1/payment/create-payment", {
        order_id: "INV-1",
        method: "QRIS",
      });
      assert.deepEqual([refused.status, refused.body.code], [409, "provider_missing"]);
      assert.deepEqual(
        (await call("GET", "/api/v1/payment/get-payment-channel")).body.data?.map(({ code }) => code),
        ["WALLET"],
        "wallets need no account at a provider",
      );
      assert.equal(
        (
          await call("PUT", "/api/v1/provider-accounts/midtrans", {
            credentials: { merchant_id: "G1", server_key: "a-key-of-this-merchant" },
          })
        ).status,
        200,
      );
      const { body } = await call("GET", "/api/v1/payment/get-payment-channel");
      assert.ok(body.data?.some(({ code }) => code === "GOPAY"));
    } finally {
      await program.stop();
      await test.close();
    }
  });
});
