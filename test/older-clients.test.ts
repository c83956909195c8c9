import { newId, type OrderBody, type TokensBody, type TopupBody } from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { readForm } from "../server/kernel/form.ts";
import { openTestProgram, type Answer, type TestProgram } from "../server/testing/program.ts";
import { until } from "../server/testing/until.ts";
import { ok } from "../server/testing/wallet.ts";

/** Requests of clients written for earlier systems, exactly as they send them. */

let program: TestProgram;
before(async () => {
  program = await openTestProgram();
});
after(() => program.close());

const FORM = { "content-type": "application/x-www-form-urlencoded" };
const form = (fields: Record<string, string>) => new URLSearchParams(fields).toString();
const login = () =>
  program.call<TokensBody>("POST", "/api/auth/login", { body: { username: "test", password: "password" } });
const token = async () => ok(await login()).access_token;

/** A request exactly as given: no body and no header that a client would not send. */
async function send<T>(
  method: string,
  path: string,
  init: { headers?: Record<string, string>; body?: string } = {},
): Promise<Answer<T>> {
  const response = await fetch(`${program.url}${path}`, { method, ...init });
  const text = await response.text();
  const body = (text === "" ? undefined : JSON.parse(text)) as T;
  return {
    status: response.status,
    headers: response.headers,
    body,
    code: (body as { code?: string } | undefined)?.code,
  };
}

