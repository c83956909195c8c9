import { isQrisProblem, money, IDR, parseQris } from "@onegate/contract";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import midtrans from "midtrans-client";
import { startSimulator, type SimulatorOptions } from "../index.ts";
import { openInbox, START_MS, TestClock } from "../tripay/testing/shop.ts";
import { DEMO_SERVER_KEY } from "./index.ts";

type Row = Record<string, unknown>;

const MINUTE = 60_000;
const OTHER_KEY = "SB-Mid-server-other";

/** A simulator with its own clock, and Midtrans' own client that calls it. */
async function open(t: TestContext, options: SimulatorOptions = {}) {
  const clock = options.clock instanceof TestClock ? options.clock : new TestClock();
  const simulator = await startSimulator({ clock, seed: 1, ...options });
  t.after(() => simulator.close());
  const clientOf = (serverKey: string, headers: Record<string, string> = {}) => {
    const client = new midtrans.CoreApi({ isProduction: false, serverKey, clientKey: "" });
    client.apiConfig.getCoreApiBaseUrl = () => simulator.url;
    Object.assign(client.httpClient.http_client.defaults.headers.common, headers);
    return client;
  };
  const control = async (method: string, path: string, body: unknown = {}) =>
    (await (
      await fetch(`${simulator.url}/control/${path}`, {
        method,
        headers: { "content-type": "application/json" },
        ...(method === "GET" ? {} : { body: JSON.stringify(body) }),
      })
    ).json()) as { success: boolean; data: Row };
  return {
    clock,
    simulator,
    client: clientOf(DEMO_SERVER_KEY),
    clientOf,
    control,
    wait: async (ms: number) => {
      clock.ms += ms;
      await simulator.tick();
    },
  };
}

const charge = (changes: Row = {}): Row => ({
  payment_type: "gopay",
  transaction_details: { order_id: "order03", gross_amount: 275_000 },
  item_details: [{ id: "k1", price: 137_500, quantity: 2, name: "Kopi" }],
  customer_details: { first_name: "Sari", email: "sari@contoh.id", phone: "081234567890" },
  ...changes,
});

const plain = (order: string, amount: number, changes: Row = {}): Row => ({
  payment_type: "gopay",
  transaction_details: { order_id: order, gross_amount: amount },
  ...changes,
});

/** The code of the refusal that the client throws. */
async function refusal(work: Promise<Row>): Promise<string> {
  const thrown = await work.then(
    (row) => assert.fail(JSON.stringify(row)),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof midtrans.MidtransError);
  return String(thrown.ApiResponse?.["status_code"]);
}

const read = (body: string) => JSON.parse(body) as Row;

