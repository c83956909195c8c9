import { newId, type OrderBody } from "@onegate/contract";
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import { readSettings, type Settings } from "../kernel/index.ts";
import { startProgram, type Program } from "../roles.ts";
import { openTestProgram, type TestProgram } from "../testing/program.ts";
import { bearing } from "../testing/session.ts";

/** Production mode, on the data of a sandbox. */
const PRODUCTION: Settings = {
  ...readSettings({ PORT: "0", LOG_LEVEL: "silent", ONEGATE_ANONYMOUS: "off" }),
  mode: "production",
};

type Channel = { code: string; active: boolean; warning?: string };

describe("a provider that has the customer pay its fee", () => {
  /** Tripay passes the fee on to the customer; the production program has Tripay only. */
  let sandbox: TestProgram;
  let production: Program;
  let owner: string;
  before(async () => {
    sandbox = await openTestProgram({ simulator: { feePayer: "customer" } });
    owner = await sandbox.unlock("Ratna", "333333");
    await sandbox.database.pool.query("update merchant set is_demo = false");
    production = await startProgram({
      settings: PRODUCTION,
      connection: sandbox.connection,
      tripayUrl: `${sandbox.simulator.url}/api-sandbox`,
    });
  });
  after(async () => {
    await production.stop();
    await sandbox.close();
  });

  const call = async <T>(url: string, method: string, path: string, body?: unknown) => {
    const headers = {
      ...bearing(owner),
      "idempotency-key": newId(),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    const answer = await fetch(`${url}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as T & { code?: string } };
  };
  const channels = async (url: string) =>
    (await call<{ data: Channel[] }>(url, "GET", "/api/v1/payment/get-payment-channel")).body.data;
  const open = async (url: string, method: string) => {
    const order = {
      order_id: newId(),
      amount: 20_000,
      customer_name: "Sari",
      order_items: [{ name: "Kopi", price: 20_000, quantity: 1 }],
    };
    assert.equal((await call(url, "POST", "/api/v1/payment/create-transaction", order)).status, 201);
    return call<{ data: OrderBody }>(url, "POST", "/api/v1/payment/create-payment", {
      order_id: order.order_id,
      method,
    });
  };
  const opened = async () => ((await sandbox.lever("GET", "transactions")) as unknown[]).length;

  it("the sandbox warns about the channel and allows the payment", async () => {
    const [qris, bca] = ["QRIS2", "BCAVA"].map((code) =>
      channels(sandbox.url).then((all) => all.find((one) => one.code === code)),
    );
    assert.deepEqual(
      [(await qris)?.active, (await qris)?.warning, (await bca)?.warning],
      [true, "qris_surcharge_forbidden", undefined],
    );
    const { status, body } = await open(sandbox.url, "QRIS2");
    assert.equal(status, 201);
    assert.ok((body.data.payment?.fee_customer ?? 0) > 0);
  });

  it("production refuses QRIS before calling the provider, and allows other channels", async () => {
    const qris = (await channels(production.url)).filter(({ code }) => code.startsWith("QRIS"));
    assert.deepEqual(
      [qris.length, new Set(qris.map(({ active, warning }) => `${active} ${warning}`))],
      [3, new Set(["false qris_surcharge_forbidden"])],
    );
    const before = await opened();
    for (const method of ["QRIS", "QRIS2"]) {
      const { status, body } = await open(production.url, method);
      assert.deepEqual([status, body.code], [409, "qris_surcharge_forbidden"], method);
    }
    assert.equal(await opened(), before);
    assert.equal((await open(production.url, "BRIVA")).status, 201);
  });
});

describe("a provider whose list says that the shop pays its fee", () => {
  it("production refuses a payment that was opened with a customer fee, and hides its code", async (t) => {
    const sandbox = await openTestProgram();
    const surcharging = await openTestProgram({ simulator: { feePayer: "customer" } });
    const owner = await sandbox.unlock("Ratna", "333333");
    // the list of channels comes from one Tripay, the payment goes to the other
    const between = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const target = request.url?.includes("payment-channel")
          ? sandbox.simulator.url
          : surcharging.simulator.url;
        const headers = {
          authorization: request.headers.authorization ?? "",
          "content-type": request.headers["content-type"] ?? "",
        };
        const forward = async () => {
          const answer = await fetch(`${target}${request.url}`, {
            method: request.method ?? "GET",
            headers,
            ...(request.method === "POST" ? { body: Buffer.concat(chunks) } : {}),
          });
          response.writeHead(answer.status, { "content-type": "application/json" }).end(await answer.text());
        };
        void forward();
      });
    });
    await new Promise<void>((resolve) => between.listen(0, "127.0.0.1", resolve));
    const address = between.address();
    assert.ok(address !== null && typeof address === "object");
    await sandbox.database.pool.query("update merchant set is_demo = false");
    const production = await startProgram({
      settings: PRODUCTION,
      connection: sandbox.connection,
      tripayUrl: `http://127.0.0.1:${address.port}/api-sandbox`,
    });
    t.after(async () => {
      await production.stop();
      between.closeAllConnections();
      between.close();
      await surcharging.close();
      await sandbox.close();
    });
    const post = async (path: string, body: object) => {
      const answer = await fetch(`${production.url}${path}`, {
        method: "POST",
        headers: { ...bearing(owner), "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return { status: answer.status, body: (await answer.json()) as { code?: string; data: OrderBody } };
    };
    const order_id = newId();
    assert.equal(
      (
        await post("/api/v1/payment/create-transaction", {
          order_id,
          amount: 20_000,
          customer_name: "Sari",
          order_items: [{ name: "Kopi", price: 20_000, quantity: 1 }],
        })
      ).status,
      201,
    );
    const { status, body } = await post("/api/v1/payment/create-payment", { order_id, method: "QRIS2" });
    assert.deepEqual([status, body.code], [409, "qris_surcharge_forbidden"]);
    const seen = await fetch(`${production.url}/api/v1/payment/get-status-payment?order_id=${order_id}`, {
      headers: bearing(owner),
    });
    const { data } = (await seen.json()) as { data: OrderBody };
    assert.deepEqual([data.status, data.payment?.qr_string], ["FAILED", null]);
  });
});
