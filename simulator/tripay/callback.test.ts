import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DEMO_CREDENTIAL, sign } from "./credential.ts";
import { openInbox, openShop, START, type Call, type Row } from "./testing/shop.ts";

const MINUTE = 60_000;
const no = { status: 200, body: '{"success":false}' };

function isSigned({ headers, body }: Call): boolean {
  return headers["x-callback-signature"] === sign(DEMO_CREDENTIAL.privateKey, body);
}

describe("a callback", () => {
  it("reports a payment in the documented format, signed over its bytes", async (t) => {
    const { create, control, wait } = await openShop(t);
    const inbox = await openInbox(t);
    const { data } = await create({ callback_url: inbox.url });
    await control("POST", `transactions/${String(data["reference"])}/pay`);
    await wait(0);
    const [call, ...others] = inbox.calls;
    assert.ok(call && others.length === 0 && isSigned(call));
    assert.deepEqual(
      [call.headers["x-callback-event"], call.headers["content-type"], call.headers["user-agent"]],
      [
        "payment_status",
        "application/json",
        "TriPay Payment/1.0 (+https://tripay.co.id/developer?tab=callback)",
      ],
    );
    assert.deepEqual(JSON.parse(call.body), {
      reference: data["reference"],
      merchant_ref: "INV1",
      payment_method: "QRIS",
      payment_method_code: "QRIS2",
      total_amount: 12_500,
      fee_merchant: 838,
      fee_customer: 0,
      total_fee: 838,
      amount_received: 11_662,
      is_closed_payment: 1,
      status: "PAID",
      paid_at: START,
      note: null,
    });
  });

  it("that is not answered with success is retried three times, every two minutes", async (t) => {
    const { create, control, wait } = await openShop(t);
    const inbox = await openInbox(
      t,
      no,
      { status: 500, body: '{"success":true}' },
      { status: 200, body: "OK" },
      no,
      no,
    );
    const { data } = await create({ callback_url: inbox.url });
    await control("POST", `transactions/${String(data["reference"])}/pay`);
    await wait(0);
    const sent = [inbox.calls.length];
    for (const ms of [2 * MINUTE - 1_000, 1_000, 2 * MINUTE, 2 * MINUTE, 2 * MINUTE, 60 * MINUTE]) {
      await wait(ms);
      sent.push(inbox.calls.length);
    }
    assert.deepEqual(sent, [1, 1, 2, 3, 4, 4, 4]);
    assert.equal(new Set(inbox.calls.map(({ body }) => body)).size, 1);
  });

  it("stops with the first success", async (t) => {
    const { create, control, wait } = await openShop(t);
    const inbox = await openInbox(t, no);
    const { data } = await create({ callback_url: inbox.url });
    await control("POST", `transactions/${String(data["reference"])}/pay`);
    for (const ms of [0, 2 * MINUTE, 2 * MINUTE, 2 * MINUTE]) await wait(ms);
    assert.equal(inbox.calls.length, 2);
  });

  it("does not follow a redirect", async (t) => {
    const { create, control, wait } = await openShop(t);
    const elsewhere = await openInbox(t);
    const inbox = await openInbox(t, { status: 307, body: "{}", location: elsewhere.url });
    const { data } = await create({ callback_url: inbox.url });
    await control("POST", `transactions/${String(data["reference"])}/pay`);
    await wait(0);
    assert.deepEqual([inbox.calls.length, elsewhere.calls.length], [1, 0]);
  });

  it("reports an expiry, by the simulator's clock", async (t) => {
    const { create, detail, wait } = await openShop(t);
    const inbox = await openInbox(t);
    const { data } = await create({ callback_url: inbox.url, expired_time: START + 900 });
    await wait(899_000);
    assert.equal((await detail(data["reference"]))["status"], "UNPAID");
    await wait(1_000);
    assert.equal((await detail(data["reference"]))["status"], "EXPIRED");
    assert.deepEqual(
      inbox.calls.map(({ body }) => (JSON.parse(body) as Row)["status"]),
      ["EXPIRED"],
    );
    assert.equal((JSON.parse(inbox.calls[0]?.body ?? "{}") as Row)["paid_at"], null);
  });

  it("is sent for one payment, and afterwards only for its refund", async (t) => {
    const { create, control } = await openShop(t);
    const { data } = await create();
    const act = async (name: string) =>
      (await control("POST", `transactions/${String(data["reference"])}/${name}`)).status;
    assert.deepEqual(
      [
        await act("refund"),
        await act("pay"),
        await act("pay"),
        await act("expire"),
        await act("refund"),
        await act("refund"),
      ],
      [409, 200, 409, 409, 200, 409],
    );
  });

  it("of a payment in time may be sent late, after that of the expiry", async (t) => {
    const { create, control, wait } = await openShop(t);
    const inbox = await openInbox(t);
    const { data } = await create({ callback_url: inbox.url });
    for (const name of ["expire", "pay"]) {
      assert.equal((await control("POST", `transactions/${String(data["reference"])}/${name}`)).status, 200);
      await wait(0);
    }
    assert.deepEqual(
      inbox.calls.map(({ body }) => (JSON.parse(body) as Row)["status"]),
      ["EXPIRED", "PAID"],
    );
  });
});

