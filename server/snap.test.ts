import { isQrisProblem, newId, parseQris, type OrderBody, type RefundBody } from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { newKeyPair, startSimulator, type RunningSimulator, type SnapAccount } from "../simulator/index.ts";
import { DEMO_MERCHANT } from "./demo/index.ts";
import { readSettings, StartFailure } from "./kernel/index.ts";
import { balanceByCode } from "./ledger/index.ts";
import { openTestProgram, type TestProgram } from "./testing/program.ts";
import { until } from "./testing/until.ts";

const [MERCHANT, BANK] = [newKeyPair(), newKeyPair()];
const ACCOUNT: SnapAccount = {
  clientKey: "kopi-senja",
  clientSecret: "a-secret-of-both-sides",
  partnerId: "KOPISENJA",
  channelId: "95221",
  merchantId: "00007100010926",
  merchantPublicKey: MERCHANT.publicKey,
  bankPrivateKey: BANK.privateKey,
  notifications: "asymmetric",
  notifyUrl: null,
};
const environment = (url: string): Record<string, string> => ({
  SNAP_URL: url,
  SNAP_CLIENT_KEY: ACCOUNT.clientKey,
  SNAP_CLIENT_SECRET: ACCOUNT.clientSecret,
  SNAP_PARTNER_ID: ACCOUNT.partnerId,
  SNAP_CHANNEL_ID: ACCOUNT.channelId,
  SNAP_MERCHANT_ID: ACCOUNT.merchantId,
  SNAP_PRIVATE_KEY: MERCHANT.privateKey.replaceAll("\n", "\\n"),
  SNAP_PROVIDER_PUBLIC_KEY: BANK.publicKey,
});
const NOTIFY = "/v1.0/qr/qr-mpm-notify";

type Seed = { data: OrderBody };
type Letter = {
  url: string;
  headers: Record<string, string>;
  body: string;
  state: string;
  attempts: Array<{ outcome: string }>;
};

