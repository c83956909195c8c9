import { newId, type OrderBody, type RoutingRuleBody } from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openTestProgram, type TestProgram } from "../testing/program.ts";
import { openStranger } from "../testing/shop.ts";
import { until } from "../testing/until.ts";

let program: TestProgram;
let owner: string;
before(async () => {
  program = await openTestProgram();
  owner = await program.unlock("Ratna", "333333");
  // the demo shop has one rule initially
  for (const { id } of await list()) assert.equal((await remove(id)).status, 204);
});
after(() => program.close());

const add = (body: object, key: string = newId(), token = owner) =>
  program.call<RoutingRuleBody>("POST", "/api/v1/routing/rules", {
    token,
    body,
    headers: { "idempotency-key": key },
  });
const change = (id: string, body: object, token = owner) =>
  program.call<RoutingRuleBody>("PATCH", `/api/v1/routing/rules/${id}`, { token, body });
const remove = (id: string, token = owner) =>
  program.call("DELETE", `/api/v1/routing/rules/${id}`, { token });
const list = async (token = owner) =>
  (await program.call<{ rules: RoutingRuleBody[] }>("GET", "/api/v1/routing/rules", { token })).body.rules;
const preview = async (amount: string) =>
  (
    await program.call<{ candidates: Array<{ provider: string }> }>(
      "GET",
      `/api/v1/routing/preview?method=QRIS&amount=${amount}`,
      { token: owner },
    )
  ).body.candidates.map(({ provider }) => provider);
/** The provider that a payment of an amount is routed to. */
async function paidThrough(amount: number): Promise<string> {
  const order_id = newId();
  assert.equal(
    (
      await program.call("POST", "/api/v1/payment/create-transaction", {
        body: {
          order_id,
          amount,
          customer_name: "Sari",
          order_items: [{ name: "Kopi", price: amount, quantity: 1 }],
        },
      })
    ).status,
    201,
  );
  const opened = await program.call<{ data: OrderBody }>("POST", "/api/v1/payment/create-payment", {
    body: { order_id, method: "QRIS" },
  });
  const payment = await program.call<{ provider: string }>(
    "GET",
    `/api/v1/payments/${opened.body.data.payment?.payment_id}`,
  );
  return payment.body.provider;
}

