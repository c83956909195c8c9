import { KEY_SCOPES, type KeyBody, type KeyWithSecretBody, type OrderBody } from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openTestProgram, type TestProgram } from "../../testing/program.ts";
import { until } from "../../testing/until.ts";
import { rights, type Right } from "../rights.ts";
import { isInScope, scopeRights } from "./key.ts";

let program: TestProgram;
let owner: string;
before(async () => {
  // without a key the caller is anonymous
  program = await openTestProgram({ environment: { ONEGATE_ANONYMOUS: "off" } });
  owner = await program.unlock("Ratna", "333333");
});
after(() => program.close());

const make = (scopes: readonly string[], more: object = {}, token = owner) =>
  program.call<KeyWithSecretBody>("POST", "/api/v1/keys", {
    token,
    body: { name: "Toko daring", scopes, ...more },
  });
const list = async () =>
  (await program.call<{ keys: KeyBody[] }>("GET", "/api/v1/keys", { token: owner })).body.keys;
const revoke = (id: string, token = owner) =>
  program.call<KeyBody>("POST", `/api/v1/keys/${id}/revoke`, { token });
const channels = (token: string) => program.call("GET", "/api/v1/payment/get-payment-channel", { token });
const query = (text: string, values: unknown[] = []) => program.database.pool.query(text, values);

let count = 0;
const place = (token: string) =>
  program.call<{ data: OrderBody }>("POST", "/api/v1/payment/create-transaction", {
    token,
    body: {
      order_id: `KUNCI-${++count}`,
      amount: 10_000,
      customer_name: "Pelanggan",
      order_items: [{ name: "Kopi", price: 10_000, quantity: 1 }],
    },
  });

describe("a merchant's key", () => {
  it("a key is shown once, stored as a hash, and grants only its scopes", async () => {
    assert.equal((await program.call("GET", "/api/v1/payment/get-payment-channel")).code, "unauthenticated");
    const made = await make(["payments.write"]);
    assert.equal(made.status, 201);
    assert.match(made.body.key, /^ogk_test_[A-Za-z0-9_-]{43}$/);
    assert.equal(made.headers.get("cache-control"), "no-store");
    const { rows } = await query("select to_jsonb(k)::text as row from merchant_key k where key_id = $1", [
      made.body.id,
    ]);
    assert.ok(!rows[0].row.includes(made.body.key.slice(20)), "the secret is not stored");

    assert.equal((await place(made.body.key)).status, 201);
    for (const [method, path] of [
      ["GET", "/balance/ACC_001"],
      ["GET", "/api/v1/webhooks/endpoints"],
      ["GET", "/api/v1/keys"],
      ["GET", "/api/v1/till/catalogue"],
      ["GET", "/api/v1/wallet"],
    ] as const) {
      assert.equal((await program.call(method, path, { token: made.body.key })).code, "scope_missing", path);
    }
    const [seen] = await list();
    assert.deepEqual(
      [seen?.prefix, seen?.scopes, seen?.last_used_at !== null, seen && "key" in seen],
      [made.body.key.slice(0, 16), ["payments.write"], true, false],
    );
    assert.equal((await revoke(made.body.id)).status, 200);
  });

  it("at most two keys are active, and a revoked one ends within a second", async () => {
    const [current, next] = [await make(["payments.read"]), await make(["payments.read"])];
    assert.deepEqual(
      (await Promise.all([make(["payments.read"]), make(["payments.read"])])).map(({ code }) => code),
      ["key_limit", "key_limit"],
    );
    assert.equal((await channels(current.body.key)).status, 200);
    const first = await revoke(current.body.id);
    assert.equal((await revoke(current.body.id)).body.revoked_at, first.body.revoked_at);
    await until(
      () => channels(current.body.key),
      ({ code }) => code === "unauthenticated",
      2_000,
    );
    assert.equal((await channels(next.body.key)).status, 200, "the other key still works");
    const raced = await Promise.all(Array.from({ length: 5 }, () => make(["payments.read"])));
    assert.deepEqual(
      raced.map(({ status }) => status).sort((a, b) => a - b),
      [201, 409, 409, 409, 409],
    );
    for (const { id, revoked_at: ended } of await list()) if (ended === null) await revoke(id);
  });

  it("an invented, expired, truncated or production key is refused", async () => {
    const { key, id } = (await make(["payments.read"], { expires_in_days: 1 })).body;
    for (const wrong of [
      key.replace("ogk_test_", "ogk_live_"),
      `${key.slice(0, -1)}${key.endsWith("A") ? "B" : "A"}`,
      key.slice(0, -1),
      key.toLowerCase(),
      `${key}A`,
    ])
      assert.equal((await channels(wrong)).code, "unauthenticated", wrong);
    assert.equal((await channels(key)).status, 200);
    await query("update merchant_key set expires_at = now() where key_id = $1", [id]);
    await until(
      () => channels(key),
      ({ code }) => code === "unauthenticated",
      2_000,
    );
    const live = (await make(["payments.read"])).body;
    await query("update merchant_key set mode = 'live' where key_id = $1", [live.id]);
    assert.equal(
      (await channels(live.key)).code,
      "unauthenticated",
      "a production key has no effect in a sandbox",
    );
    await query("update merchant_key set revoked_at = now(), revoked_by = 'test' where revoked_at is null");
  });

  it("only the owner makes and revokes keys; another merchant's key is unknown", async () => {
    const manager = await program.unlock("Bima", "222222");
    assert.equal((await make(["payments.read"], {}, manager)).code, "forbidden");
    const { id } = (await make(["payments.read"])).body;
    assert.equal((await revoke(id, manager)).code, "forbidden");
    assert.equal((await program.call("GET", "/api/v1/keys", { token: manager })).status, 200);
    assert.equal((await revoke("01a1fdb6-8d46-7135-a824-e1a067cea9e0")).code, "key_unknown");
    for (const bad of [[], ["everything"], ["payments.read", "payments.read"]])
      assert.equal((await make(bad)).code, "request_invalid");
    const { rows } = await query(
      "select topic, payload from outbox_event where subject = $1 and topic like 'audit.key.%'",
      [id],
    );
    assert.deepEqual(
      rows.map(({ topic }) => topic),
      ["audit.key.made"],
    );
    assert.match(rows[0].payload.after.prefix, /^ogk_test_.{7}$/);
  });
});

describe("the scopes", () => {
  it("no scope grants rights meant for people, and public rights stay open", () => {
    const granted = new Set<Right>(KEY_SCOPES.flatMap((scope) => [...scopeRights[scope]]));
    for (const right of [
      "merchant_key.manage",
      "settlement.act",
      "sale.create",
      "books.read",
      "wallet.pay",
      "account.close",
      "webhook.manage",
    ] as const) {
      assert.equal(granted.has(right), right === "webhook.manage", right);
    }
    for (const right of Object.keys(rights) as Right[]) {
      const isForAll = (rights[right] as readonly string[]).includes("anyone");
      assert.equal(isInScope([...KEY_SCOPES], right), isForAll || granted.has(right), right);
      assert.equal(
        isInScope(["payments.read"], right),
        isForAll || right === "channel.read" || right === "order.read",
        right,
      );
    }
  });
});
