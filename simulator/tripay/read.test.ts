import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openShop, START, type Row } from "./testing/shop.ts";

const API = "/api-sandbox";

describe("Tripay's read calls", () => {
  it("return a payment's time as a string in the detail and as a number in the list", async (t) => {
    const { create, control, call, detail } = await openShop(t);
    const { data } = await create();
    assert.equal((await detail(data["reference"]))["paid_at"], null);
    await control("POST", `transactions/${String(data["reference"])}/pay`);
    const paid = await detail(data["reference"]);
    assert.deepEqual([paid["status"], paid["paid_at"]], ["PAID", String(START)]);
    const { body } = await call("GET", `${API}/merchant/transactions?merchant_ref=INV1`);
    const [row] = body["data"] as Row[];
    assert.deepEqual([row?.["paid_at"], row?.["expired_at"], row?.["note"]], [START, START + 86_400, null]);
    assert.ok(row && !("expired_time" in row));
  });

  it("return a pay code as a string in the detail and, if it fits, as a number in the list", async (t) => {
    const { create, call, detail } = await openShop(t);
    const { data } = await create({ method: "BRIVA", merchant_ref: "VA1" });
    assert.equal(typeof (await detail(data["reference"]))["pay_code"], "string");
    const { body } = await call("GET", `${API}/merchant/transactions?merchant_ref=VA1`);
    assert.equal(String((body["data"] as Row[])[0]?.["pay_code"]), data["pay_code"]);
    assert.equal(typeof (body["data"] as Row[])[0]?.["pay_code"], "number");
  });

  it("return the status in a sentence, without data", async (t) => {
    const { create, call } = await openShop(t);
    const { data } = await create();
    const { body } = await call(
      "GET",
      `${API}/transaction/check-status?reference=${String(data["reference"])}`,
    );
    assert.deepEqual(body, { success: true, message: "Status transaksi saat ini UNPAID" });
  });

  it("return percent as a number in the parts of a fee and as a string in its total", async (t) => {
    const { call } = await openShop(t);
    const { body } = await call("GET", `${API}/merchant/payment-channel?code=QRIS2`);
    const [row] = body["data"] as Row[];
    assert.deepEqual(
      [row?.["fee_merchant"], row?.["total_fee"], row?.["fee_customer"]],
      [
        { flat: 750, percent: 0.7 },
        { flat: 750, percent: "0.70" },
        { flat: 0, percent: 0 },
      ],
    );
    assert.equal(((await call("GET", `${API}/merchant/payment-channel`)).body["data"] as Row[]).length, 20);
  });

  it("calculate a fee", async (t) => {
    const { call } = await openShop(t);
    const { body } = await call("GET", `${API}/merchant/fee-calculator?amount=100000&code=QRIS`);
    assert.deepEqual((body["data"] as Row[])[0]?.["total_fee"], { merchant: 1_450, customer: 0 });
  });

  it("explain how to pay, with or without HTML", async (t) => {
    const { call } = await openShop(t);
    const steps = async (query: string) =>
      JSON.stringify((await call("GET", `${API}/payment/instruction?code=BRIVA${query}`)).data);
    assert.ok((await steps("")).includes("<b>{{pay_code}}</b>"));
    assert.ok((await steps("&pay_code=8877&allow_html=0")).includes("nomor 8877"));
  });

  it("return a list in pages, and an empty list for an unknown merchant reference", async (t) => {
    const { create, call } = await openShop(t);
    for (const merchantRef of ["INV1", "INV2", "INV3"]) await create({ merchant_ref: merchantRef });
    const page = async (query: string) => (await call("GET", `${API}/merchant/transactions?${query}`)).body;
    const second = await page("per_page=2&page=2&sort=asc");
    assert.deepEqual(
      (second["data"] as Row[]).map((row) => row["merchant_ref"]),
      ["INV3"],
    );
    assert.deepEqual(second["pagination"], {
      sort: "asc",
      offset: { from: 3, to: 3 },
      current_page: 2,
      previous_page: 1,
      next_page: null,
      last_page: 2,
      per_page: 2,
      total_records: 3,
    });
    const none = await page("merchant_ref=INV");
    assert.deepEqual(
      [none["success"], none["data"], (none["pagination"] as Row)["total_records"]],
      [true, [], 0],
    );
  });

  it("show a merchant nothing of another's", async (t) => {
    const two = [
      { apiKey: "DEV-onegate-demo", privateKey: "onegate-demo-private-key", merchantCode: "T0001" },
      { apiKey: "DEV-other", privateKey: "other", merchantCode: "T0002" },
    ];
    const { create, call } = await openShop(t, { credentials: two });
    const { data } = await create();
    const detail = await call(
      "GET",
      `${API}/transaction/detail?reference=${String(data["reference"])}`,
      undefined,
      "DEV-other",
    );
    assert.deepEqual([detail.status, detail.success], [404, false]);
    assert.deepEqual(
      (await call("GET", `${API}/merchant/transactions`, undefined, "DEV-other")).body["data"],
      [],
    );
  });
});