describe("Midtrans' own client", () => {
  it("charges by GoPay, finds the transaction by both references, and cancels it", async (t) => {
    const { client } = await open(t);
    const charged = await client.charge(charge());
    assert.deepEqual(
      [
        charged["status_code"],
        charged["status_message"],
        charged["gross_amount"],
        charged["currency"],
        charged["transaction_status"],
        charged["payment_type"],
        charged["transaction_time"],
        charged["expiry_time"],
      ],
      [
        "201",
        "GO-PAY billing created",
        "275000.00",
        "IDR",
        "pending",
        "gopay",
        "2026-01-01 07:00:00",
        "2026-01-01 07:15:00",
      ],
    );
    assert.deepEqual(
      (charged["actions"] as Row[]).map(({ name, method }) => [name, method]),
      [
        ["generate-qr-code", "GET"],
        ["deeplink-redirect", "GET"],
        ["get-status", "GET"],
        ["cancel", "POST"],
      ],
    );
    for (const id of ["order03", String(charged["transaction_id"])])
      assert.equal((await client.transaction.status(id))["transaction_status"], "pending");
    const cancelled = await client.transaction.cancel("order03");
    assert.deepEqual([cancelled["status_code"], cancelled["transaction_status"]], ["200", "cancel"]);
    assert.equal(await refusal(client.transaction.cancel("order03")), "412");
    assert.equal(await refusal(client.transaction.approve("order03")), "412");
  });

  it("charges by QRIS with a code that can be read, and by bank with a number", async (t) => {
    const { client } = await open(t);
    const qris = await client.charge(
      plain("q1", 12_500, { payment_type: "qris", qris: { acquirer: "gopay" } }),
    );
    const code = parseQris(String(qris["qr_string"]));
    assert.ok(!isQrisProblem(code));
    assert.deepEqual([code.amount, qris["acquirer"]], [money(1_250_000n, IDR), "gopay"]);
    const bri = await client.charge(
      plain("b1", 12_500, { payment_type: "bank_transfer", bank_transfer: { bank: "bri" } }),
    );
    assert.match(JSON.stringify(bri["va_numbers"]), /^\[\{"bank":"bri","va_number":"\d{12}"\}\]$/);
    assert.match(
      String(
        (
          await client.charge(
            plain("b2", 12_500, { payment_type: "bank_transfer", bank_transfer: { bank: "permata" } }),
          )
        )["permata_va_number"],
      ),
      /^\d{12}$/,
    );
    const mandiri = await client.charge(
      plain("b3", 12_500, { payment_type: "echannel", echannel: { bill_info1: "Bayar", bill_info2: "b3" } }),
    );
    assert.deepEqual(
      [mandiri["biller_code"], typeof mandiri["bill_key"], mandiri["expiry_time"]],
      ["70012", "string", "2026-01-02 07:00:00"],
    );
    const { qr_string: _, actions: __, ...status } = await client.transaction.status("q1");
    assert.ok(!("qr_string" in status) && !("actions" in status), "codes are returned only once");
  });

  it("reads an expired transaction with code 407", async (t) => {
    const { client, wait } = await open(t);
    await client.charge(
      plain("e1", 12_500, {
        custom_expiry: { order_time: "2026-01-01 07:00:00 +0700", expiry_duration: 20, unit: "second" },
      }),
    );
    await wait(19_000);
    assert.equal((await client.transaction.status("e1"))["status_code"], "201");
    await wait(1_000);
    const status = await client.transaction.status("e1");
    assert.deepEqual([status["status_code"], status["transaction_status"]], ["407", "expire"]);
    await client.charge(plain("e2", 12_500));
    assert.equal((await client.transaction.expire("e2"))["status_code"], "407");
  });

  it("refunds in parts, once per key, up to what was paid", async (t) => {
    const { client, control } = await open(t);
    const { transaction_id: id } = await client.charge(plain("r1", 10_000));
    assert.equal(
      await refusal(client.transaction.refund("r1", { refund_key: "reference1", amount: 5_000 })),
      "412",
      "not before settlement",
    );
    await control("POST", `transactions/${String(id)}/pay`);
    const part = await client.transaction.refund("r1", {
      refund_key: "reference1",
      amount: 4_000,
      reason: "Salah pesan",
    });
    assert.deepEqual(
      [
        part["status_code"],
        part["status_message"],
        part["transaction_status"],
        part["refund_amount"],
        part["refund_key"],
        typeof part["refund_chargeback_id"],
      ],
      [
        "200",
        "Success, refund request is approved by the bank",
        "partial_refund",
        "4000.00",
        "reference1",
        "number",
      ],
    );
    assert.equal(
      await refusal(client.transaction.refund("r1", { refund_key: "reference1", amount: 4_000 })),
      "406",
    );
    assert.equal(
      await refusal(client.transaction.refund("r1", { refund_key: "reference2", amount: 6_001 })),
      "414",
    );
    const rest = await client.transaction.refundDirect("r1", { refund_key: "reference2" });
    assert.deepEqual([rest["transaction_status"], rest["refund_amount"]], ["refund", "6000.00"]);
    const status = await client.transaction.status("r1");
    assert.deepEqual(
      [
        status["transaction_status"],
        status["refund_amount"],
        (status["refunds"] as Row[]).map(({ refund_key: key }) => key),
      ],
      ["refund", "10000.00", ["reference1", "reference2"]],
    );
  });

  it("sees chargebacks, which have no key and end refunds, and a denial after settlement", async (t) => {
    const { client, control } = await open(t);
    const paid = async (order: string) => {
      const { transaction_id: id } = await client.charge(plain(order, 10_000));
      assert.equal(
        (await control("POST", `transactions/${String(id)}/chargeback`)).success,
        false,
        "not before it is paid",
      );
      await control("POST", `transactions/${String(id)}/pay`);
      return String(id);
    };
    const id = await paid("c1");
    await client.transaction.refund("c1", { refund_key: "reference1", amount: 1_000 });
    await control("POST", `transactions/${id}/chargeback`, { amount: 3_000 });
    const part = await client.transaction.status("c1");
    assert.deepEqual(
      [
        part["status_code"],
        part["transaction_status"],
        (part["refunds"] as Row[]).map((row) => [
          row["refund_key"],
          row["refund_amount"],
          typeof row["refund_chargeback_id"],
        ]),
      ],
      [
        "200",
        "partial_chargeback",
        [
          ["reference1", "1000.00", "number"],
          [undefined, "3000.00", "number"],
        ],
      ],
    );
    assert.equal(
      await refusal(client.transaction.refund("c1", { refund_key: "reference2", amount: 1_000 })),
      "412",
    );
    assert.equal(
      (await control("POST", `transactions/${id}/chargeback`, { amount: 6_001 })).success,
      false,
      "no more than is left",
    );
    await control("POST", `transactions/${id}/chargeback`);
    assert.equal((await client.transaction.status("c1"))["transaction_status"], "chargeback");
    await control("POST", `transactions/${await paid("c2")}/deny`);
    const denied = await client.transaction.status("c2");
    assert.deepEqual(
      [denied["status_code"], denied["transaction_status"], denied["settlement_time"]],
      ["202", "deny", "2026-01-01 07:00:00"],
    );
  });

  it("is refused with the documented codes under HTTP 200", async (t) => {
    const { client, clientOf, control } = await open(t);
    assert.equal(await refusal(client.transaction.status("nobody")), "404");
    const wrong = await clientOf("SB-Mid-server-wrong")
      .charge(charge())
      .catch((error: unknown) => error);
    assert.deepEqual(wrong instanceof midtrans.MidtransError && wrong.httpStatusCode, 401);
    for (const changes of [
      { payment_type: "credit_card" },
      { transaction_details: { order_id: "x y", gross_amount: 275_000 } },
      { transaction_details: { order_id: "order03", gross_amount: 275_000.5 } },
      { transaction_details: { order_id: "order03", gross_amount: 275_001 } },
      { custom_expiry: { expiry_duration: 19, unit: "second" } },
      { custom_expiry: { expiry_duration: 8, unit: "day" } },
      { payment_type: "bank_transfer", bank_transfer: { bank: "btn" } },
    ]) {
      assert.equal(await refusal(client.charge(charge(changes))), "400", JSON.stringify(changes));
    }
    const charged = await client.charge(charge());
    assert.equal(await refusal(client.charge(charge())), "406", "active");
    await control("POST", `transactions/${String(charged["transaction_id"])}/expire`);
    assert.equal((await client.charge(charge()))["status_code"], "201", "its order id is free again");
  });

  it("inquires about a notification that it received", async (t) => {
    const { client, control, clientOf, wait } = await open(t);
    const inbox = await openInbox(t);
    const { transaction_id: id } = await clientOf(DEMO_SERVER_KEY, {
      "X-Override-Notification": inbox.url,
    }).charge(plain("n1", 12_500));
    await control("POST", `transactions/${String(id)}/pay`);
    await wait(0);
    const status = await client.transaction.notification(inbox.calls.at(-1)?.body ?? "");
    assert.deepEqual(
      [status["order_id"], status["transaction_status"], status["settlement_time"]],
      ["n1", "settlement", "2026-01-01 07:00:00"],
    );
  });

  it("sees nothing of another merchant's", async (t) => {
    const merchants = [
      { serverKey: DEMO_SERVER_KEY, merchantId: "G1" },
      { serverKey: OTHER_KEY, merchantId: "G2" },
    ];
    const { client, clientOf } = await open(t, { midtrans: merchants });
    const { transaction_id: id } = await client.charge(charge());
    for (const name of ["order03", String(id)])
      assert.equal(await refusal(clientOf(OTHER_KEY).transaction.status(name)), "404");
    assert.equal(
      (await clientOf(OTHER_KEY).charge(charge()))["status_code"],
      "201",
      "its order ids are its own",
    );
  });
});