describe("a callback with a fault", () => {
  async function paidWith(t: Parameters<typeof openShop>[0], faults: Row) {
    const shop = await openShop(t);
    const inbox = await openInbox(t);
    const { data } = await shop.create({ callback_url: inbox.url });
    const path = `transactions/${String(data["reference"])}`;
    assert.equal((await shop.control("PUT", `${path}/faults`, faults)).success, true);
    await shop.control("POST", `${path}/pay`);
    await shop.wait(0);
    return { ...shop, inbox };
  }

  it("is signed with another key if forged", async (t) => {
    const { inbox } = await paidWith(t, { forged: true });
    assert.deepEqual(inbox.calls.map(isSigned), [false]);
  });

  it("has another amount under the old signature if altered", async (t) => {
    const { inbox } = await paidWith(t, { altered: true });
    const [call] = inbox.calls;
    assert.ok(call && !isSigned(call));
    assert.equal((JSON.parse(call.body) as Row)["total_amount"], 22_500);
  });

  it("is sent several times if duplicated", async (t) => {
    const { inbox } = await paidWith(t, { duplicates: 2 });
    assert.deepEqual(inbox.calls.map(isSigned), [true, true, true]);
  });

  it("is not sent if suppressed", async (t) => {
    const { inbox, wait } = await paidWith(t, { suppressed: true });
    await wait(10 * MINUTE);
    assert.equal(inbox.calls.length, 0);
  });

  it("is sent later if delayed", async (t) => {
    const { inbox, wait } = await paidWith(t, { delay_ms: 5_000 });
    assert.equal(inbox.calls.length, 0);
    await wait(5_000);
    assert.equal(inbox.calls.length, 1);
  });

  it("follows the faults set for all, until they are cleared", async (t) => {
    const { create, control, wait } = await openShop(t);
    const inbox = await openInbox(t);
    await control("PUT", "faults", { forged: true });
    for (const merchantRef of ["INV1", "INV2"]) {
      const { data } = await create({ callback_url: inbox.url, merchant_ref: merchantRef });
      await control("POST", `transactions/${String(data["reference"])}/pay`);
      await wait(0);
      await control("DELETE", "faults");
    }
    assert.deepEqual(inbox.calls.map(isSigned), [false, true]);
    assert.equal((await control("PUT", "faults", { no_such: true })).success, false);
  });

  it("may report another amount than requested", async (t) => {
    const { create, control, wait, detail } = await openShop(t);
    const inbox = await openInbox(t);
    const { data } = await create({ callback_url: inbox.url });
    await control("POST", `transactions/${String(data["reference"])}/pay`, { amount: 12_000 });
    await wait(0);
    const body = JSON.parse(inbox.calls[0]?.body ?? "{}") as Row;
    assert.deepEqual(
      [body["total_amount"], body["amount_received"], (await detail(data["reference"]))["amount"]],
      [12_000, 11_162, 12_000],
    );
  });
});
