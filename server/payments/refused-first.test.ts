import { MAX_ORDER_MINOR, newId, type CatalogueBody, type OrderBody, type SaleBody } from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openTestProgram, type Answer, type TestProgram } from "../testing/program.ts";

let program: TestProgram;
let cashier: string;
let owner: string;
before(async () => {
  program = await openTestProgram();
  cashier = await program.unlock("Sari", "111111");
  owner = await program.unlock("Ratna", "333333");
});
after(() => program.close());

type Seed = { data: OrderBody };

const newOrder = (change: Record<string, unknown> = {}) => {
  const amount = change["amount"] ?? 20_000;
  return {
    order_id: newId(),
    customer_name: "Sari",
    customer_email: "sari@contoh.invalid",
    order_items: [{ name: "Kopi susu", price: amount, quantity: 1 }],
    ...change,
    amount,
  };
};
const create = (change: Record<string, unknown> = {}) =>
  program.call<Seed>("POST", "/api/v1/payment/create-transaction", { body: newOrder(change) });
const pay = (orderId: string, method: string, amount?: string) =>
  program.call<Seed>("POST", "/api/v1/payment/create-payment", {
    body: { order_id: orderId, method, ...(amount === undefined ? {} : { amount }) },
  });
const statusAndCode = ({ status, code }: Answer<unknown>) => [status, code];
/** How many payments the providers have received so far. */
const sent = async () => ((await program.lever("GET", "transactions")) as unknown[]).length;
/** Asserts that a request is refused without calling a provider. */
async function refused(what: () => Promise<Answer<unknown>>, code: string, why?: string): Promise<void> {
  const before = await sent();
  assert.deepEqual(statusAndCode(await what()), [422, code], why);
  assert.equal(await sent(), before, `${why ?? code}: no provider was called`);
}

describe("a huge amount", () => {
  it("an order of a huge amount is refused, and an order of the largest amount can be read", async () => {
    for (const amount of [
      "90071992547409.93",
      "9000000000000.01",
      90_071_992_547_409,
      "9000000000000000.00",
      9e300,
      "1" + "0".repeat(38),
    ]) {
      const { status, code } = await create({ amount });
      assert.deepEqual(
        [status, ["amount_too_large", "amount_malformed"].includes(code ?? "")],
        [422, true],
        String(amount),
      );
    }
    assert.deepEqual(statusAndCode(await create({ amount: "90071992547409.93" })), [422, "amount_too_large"]);
    const largest = await create({ amount: "9000000000000.00" });
    assert.equal(largest.status, 201);
    assert.equal(largest.body.data.amount, Number(MAX_ORDER_MINOR / 100n));
    assert.equal(
      (await program.call("GET", `/api/v1/payment/get-status-payment?order_id=${largest.body.data.order_id}`))
        .status,
      200,
    );
    await refused(() => pay(largest.body.data.order_id, "QRIS"), "amount_above_maximum");
  });

  it("a huge amount is refused by the fee calculator and the instructions", async () => {
    for (const amount of ["90071992547409.93", "8999999999999999.99"]) {
      assert.deepEqual(
        statusAndCode(await program.call("GET", `/api/v1/payment/fee-calculator?amount=${amount}`)),
        [422, "amount_too_large"],
      );
      assert.deepEqual(
        statusAndCode(await program.call("GET", `/api/v1/payment/instruction?code=QRIS2&amount=${amount}`)),
        [422, "amount_too_large"],
      );
    }
    assert.equal(
      (await program.call("GET", "/api/v1/payment/fee-calculator?amount=9000000000000")).status,
      200,
    );
  });

  it("a huge price is refused; at the largest price, repeated sales succeed", async () => {
    const product = (amount: string) =>
      program.call<{ id: string }>("POST", "/api/v1/products", {
        token: owner,
        headers: { "idempotency-key": newId() },
        body: { name: `Lukisan ${newId()}`, price: { amount, currency: "IDR" } },
      });
    assert.deepEqual(statusAndCode(await product("9000000000000.01")), [422, "amount_too_large"]);
    const made = await product("9000000000000.00");
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const price = { amount: "9000000000000.00", currency: "IDR" };
    const sale = (quantity: number, total = price, tendered = price) => ({
      id: newId(),
      lines: [{ product_id: made.body.id, quantity, unit_price: price }],
      total,
      tender: { method: "CASH", tendered },
    });
    const sell = (body: ReturnType<typeof sale>) =>
      program.call<SaleBody>("POST", "/api/v1/till/sales", {
        token: cashier,
        body,
        headers: { "idempotency-key": body.id },
      });
    for (let i = 0; i < 5; i++) assert.equal((await sell(sale(1))).status, 201);
    const twice = { amount: "18000000000000.00", currency: "IDR" };
    assert.deepEqual(statusAndCode(await sell(sale(2, twice, twice))), [422, "amount_too_large"]);
    assert.deepEqual(
      statusAndCode(await sell(sale(1, price, { amount: "9000000000000000.00", currency: "IDR" }))),
      [422, "amount_too_large"],
    );
    await program.assertBooksHold();
  });
});