describe("an idempotency key", () => {
  const post = async (url: string, key: string, body: Row) => {
    const headers = {
      authorization: `Basic ${Buffer.from(`${DEMO_SERVER_KEY}:`).toString("base64")}`,
      "content-type": "application/json",
      "idempotency-key": key,
    };
    const answer = await fetch(`${url}/v2/charge`, { method: "POST", headers, body: JSON.stringify(body) });
    return { status: answer.status, body: (await answer.json()) as Row };
  };

  it("returns the same answer for five minutes, whatever the body; then the order id is taken", async (t) => {
    const { simulator, wait } = await open(t);
    const first = await post(simulator.url, "key1", plain("i1", 12_500));
    assert.deepEqual((await post(simulator.url, "key1", plain("i2", 99))).body, first.body);
    await wait(5 * MINUTE);
    assert.equal((await post(simulator.url, "key1", plain("i1", 12_500))).body["status_code"], "406");
  });

  it("keeps no refusals, and is ignored beyond 46 characters and for Permata", async (t) => {
    const { simulator } = await open(t);
    const code = async (key: string, body: Row) => (await post(simulator.url, key, body)).body["status_code"];
    assert.deepEqual(
      [await code("key1", plain("i1", 0)), await code("key1", plain("i1", 12_500))],
      ["400", "201"],
    );
    const long = "k".repeat(47);
    assert.deepEqual(
      [await code(long, plain("i2", 12_500)), await code(long, plain("i2", 12_500))],
      ["201", "406"],
    );
    const permata = plain("i3", 12_500, {
      payment_type: "bank_transfer",
      bank_transfer: { bank: "permata" },
    });
    assert.deepEqual([await code("key3", permata), await code("key3", permata)], ["201", "406"]);
  });

  it("answers HTTP 202 while the first is running", async (t) => {
    const { simulator, control } = await open(t);
    await control("POST", "next", { fault: "answer_slow", ms: 200 });
    const slow = post(simulator.url, "key1", plain("i1", 12_500));
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal((await post(simulator.url, "key1", plain("i1", 12_500))).status, 202);
    assert.equal((await slow).body["status_code"], "201");
  });
});