describe("a payment through a bank's SNAP BI API, in the whole program", () => {
  let bank: RunningSimulator;
  let program: TestProgram;
  before(async () => {
    bank = await startSimulator({ seed: 7, snap: ACCOUNT, callbackRetryMs: 200 });
    program = await openTestProgram({ environment: environment(bank.url) });
    await lever("PUT", "snap/notify-url", { url: `${program.url}${NOTIFY}` });
  });
  after(async () => {
    await program.close();
    await bank.close();
  });

  const lever = async (method: string, path: string, body?: unknown) => {
    const init =
      body === undefined
        ? {}
        : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const answer = (await (await fetch(`${bank.url}/control/${path}`, { method, ...init })).json()) as {
      success: boolean;
      data: { callbacks: Letter[]; status: string };
    };
    assert.ok(answer.success, path);
    return answer.data;
  };
  const posted = async (code: string) =>
    (await balanceByCode(program.database.kysely, DEMO_MERCHANT, code))?.posted ?? 0n;
  const post = <T>(path: string, body: unknown = {}) =>
    program.call<T>("POST", path, { body, headers: { "idempotency-key": newId() } });
  const status = async (orderId: string) =>
    (await program.call<Seed>("GET", `/api/v1/payment/get-status-payment?order_id=${orderId}`)).body.data;
  const open = async () => {
    const orderId = `INV-${newId()}`;
    const order = {
      order_id: orderId,
      amount: 25_000,
      customer_name: "Sari",
      customer_email: "sari@contoh.invalid",
      order_items: [{ name: "Kopi susu", price: 25_000, quantity: 1 }],
    };
    assert.equal((await post("/api/v1/payment/create-transaction", order)).status, 201);
    const { status: code, body } = await post<Seed>("/api/v1/payment/create-payment", {
      order_id: orderId,
      method: "QRISSNAP",
    });
    assert.equal(code, 201, JSON.stringify(body));
    const payment = body.data.payment;
    assert.ok(payment?.reference);
    return { orderId, payment, reference: payment.reference };
  };
  const letterOf = async (reference: string) =>
    (
      await until(
        () => lever("GET", `transactions/${reference}`),
        ({ callbacks }) => (callbacks.at(-1)?.attempts.length ?? 0) > 0,
      )
    ).callbacks.at(-1);
  const deliver = (
    letter: Letter | undefined,
    changes: { body?: string; headers?: Record<string, string> } = {},
  ) =>
    fetch(`${program.url}${NOTIFY}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...letter?.headers, ...changes.headers },
      body: changes.body ?? letter?.body ?? "",
    });

  it("is opened, paid, notified at the standard's path, booked once, and partly refunded", async () => {
    const [clearing, fees, received] = [
      await posted("clearing:snap"),
      await posted("fees"),
      await posted("received"),
    ];
    const { orderId, payment, reference } = await open();
    const qris = parseQris(payment.qr_string ?? "");
    assert.ok(!isQrisProblem(qris));
    assert.deepEqual(
      [qris.amount?.minor, qris.additional.get("05"), payment.payment_name],
      [2_500_000n, reference, "QRIS"],
    );

    await lever("POST", `transactions/${reference}/pay`);
    assert.equal(
      (
        await until(
          () => status(orderId),
          (order) => order.status === "PAID",
        )
      ).payment?.fee_merchant,
      175,
    );
    const letter = await letterOf(reference);
    assert.deepEqual(
      [letter?.state, letter?.attempts.map(({ outcome }) => outcome)],
      ["delivered", ["200 success"]],
    );
    const books = async () => [
      clearing - (await posted("clearing:snap")),
      fees - (await posted("fees")),
      (await posted("received")) - received,
    ];
    assert.deepEqual(await books(), [2_482_500n, 17_500n, 2_500_000n]);

    // a repeated notification, and three that the bank did not send
    const again = await deliver(letter);
    assert.deepEqual(
      [again.status, await again.json()],
      [200, { responseCode: "2005200", responseMessage: "Request has been processed successfully" }],
    );
    assert.equal(
      (await deliver(letter, { body: letter?.body.replace("25000.00", "99000.00") ?? "" })).status,
      403,
    );
    assert.equal(
      (await deliver(letter, { headers: { "x-timestamp": "2024-03-15T10:30:00+07:00" } })).status,
      403,
    );
    assert.equal((await deliver(letter, { headers: { "x-signature": "AAAA" } })).status, 403);
    assert.deepEqual(await books(), [2_482_500n, 17_500n, 2_500_000n]);
    const { rows } = await program.database.pool.query<{ body: string }>(
      "select body::text as body from provider_notification where reference = $1",
      [reference],
    );
    assert.deepEqual([rows.length, rows.filter(({ body }) => body.includes("6281234567890")).length], [2, 0]);

    const refund = await post<RefundBody>(`/api/v1/payments/${payment.payment_id}/refunds`, {
      amount: "5000.00",
      reason: "salah pesan",
    });
    assert.equal(refund.status, 201, JSON.stringify(refund.body));
    await until(
      () => status(orderId),
      (order) => order.refunded_amount === 5_000,
    );
    await program.assertBooksHold();
  });

  it("can be notified at our own path too", async () => {
    await lever("PUT", "snap/notify-url", { url: `${program.url}/api/v1/providers/snap/notifications` });
    const { orderId, reference } = await open();
    await lever("POST", `transactions/${reference}/pay`);
    await until(
      () => status(orderId),
      (order) => order.status === "PAID",
    );
    assert.equal((await letterOf(reference))?.state, "delivered");
    await lever("PUT", "snap/notify-url", { url: `${program.url}${NOTIFY}` });
  });

  it("is cancelled at the bank when its order is cancelled", async () => {
    const { orderId, reference } = await open();
    assert.equal((await post(`/api/v1/orders/${orderId}/cancel`)).status, 200);
    await until(
      () => lever("GET", `transactions/${reference}`),
      (transaction) => transaction.status === "CANCELLED",
    );
  });

  it("is unknown if the bank's answer was lost; an inquiry then replaces it by another", async () => {
    await lever("POST", "next", { call: "create", fault: "answer_lost" });
    const orderId = `INV-${newId()}`;
    await post("/api/v1/payment/create-transaction", {
      order_id: orderId,
      amount: 9_000,
      customer_name: "Sari",
      customer_email: "sari@contoh.invalid",
      order_items: [{ name: "Teh", price: 9_000, quantity: 1 }],
    });
    assert.equal(
      (await post<Seed>("/api/v1/payment/create-payment", { order_id: orderId, method: "QRISSNAP" })).status,
      202,
    );
    // the first inquiry is five seconds away
    const found = await until(
      () => status(orderId),
      (order) => order.status === "UNPAID" && order.payment?.qr_string !== null,
      20_000,
    );
    const made = (await lever("GET", "transactions")) as unknown as Array<{
      amount: number;
      status: string;
      reference: string;
    }>;
    assert.deepEqual(
      made.filter(({ amount }) => amount === 9_000).map((transaction) => transaction.status),
      ["CANCELLED", "UNPAID"],
    );
    await lever("POST", `transactions/${found.payment?.reference}/pay`);
    await until(
      () => status(orderId),
      (order) => order.status === "PAID",
    );
    await program.assertBooksHold();
  });
});

describe("a bank without settings", () => {
  it("has no notification route and no payment channel", async () => {
    const program = await openTestProgram();
    try {
      assert.equal((await program.call("POST", NOTIFY, { body: {} })).status, 404);
      const channels = await program.call<{ data: Array<{ code: string }> }>(
        "GET",
        "/api/v1/payment/get-payment-channel",
      );
      assert.ok(!channels.body.data.some(({ code }) => code === "QRISSNAP"));
    } finally {
      await program.close();
    }
  });

  it("stops the start if only some settings are set, and names the missing ones", () => {
    const whole = environment("https://bank.contoh");
    assert.equal(readSettings(whole).snapPrivateKey?.asymmetricKeyType, "rsa");
    for (const [missing, changes] of [
      ["SNAP_PRIVATE_KEY", {}],
      ["SNAP_PARTNER_ID", {}],
      ["SNAP_MERCHANT_ID", {}],
      ["SNAP_CLIENT_SECRET", {}],
      ["SNAP_PROVIDER_PUBLIC_KEY", { SNAP_SIGNATURE: "asymmetric" }],
    ] as const) {
      assert.throws(
        () => readSettings({ ...whole, ...changes, [missing]: "" }),
        (error) => error instanceof StartFailure && error.message.includes(missing),
        missing,
      );
    }
    for (const [wrong, value] of [
      ["SNAP_PRIVATE_KEY", "no-such-file.pem"],
      ["SNAP_CHANNEL_ID", "123"],
      ["SNAP_PATH_PREFIX", "openapi/"],
      ["SNAP_EXTERNAL_ID_DIGITS", "8"],
    ] as const) {
      assert.throws(
        () => readSettings({ ...whole, [wrong]: value }),
        (error) => error instanceof StartFailure && error.message.startsWith(wrong),
        wrong,
      );
    }
  });
});
