import { isQrisProblem, parseQris, IDR, money } from "@onegate/contract";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { channelOf, feeOn } from "./channels.ts";
import { DEMO_CREDENTIAL, signatureOfCreate } from "./credential.ts";
import { ask, createBody, openShop, START } from "./testing/shop.ts";

describe("a payment request", () => {
  it("is signed like the published vector", () => {
    const credential = { apiKey: "", privateKey: "ytf6ooi2gmlNPfpchd94jDOk8hRWOu", merchantCode: "T0001" };
    assert.equal(
      signatureOfCreate(credential, "INV55567", 1_500_000),
      "9f167eba844d1fcb369404e2bda53702e2f78f7aa12e91da6715414e65b8c86a",
    );
  });

  it("has the fees of Tripay's sandbox", () => {
    const qris = channelOf("QRIS2");
    assert.ok(qris);
    for (const [amount, fee] of [
      [32_500, 978],
      [12_000, 834],
      [6_000, 792],
      [13_500, 845],
      [192_080, 2_095],
      [10_000, 820],
    ] as const) {
      assert.equal(feeOn(amount, qris.fee), fee);
    }
    const ovo = channelOf("OVO");
    assert.ok(ovo);
    assert.deepEqual([feeOn(10_000, ovo.fee), feeOn(100_000, ovo.fee)], [1_000, 3_000]);
  });

  it("returns the documented fields, with the fee borne by the merchant", async (t) => {
    const { create } = await openShop(t);
    const { status, body, data } = await create();
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(body), ["success", "message", "data"]);
    assert.match(String(data["reference"]), /^DEV-T0001\d{6}[A-Z0-9]{5}$/);
    assert.deepEqual(
      [
        data["payment_method"],
        data["payment_name"],
        data["amount"],
        data["fee_merchant"],
        data["fee_customer"],
        data["total_fee"],
        data["amount_received"],
      ],
      ["QRIS2", "QRIS", 12_500, 838, 0, 838, 11_662],
    );
    assert.deepEqual(
      [data["status"], data["pay_code"], data["pay_url"], data["expired_time"]],
      ["UNPAID", null, null, START + 86_400],
    );
  });

  it("returns a readable QRIS over the same amount", async (t) => {
    const { data } = await (await openShop(t)).create();
    const qris = parseQris(String(data["qr_string"]));
    assert.ok(!isQrisProblem(qris));
    assert.deepEqual(
      [qris.amount, qris.merchantName, qris.additional.get("05")],
      [money(1_250_000n, IDR), "KOPI SENJA DEMO", data["reference"]],
    );
  });

  it("adds the fee if the customer bears it", async (t) => {
    const { create } = await openShop(t, { feePayer: "customer" });
    const { data } = await create({ amount: 10_000 });
    assert.deepEqual(
      [data["amount"], data["fee_customer"], data["fee_merchant"], data["amount_received"]],
      [10_820, 820, 0, 10_000],
    );
  });

  it("may be a form in PHP's format", async (t) => {
    const { simulator } = await openShop(t);
    const { order_items: _, ...plain } = createBody({ amount: 25_000 });
    const form = new URLSearchParams(
      Object.entries(plain).map(([name, value]) => [name, String(value as string | number)]),
    );
    for (const [index, price] of ["10000", "15000"].entries()) {
      form.set(`order_items[${index}][name]`, `Kopi ${index}`);
      form.set(`order_items[${index}][price]`, price);
      form.set(`order_items[${index}][quantity]`, "1");
    }
    const headers = { authorization: `Bearer ${DEMO_CREDENTIAL.apiKey}` };
    const { success, data } = await ask(`${simulator.url}/api/transaction/create`, {
      method: "POST",
      headers,
      body: form,
    });
    assert.equal(success, true);
    assert.equal((data["order_items"] as unknown[]).length, 2);
  });

  for (const [why, changes, message] of [
    ["a wrong signature", { signature: "0".repeat(64) }, "Invalid signature"],
    ["no signature", { signature: undefined }, "Invalid signature"],
    ["an unknown channel", { method: "GIRO" }, "Payment channel not found"],
    ["an amount below the minimum", { amount: 999 }, "Minimum amount is 1000"],
    ["an amount above the maximum", { amount: 5_000_001 }, "Maximum amount is 5000000"],
    ["an amount with decimals", { amount: 12_500.5 }, "The amount must be an integer"],
    [
      "a list of items with another total",
      { order_items: [{ name: "Kopi", price: 12_499, quantity: 1 }] },
      "The amount must equal the total of order items",
    ],
    [
      "an item with a negative price",
      { order_items: [{ name: "Diskon", price: -1, quantity: 1 }] },
      "The order items field is invalid",
    ],
    ["a request without items", { order_items: [] }, "The order items field is required"],
    ["an expiry too soon", { expired_time: START + 60 }, "Minimum expired time of QRIS2 is 10 minutes"],
    [
      "an expiry too late",
      { expired_time: START + 2 * 86_400 },
      "Maximum expired time of QRIS2 is 1440 minutes",
    ],
    [
      "a day for QRIS by ShopeePay, which public clients request",
      { method: "QRIS", expired_time: START + 86_400 },
      "Maximum expired time of QRIS is 60 minutes",
    ],
    [
      "a missing merchant_ref, which one client makes optional",
      { merchant_ref: undefined },
      "The merchant ref field is required",
    ],
    ["a channel of an older list", { method: "MYBVA" }, "Payment channel not found"],
    ["a missing name", { customer_name: " " }, "The customer name field is required"],
    ["OVO without a phone", { method: "OVO" }, "The customer phone field is required"],
    ["an invalid callback URL", { callback_url: "javascript:alert(1)" }, "The url format is invalid"],
  ] as const) {
    it(`${why} is refused, and nothing is created`, async (t) => {
      const { create, control } = await openShop(t);
      const { status, success, message: said } = await create(changes);
      assert.deepEqual([status, success, said], [400, false, message]);
      assert.deepEqual((await control("GET", "transactions")).data, []);
    });
  }

  it("with a wrong key is refused", async (t) => {
    const { call } = await openShop(t);
    const { success, message } = await call(
      "GET",
      "/api-sandbox/merchant/payment-channel",
      undefined,
      "DEV-other",
    );
    assert.deepEqual([success, message], [false, "Invalid API Key"]);
  });
});
