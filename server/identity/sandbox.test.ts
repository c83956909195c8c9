import { newId, type SetupStateBody } from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openTestProgram, type TestProgram } from "../testing/program.ts";
import { rights, SANDBOX_FROM_ANYWHERE, refusalFor, type Right } from "./rights.ts";

let program: TestProgram;
before(async () => {
  program = await openTestProgram({ environment: { TRUST_PROXY: "loopback" } });
});
after(() => program.close());

const ELSEWHERE = { "x-forwarded-for": "192.168.1.20" };
const moving = () => ({
  id: newId(),
  currency: "IDR",
  amount: "1.00",
  source_account: "ACC_SRC_ABC",
  destination_account: "ACC_001",
});
const ordering = () => ({
  order_id: newId(),
  amount: 18_000,
  customer_name: "Pelanggan",
  order_items: [{ name: "Roti", price: 18_000, quantity: 1 }],
});

describe("the sandbox without credentials", () => {
  it("transfers, refunds and webhook changes without credentials are only for local callers", async () => {
    const body = moving();
    const refused = await program.call("POST", "/payments", { body, headers: ELSEWHERE });
    assert.deepEqual([refused.status, refused.code], [403, "local_only"]);
    assert.equal(
      (await program.call("POST", "/payments", { body })).status,
      200,
      "the command of the README, on this machine",
    );
    for (const [method, path] of [
      ["GET", "/balance/ACC_001"],
      ["GET", "/api/v1/webhooks/endpoints"],
      ["GET", "/api/v1/cases"],
    ] as const) {
      assert.equal((await program.call(method, path, { headers: ELSEWHERE })).code, "local_only", path);
      assert.equal((await program.call(method, path)).status, 200, path);
    }
  });

  it("orders and their payments are accepted from any address", async () => {
    const body = ordering();
    assert.equal(
      (await program.call("POST", "/api/v1/payment/create-transaction", { body, headers: ELSEWHERE })).status,
      201,
    );
    assert.equal(
      (
        await program.call("POST", "/api/v1/payment/create-payment", {
          body: { order_id: body.order_id, method: "QRIS2" },
          headers: ELSEWHERE,
        })
      ).status,
      201,
    );
    assert.equal(
      (
        await program.call("GET", `/api/v1/payment/get-status-payment?order_id=${body.order_id}`, {
          headers: ELSEWHERE,
        })
      ).status,
      200,
    );
    const open = (Object.keys(rights) as Right[]).filter(
      (right) =>
        refusalFor("anyone", right) && !refusalFor("sandbox", right) && SANDBOX_FROM_ANYWHERE.has(right),
    );
    assert.deepEqual(open.toSorted(), ["channel.read", "order.create", "order.read", "payment.create"]);
  });

  it("a shop is set up without a code only by a local caller", async () => {
    const state = async (headers: Record<string, string>) =>
      (await program.call<SetupStateBody>("GET", "/api/v1/setup", { headers })).body.code_needed;
    assert.deepEqual([await state({}), await state(ELSEWHERE)], [false, true]);
    const shop = {
      merchant: { name: "Toko Jauh" },
      outlet: { name: "Toko Jauh", address: "", phone: "", time_zone: "Asia/Jakarta" },
      tax: "none",
      owner: { name: "Melati", pin: "824613" },
    };
    const far = await program.call("POST", "/api/v1/setup", {
      body: shop,
      headers: { ...ELSEWHERE, "idempotency-key": newId() },
    });
    assert.equal(far.code, "setup_code_wrong", JSON.stringify(far.body));
  });

  it("an unconfigured proxy is not trusted", async () => {
    const alone = await openTestProgram();
    try {
      for (const headers of [{ "x-forwarded-for": "127.0.0.1" }, { forwarded: "for=127.0.0.1" }])
        assert.equal((await alone.call("POST", "/payments", { body: moving(), headers })).code, "local_only");
      assert.equal((await alone.call("POST", "/payments", { body: moving() })).status, 200);
    } finally {
      await alone.close();
    }
  });
});