describe("a notification of Midtrans", () => {
  async function notified(
    t: TestContext,
    ...answers: Parameters<typeof openInbox> extends [unknown, ...infer Rest] ? Rest : never
  ) {
    const shop = await open(t);
    const inbox = await openInbox(t, ...answers);
    const client = shop.clientOf(DEMO_SERVER_KEY, { "X-Override-Notification": inbox.url });
    return { ...shop, client, inbox };
  }

  it("is sent for each state, signed, with string values and the user agent Veritrans", async (t) => {
    const { client, control, wait, inbox } = await notified(t);
    const { transaction_id: id } = await client.charge(plain("n1", 5_539, { payment_type: "qris" }));
    await control("POST", `transactions/${String(id)}/pay`);
    await wait(0);
    const rows = inbox.calls.map(({ body }) => read(body));
    assert.deepEqual(
      rows.map((row) => [row["status_code"], row["transaction_status"]]),
      [
        ["201", "pending"],
        ["200", "settlement"],
      ],
    );
    const settled = rows[1] ?? {};
    assert.deepEqual(
      Object.values(settled).filter((value) => typeof value !== "string"),
      [],
    );
    assert.equal(
      settled["signature_key"],
      createHash("sha512").update(`n12005539.00${DEMO_SERVER_KEY}`).digest("hex"),
    );
    assert.deepEqual(
      [inbox.calls[0]?.headers["user-agent"], inbox.calls[0]?.headers["content-type"]],
      ["Veritrans", "application/json"],
    );
  });

  it("of a denial and of an expiry has code 202", async (t) => {
    const { client, control, wait, inbox } = await notified(t);
    const { transaction_id: id } = await client.charge(plain("n1", 5_000));
    await control("POST", `transactions/${String(id)}/fail`);
    await client.charge(plain("n2", 5_000));
    await wait(15 * MINUTE);
    const lines = inbox.calls
      .map(({ body }) => read(body))
      .map(
        (row) =>
          `${String(row["order_id"])} ${String(row["status_code"])} ${String(row["transaction_status"])}`,
      );
    assert.deepEqual(
      lines.filter((line) => !line.endsWith("pending")),
      ["n1 202 deny", "n2 202 expire"],
    );
  });

  it("of a refund is sent twice, the second time with the bank's confirmation", async (t) => {
    const { client, control, wait, inbox } = await notified(t);
    const { transaction_id: id } = await client.charge(plain("n1", 5_000));
    await control("POST", `transactions/${String(id)}/pay`);
    await client.transaction.refund("n1", { refund_key: "reference1", amount: 2_000 });
    await wait(0);
    await wait(1_000);
    const refunds = inbox.calls.map(({ body }) => read(body)).filter((row) => row["refunds"] !== undefined);
    assert.deepEqual(
      refunds.map((row) => [
        row["transaction_status"],
        "bank_confirmed_at" in ((row["refunds"] as Row[])[0] ?? {}),
      ]),
      [
        ["partial_refund", false],
        ["partial_refund", true],
      ],
    );
  });

  for (const [status, resends] of [
    [500, 1],
    [503, 4],
    [400, 2],
    [404, 2],
    [302, 0],
    [418, 5],
  ] as const) {
    it(`answered ${status} is retried ${resends} times, at the documented pauses`, async (t) => {
      const { client, wait, inbox } = await notified(
        t,
        ...Array.from({ length: 6 }, () => ({ status, body: "" })),
      );
      await client.charge(plain("n1", 5_000, { custom_expiry: { expiry_duration: 7, unit: "day" } }));
      await wait(0);
      const sent = [inbox.calls.length];
      for (const minutes of [2, 10, 30, 90, 210, 500]) {
        await wait(minutes * MINUTE - 1);
        const before = inbox.calls.length;
        await wait(1);
        sent.push(inbox.calls.length - before);
      }
      assert.deepEqual(sent, [1, ...[1, 1, 1, 1, 1, 0].map((one, index) => (index < resends ? one : 0))]);
    });
  }

  it("follows a 307, and is sent to at most three URLs", async (t) => {
    const elsewhere = await openInbox(t);
    const { clientOf, wait, inbox } = await notified(t, { status: 307, body: "", location: elsewhere.url });
    const headers = {
      "X-Override-Notification": inbox.url,
      "X-Append-Notification": `${elsewhere.url},${elsewhere.url},${elsewhere.url}`,
    };
    await clientOf(DEMO_SERVER_KEY, headers).charge(plain("n1", 5_000));
    await wait(0);
    assert.deepEqual([inbox.calls.length, elsewhere.calls.length], [1, 3]);
  });

  it("that is forged or altered has no valid signature of the merchant's key", async (t) => {
    const { client, control, wait, inbox } = await notified(t);
    for (const fault of ["forged", "altered"]) {
      await control("PUT", "faults", { forged: fault === "forged", altered: fault === "altered" });
      await client.charge(plain(fault, 5_000));
      await wait(0);
      const row = read(inbox.calls.at(-1)?.body ?? "{}");
      const signature = createHash("sha512")
        .update(`${fault}201${String(row["gross_amount"])}${DEMO_SERVER_KEY}`)
        .digest("hex");
      assert.notEqual(row["signature_key"], signature, fault);
    }
  });
});