describe("a client of an older system", () => {
  it("signs in as test with password, by JSON or form, in a sandbox", async () => {
    assert.equal((await login()).status, 200);
    const signed = ok(
      await send<TokensBody>("POST", "/api/auth/login", {
        headers: FORM,
        body: form({ username: "test", password: "password" }),
      }),
    );
    for (const refreshToken of [signed.refresh_token]) {
      const renewed = ok(
        await program.call<TokensBody>("PUT", "/api/auth/refresh", { body: { refreshToken } }),
      );
      ok(
        await send("PUT", "/api/auth/refresh", {
          headers: FORM,
          body: form({ refresh_token: renewed.refresh_token }),
        }),
      );
    }
    await program.restart();
    assert.equal((await login()).status, 200, "sign-in works again after a restart");
  });

  it("gets 401 with a challenge if it has no token or an invalid one", async () => {
    for (const path of [
      "/api/payment/account",
      "/api/payment/balance",
      "/api/payment/wallet",
      "/api/auth/profile",
    ]) {
      const without = await send("GET", path);
      assert.deepEqual(
        [without.status, without.code, without.headers.get("www-authenticate")],
        [401, "unauthenticated", 'Bearer realm="onegate"'],
        path,
      );
      const over = await send("GET", path, { headers: { authorization: "Bearer aaaa.bbbb.cccc" } });
      assert.deepEqual(
        [over.status, over.headers.get("www-authenticate")],
        [401, 'Bearer realm="onegate", error="invalid_token"'],
        path,
      );
    }
    assert.equal(
      (
        await send("POST", "/api/payment/wallet/topup", {
          headers: { "content-type": "application/json" },
          body: "{}",
        })
      ).status,
      401,
    );
    assert.equal(
      (
        await program.call("POST", "/api/auth/login", {
          body: { username: "test", password: "not this one" },
        })
      ).headers.get("www-authenticate"),
      'Bearer realm="onegate"',
    );
  });

  it("signs out with only a bearer token, with or without the content type of an empty body", async () => {
    for (const headers of [
      {},
      { "content-type": "application/json" },
      { "content-type": "application/json", "content-length": "0" },
    ]) {
      const { access_token: access, refresh_token: refresh } = ok(await login());
      const out = await send("DELETE", "/api/auth/logout", {
        headers: { authorization: `Bearer ${access}`, ...headers },
      });
      assert.equal(out.status, 204, JSON.stringify([headers, out.body]));
      assert.equal(
        (await program.call("PUT", "/api/auth/refresh", { body: { refresh_token: refresh } })).code,
        "refresh_token_invalid",
        "the session is over",
      );
      assert.equal(
        (
          await program.call("PATCH", "/api/auth/profile", {
            token: access,
            body: { email: "lain@contoh.invalid" },
          })
        ).code,
        "unauthenticated",
      );
    }
    const { refresh_token: refresh } = ok(await login());
    assert.equal(
      (
        await send("DELETE", "/api/auth/logout", {
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ refreshToken: refresh }),
        })
      ).status,
      204,
    );
    assert.equal(
      (await program.call("PUT", "/api/auth/refresh", { body: { refresh_token: refresh } })).code,
      "refresh_token_invalid",
    );
    const nobody = await send("DELETE", "/api/auth/logout");
    assert.deepEqual([nobody.status, nobody.code], [401, "unauthenticated"], "signing out needs credentials");
  });

  it("gets the old columns of an account beside the new names", async () => {
    const { accounts } = ok(
      await program.call<{ accounts: Array<Record<string, string>> }>("GET", "/api/payment/account", {
        token: await token(),
      }),
    );
    const [account] = accounts;
    const profile = ok(
      await program.call<{ id: string }>("GET", "/api/auth/profile", { token: await token() }),
    );
    assert.deepEqual(
      [
        account?.["id"],
        account?.["user_id"],
        account?.["account_status"],
        account?.["created_at"],
        account?.["currency"],
      ],
      [account?.["account_id"], profile.id, account?.["status"], account?.["opened_at"], "IDR"],
    );
    assert.ok(account!["updated_at"]! >= account!["created_at"]!);
    const { rows } = await program.database.pool.query<{ fits: boolean }>(
      `select date_trunc('milliseconds', updated_at) = $2::timestamptz and account_status = $3 as fits
       from accounts where id = $1`,
      [account?.["id"], account?.["updated_at"], account?.["account_status"]],
    );
    assert.deepEqual(rows, [{ fits: true }], "the values are those of the view");
  });

  it("creates an order and its payment by forms, with lists and numbers as PHP writes them", async () => {
    const orderId = `LAMA-${newId().slice(0, 8)}`;
    const order = await send<{ data: OrderBody }>("POST", "/api/v1/payment/create-transaction", {
      headers: FORM,
      body: form({
        order_id: orderId,
        amount: "46000",
        customer_name: "Pelanggan Contoh",
        customer_email: "pelanggan@contoh.invalid",
        "order_items[0][sku]": "LATTE",
        "order_items[0][name]": "Latte",
        "order_items[0][price]": "28000",
        "order_items[0][quantity]": "1",
        "order_items[1][sku]": "ROTI",
        "order_items[1][name]": "Roti Bakar",
        "order_items[1][price]": "18000",
        "order_items[1][quantity]": "1",
      }),
    });
    assert.deepEqual(
      [
        order.status,
        order.body.data?.amount,
        order.body.data?.order_items.map(({ name, quantity }) => [name, quantity]),
      ],
      [
        201,
        46_000,
        [
          ["Latte", 1],
          ["Roti Bakar", 1],
        ],
      ],
    );
    const payment = await send<{ data: OrderBody }>("POST", "/api/v1/payment/create-payment", {
      headers: FORM,
      body: form({ order_id: orderId, payment_method: "QRIS2" }),
    });
    assert.deepEqual([payment.status, payment.body.data?.payment?.payment_method], [201, "QRIS2"]);
    const pay = (body: object) =>
      program.call("POST", "/api/v1/payment/create-payment", { body: { order_id: orderId, ...body } });
    assert.equal(
      (await pay({ method: "QRIS2", payment_method: "QRIS2" })).status,
      201,
      "both names may be given with the same value",
    );
    for (const body of [{}, { method: "QRIS2", payment_method: "BRIVA" }])
      assert.equal((await pay(body)).code, "request_invalid");
    assert.equal(
      (
        await send("POST", "/api/v1/payment/create-transaction", {
          headers: FORM,
          body: "order_id=X&order_items[0][quantity]=viel",
        })
      ).code,
      "request_invalid",
      "text that is not a number stays text",
    );
    assert.equal(
      (await send("POST", "/payments", { headers: FORM, body: "id=X" })).code,
      "media_type_unsupported",
      "transfers accept only JSON",
    );
  });

  it("tops up without an idempotency key; a repetition is the same top-up until it is paid", async () => {
    const bearer = await token();
    const topUp = (body: object, headers: Record<string, string> = {}) =>
      program.call<TopupBody>("POST", "/api/payment/wallet/topup", {
        token: bearer,
        body: { currency: "IDR", ...body },
        headers,
      });
    const first = await topUp({ payment_method: "QRIS", amount: "25000.00" });
    assert.deepEqual(
      [first.status, first.body.state, first.body.payment_method],
      [201, "PENDING", "QRIS"],
      JSON.stringify(first.body),
    );
    const twins = await Promise.all([1, 2, 3, 4].map(() => topUp({ method: "QRIS", amount: "25000.00" })));
    assert.deepEqual(new Set(twins.map(({ body }) => body.operation_id)), new Set([first.body.operation_id]));
    assert.ok(twins.every(({ headers }) => headers.get("idempotent-replayed") === "true"));
    const atOnce = await Promise.all([1, 2, 3, 4].map(() => topUp({ method: "QRIS", amount: "26000.00" })));
    assert.equal(
      new Set(atOnce.map(({ body }) => body.operation_id)).size,
      1,
      "identical requests at the same moment are one top-up",
    );
    assert.notEqual(atOnce[0]?.body.operation_id, first.body.operation_id, "another sum is another top-up");
    const { rows } = await program.database.pool.query<{ used: bigint }>(
      `select sum(amount) as used
       from wallet_usage u join ledger_account a using (account_id) join users on users.id = a.user_id
       where username = 'test' and u.kind = 'TOPUP'`,
    );
    assert.equal(Number(rows[0]?.used), 5_100_000, "limits count each top-up once");

    const keyed = await topUp({ method: "QRIS", amount: "25000.00" }, { "idempotency-key": newId() });
    assert.notEqual(
      keyed.body.operation_id,
      first.body.operation_id,
      "an idempotency key of its own makes another top-up",
    );
    for (const { body } of [first, keyed])
      await program.lever("POST", `transactions/${body.payment?.reference}/pay`);
    const state = async (id: string) =>
      ok(await program.call<TopupBody>("GET", `/api/v1/wallet/topups/${id}`, { token: bearer })).state;
    await until(
      async () => [await state(first.body.operation_id), await state(keyed.body.operation_id)].join(),
      (states) => states === "SUCCESS,SUCCESS",
    );
    const next = await topUp({ method: "QRIS", amount: "25000.00" });
    assert.ok(
      ![first, keyed].some(({ body }) => body.operation_id === next.body.operation_id),
      "after the payment, the same request is a new top-up",
    );
    assert.equal((await topUp({ amount: "25000.00" })).code, "request_invalid");
    assert.equal(
      (await topUp({ method: "QRIS", payment_method: "GOPAY", amount: "25000.00" })).code,
      "request_invalid",
    );
    assert.equal(
      (await topUp({ method: "QRIS", amount: "25000.00" }, { "idempotency-key": "" })).code,
      "idempotency_key_invalid",
    );
    const byForm = await send<TopupBody>("POST", "/api/payment/wallet/topup", {
      headers: { ...FORM, authorization: `Bearer ${bearer}` },
      body: form({ payment_method: "QRIS", amount: "27000" }),
    });
    assert.deepEqual([byForm.status, byForm.body.amount], [201, "27000.00"]);
    await program.assertBooksHold();
  });
});

