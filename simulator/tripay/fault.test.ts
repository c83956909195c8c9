import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { answerFaults } from "../faults.ts";
import { createBody, openShop, type Row } from "./testing/shop.ts";
import { DEMO_CREDENTIAL } from "./credential.ts";

describe("the next answer", () => {
  for (const [fault, { done }] of Object.entries(answerFaults)) {
    it(`${fault}: ${done ? "created" : "not created"}, and only once`, async (t) => {
      const { simulator, create, control } = await openShop(t);
      await control("POST", "next", { fault, ms: 20 });
      const answer = await fetch(`${simulator.url}/api/transaction/create`, {
        method: "POST",
        headers: { authorization: `Bearer ${DEMO_CREDENTIAL.apiKey}`, "content-type": "application/json" },
        body: JSON.stringify(createBody()),
      }).catch(() => undefined);
      const expected = {
        answer_lost: undefined,
        answer_slow: 200,
        html_403: 403,
        error_500: 500,
        error_500_done: 500,
      };
      assert.equal(answer?.status, expected[fault as keyof typeof expected]);
      assert.equal(((await control("GET", "transactions")).body["data"] as Row[]).length, done ? 1 : 0);
      assert.equal((await create({ merchant_ref: "INV2" })).success, true);
    });
  }

  it("a fault planned for reads does not affect creation", async (t) => {
    const { create, control, call } = await openShop(t);
    await control("POST", "next", { call: "read", fault: "error_500", times: 2 });
    assert.equal((await create()).success, true);
    const statuses = [];
    for (let n = 0; n < 3; n++) statuses.push((await call("GET", "/api/merchant/transactions")).status);
    assert.deepEqual(statuses, [500, 500, 200]);
  });

  it("an unknown fault is refused", async (t) => {
    const { control } = await openShop(t);
    assert.equal((await control("POST", "next", { fault: "toString" })).success, false);
  });
});