describe("sen, where a provider takes whole rupiah", () => {
  it("sen are refused at the gateway, in an order and in a partial payment", async () => {
    const { body } = await create({ amount: "10000.50" });
    for (const method of ["QRIS", "QRIS2", "BRIVA", "DANA", "GOPAY"])
      await refused(() => pay(body.data.order_id, method), "amount_not_whole", method);
    const whole = (await create({ amount: 20_000 })).body.data.order_id;
    await refused(() => pay(whole, "QRIS", "5000.50"), "amount_not_whole");
    assert.equal((await pay(whole, "QRIS", "5000")).status, 201);
  });

  it("sen are refused at the till for QRIS; the same sale is taken in cash", async () => {
    const made = await program.call<{ id: string }>("POST", "/api/v1/products", {
      token: owner,
      headers: { "idempotency-key": newId() },
      body: { name: "Permen sen", price: { amount: "10000.50", currency: "IDR" } },
    });
    assert.equal(made.status, 201);
    const { products } = (
      await program.call<CatalogueBody>("GET", "/api/v1/till/catalogue", { token: cashier })
    ).body;
    const price = products.find(({ id }) => id === made.body.id)?.price;
    const sale = (tender: object) => ({
      id: newId(),
      lines: [{ product_id: made.body.id, quantity: 1, unit_price: price }],
      total: price,
      tender,
    });
    const sell = (body: { id: string }) =>
      program.call<SaleBody>("POST", "/api/v1/till/sales", {
        token: cashier,
        body,
        headers: { "idempotency-key": body.id },
      });
    await refused(() => sell(sale({ method: "QRIS" })), "amount_not_whole");
    assert.equal(
      (await sell(sale({ method: "CASH", tendered: { amount: "20000.00", currency: "IDR" } }))).status,
      201,
    );
    await program.assertBooksHold();
  });
});

describe("a customer's telephone number", () => {
  const open = async (customer_phone: string) => {
    const order = await create({ customer_phone });
    assert.equal(order.status, 201, customer_phone);
    return pay(order.body.data.order_id, "OVO");
  };

  it("a phone number is accepted in any common notation", async () => {
    for (const typed of [
      "0812 3456 7890",
      "+6281234567890",
      "+62081234567890",
      "0062 812 3456 7890",
      "62-812-3456-7890",
    ]) {
      assert.equal((await open(typed)).status, 201, typed);
    }
  });

  it("an order with an invalid phone number is refused", async () => {
    for (const typed of ["81234567890", "8123", "+0812", "12", "ini bukan nomor", ""])
      await refused(() => create({ customer_phone: typed }), "phone_invalid", typed);
  });

  it("a mobile number is required where the provider contacts the payer by it", async () => {
    const without = (await create()).body.data.order_id;
    await refused(() => pay(without, "OVO"), "phone_needed");
    for (const typed of ["021 555 0100", "+65 6123 4567"])
      await refused(() => open(typed), "phone_needed", typed);
    assert.equal((await pay(without, "QRIS2")).status, 201, "other channels need no number");
  });

  it("the same order id with the number in another notation is refused as a different order", async () => {
    const order = newOrder({ customer_phone: "0812 3456 7890" });
    const place = (body: object) => program.call("POST", "/api/v1/payment/create-transaction", { body });
    assert.deepEqual(
      [
        (await place(order)).status,
        (await place(order)).status,
        (await place({ ...order, customer_phone: "+6281234567890" })).status,
      ],
      [201, 201, 409],
    );
  });
});

describe("text that can't be stored", () => {
  for (const [what, bad] of [
    ["half a surrogate pair", "a\ud83d"],
    ["the other half", "\ude00b"],
    ["NUL", "a\u0000b"],
  ] as const) {
    it(`${what} is refused in every field, and the field is named`, async () => {
      const item = { name: "Kopi", price: 20_000, quantity: 1 };
      for (const [change, field] of [
        [{ order_items: [{ ...item, name: bad }] }, "body/order_items/0/name"],
        [{ order_items: [{ ...item, sku: bad }] }, "body/order_items/0/sku"],
        [{ customer_name: bad }, "body/customer_name"],
        [{ customer_email: `${bad}@contoh.invalid` }, "body/customer_email"],
      ] as const) {
        const answer = await program.call<{ params: { field: string } }>(
          "POST",
          "/api/v1/payment/create-transaction",
          { body: newOrder(change) },
        );
        assert.deepEqual(
          [answer.status, answer.code, answer.body.params.field],
          [422, "request_invalid", field],
        );
      }
      const key = () => ({ "idempotency-key": newId() });
      for (const [method, path, body, token] of [
        ["POST", "/api/v1/products", { name: bad, price: { amount: "1.00", currency: "IDR" } }, owner],
        ["POST", "/api/auth/login", { username: bad, password: bad }, undefined],
        ["POST", "/api/v1/till/devices", { code: bad }, undefined],
        ["POST", "/api/v1/payment/create-payment", { order_id: bad, method: "QRIS" }, undefined],
      ] as const) {
        assert.deepEqual(
          statusAndCode(
            await program.call(method, path, { body, headers: key(), ...(token ? { token } : {}) }),
          ),
          [422, "request_invalid"],
          path,
        );
      }
    });
  }

  it("text that can't be stored is refused in a URL too, and at any depth", async () => {
    assert.deepEqual(
      statusAndCode(await program.call("GET", "/api/v1/payment/get-status-payment?order_id=a%00b")),
      [422, "request_invalid"],
    );
    const raw = `{"order_id":${"[".repeat(50_000)}"\\ud800"${"]".repeat(50_000)}}`;
    const { status } = await program.call("POST", "/api/v1/payment/create-payment", { raw });
    assert.ok(status >= 400 && status < 500, String(status));
  });
});