describe("a form", () => {
  const schema = {
    type: "object",
    properties: {
      n: { type: "integer" },
      s: { type: "string" },
      either: { anyOf: [{ type: "string" }, { type: "number" }] },
      yes: { type: "boolean" },
      list: { type: "array", items: { type: "object", properties: { n: { type: "number" } } } },
    },
  };

  it("is read with nested fields, and with numbers and booleans where the schema has them", () => {
    assert.deepEqual(readForm("n=7&s=7&either=7&yes=true&list[0][n]=1.5&list[1][n]=2&x=1", schema), {
      n: 7,
      s: "7",
      either: "7",
      yes: true,
      list: [{ n: 1.5 }, { n: 2 }],
      x: "1",
    });
    assert.deepEqual(readForm("n=7e9&s=&list[][n]=1", schema), { n: "7e9", s: "", list: [{ n: 1 }] });
    assert.deepEqual(
      readForm("n=99999999999999999", schema),
      { n: "99999999999999999" },
      "a number that a float would change stays text",
    );
  });

  it("is refused with conflicting, malformed, too deep or too many names; __proto__ is a plain field", () => {
    for (const text of [
      "s=1&s=2",
      "s=1&s[a]=2",
      "s[a]=1&s=2",
      "a[b][c][d][e]=1",
      "a[=1",
      "[a]=1",
      "a]b=1",
      Array.from({ length: 2_001 }, (_, n) => `f${n}=1`).join("&"),
    ]) {
      assert.deepEqual(readForm(text, schema), { refusal: "request_malformed" }, text.slice(0, 30));
    }
    const read = readForm("__proto__[admin]=1&constructor=2", schema);
    assert.deepEqual(
      Object.keys(read),
      ["__proto__", "constructor"],
      "they are ordinary fields, which schemas refuse by name",
    );
    assert.equal(({} as Record<string, unknown>)["admin"], undefined);
  });
});