describe("routing rules", () => {
  it("a rule applies from the next payment, until it is deleted", async () => {
    const usual = await paidThrough(20_000);
    const other = (await preview("20000")).find((name) => name !== usual) ?? assert.fail("one provider only");
    const rule = await add({
      rank: 1,
      method: "QRIS",
      amount_from: "10000",
      amount_to: "50000.00",
      providers: [other],
    });
    assert.equal(rule.status, 201, JSON.stringify(rule.body));
    assert.deepEqual(rule.body, {
      id: rule.body.id,
      rank: 1,
      method: "QRIS",
      amount_from: "10000.00",
      amount_to: "50000.00",
      time_from: null,
      time_to: null,
      providers: [other],
      active: true,
    });
    assert.deepEqual(
      [
        await paidThrough(20_000),
        await paidThrough(9_000),
        await paidThrough(50_000),
        await paidThrough(51_000),
      ],
      [other, usual, other, usual],
    );
    assert.equal((await preview("20000"))[0], other);

    // a rule of a lower rank is evaluated first
    const first = await add({ rank: 0, providers: [usual] });
    assert.equal(await paidThrough(20_000), usual);
    assert.deepEqual(
      (await list()).map(({ id }) => id),
      [first.body.id, rule.body.id],
    );
    assert.equal((await change(first.body.id, { active: false })).body.active, false);
    assert.equal(await paidThrough(20_000), other);
    assert.equal(
      (await change(rule.body.id, { amount_from: null, amount_to: null, rank: 7 })).body.amount_to,
      null,
    );
    assert.equal(await paidThrough(51_000), other);

    for (const { id } of [first.body, rule.body]) assert.equal((await remove(id)).status, 204);
    assert.deepEqual([await list(), await paidThrough(20_000)], [[], usual]);
  });

  it("a rule is added once per key", async () => {
    const key = newId();
    const body = {
      rank: 5,
      time_from: "22:00",
      time_to: "04:00",
      providers: ["tripay", "midtrans"],
      active: false,
    };
    const [one, again] = [await add(body, key), await add(body, key)];
    assert.deepEqual(
      [one.status, again.status, again.body, again.headers.get("idempotent-replayed")],
      [201, 201, one.body, "true"],
    );
    assert.deepEqual([one.body.time_from, one.body.time_to], ["22:00", "04:00"]);
    assert.equal((await list()).length, 1);
    await remove(one.body.id);
  });

  it("invalid rules are refused by name", async () => {
    const code = async (body: object) => (await add(body)).code;
    const rule = { rank: 1, providers: ["tripay"] };
    assert.equal(await code({ ...rule, providers: ["nobody"] }), "provider_unknown");
    assert.equal(await code({ ...rule, amount_from: "2000", amount_to: "1000" }), "routing_bounds_invalid");
    assert.equal(await code({ ...rule, time_from: "08:00" }), "routing_bounds_invalid");
    assert.equal(await code({ ...rule, amount_from: "-1" }), "amount_not_positive");
    assert.equal(await code({ ...rule, amount_from: "1e3" }), "amount_malformed");
    for (const wrong of [
      { providers: [] },
      { providers: ["tripay", "tripay"] },
      { time_from: "24:00", time_to: "25:00" },
      { method: "CASH" },
      { merchant_id: newId() },
      { rank: -1 },
    ]) {
      assert.equal(await code({ ...rule, ...wrong }), "request_invalid", JSON.stringify(wrong));
    }
    for (const body of [await change(newId(), { rank: 1 }), await remove(newId())])
      assert.equal(body.code, "routing_rule_unknown");
    assert.deepEqual(await list(), []);
  });

  it("rules belong to one shop, and only its owner may read and change them", async () => {
    const made = await add({ rank: 1, providers: ["tripay"] });
    const stranger = await openStranger(program);
    const manager = await program.unlock("Bima", "222222");
    assert.deepEqual(
      [
        (await list(stranger.token)).length,
        (await change(made.body.id, { rank: 2 }, stranger.token)).code,
        (await remove(made.body.id, stranger.token)).code,
      ],
      [0, "routing_rule_unknown", "routing_rule_unknown"],
    );
    for (const [options, code] of [
      [{ token: manager }, "forbidden"],
      [{}, "unauthenticated"],
    ] as const) {
      assert.equal((await program.call("GET", "/api/v1/routing/rules", options)).code, code);
      assert.equal(
        (await program.call("DELETE", `/api/v1/routing/rules/${made.body.id}`, options)).code,
        code,
      );
    }
    assert.equal((await list()).length, 1);
    await remove(made.body.id);
  });

  it("changes of rules are in the audit trail with the values before and after", async () => {
    const {
      body: { id },
    } = await add({ rank: 3, amount_to: "500000", providers: ["tripay"] });
    await change(id, { providers: ["midtrans", "tripay"] });
    await remove(id);
    const trail = async () =>
      (
        await program.call<{
          entries: Array<{
            action: string;
            subject: string;
            before: Record<string, unknown> | null;
            after: Record<string, unknown> | null;
          }>;
        }>("GET", "/api/v1/audit?limit=20", { token: owner })
      ).body.entries.filter(({ subject }) => subject === id);
    const entries = await until(trail, (all) => all.length === 3);
    assert.deepEqual(
      entries.map(({ action }) => action),
      ["routing.removed", "routing.changed", "routing.added"],
    );
    assert.deepEqual(
      [entries[1]?.before?.["providers"], entries[1]?.after?.["providers"], entries[0]?.after],
      [["tripay"], ["midtrans", "tripay"], null],
    );
  });
});