describe("Midtrans after a restart", () => {
  it("keeps charges and refunds, and sends what was still due", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "simulator-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const [data, clock] = [join(folder, "journal.jsonl"), new TestClock()];
    const inbox = await openInbox(t, { status: 500, body: "" });
    const first = await open(t, { data, clock });
    const { transaction_id: id } = await first
      .clientOf(DEMO_SERVER_KEY, { "X-Override-Notification": inbox.url })
      .charge(plain("s1", 5_000, { payment_type: "qris" }));
    await first.simulator.tick();
    await first.control("POST", `transactions/${String(id)}/pay`);
    await first.client.transaction.refund("s1", { refund_key: "reference1", amount: 2_000 });
    await first.simulator.tick();
    await first.simulator.close();

    const second = await open(t, { data, clock });
    const status = await second.client.transaction.status("s1");
    assert.deepEqual(
      [status["transaction_status"], status["acquirer"], (status["refunds"] as Row[]).length],
      ["partial_refund", "gopay", 1],
    );
    assert.equal(
      await refusal(second.client.transaction.refund("s1", { refund_key: "reference1", amount: 2_000 })),
      "406",
    );
    const before = inbox.calls.length;
    clock.ms = START_MS + 2 * MINUTE;
    await second.simulator.tick();
    const statuses = inbox.calls.slice(before).map(({ body }) => read(body)["transaction_status"]);
    assert.deepEqual(
      new Set(statuses),
      new Set(["partial_refund", "pending"]),
      "the confirmation of the refund, and a repeat of the first notification",
    );
  });
});
