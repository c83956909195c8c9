import { newId, type OrderBody, type RefundBody } from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { DEMO_MERCHANT } from "../demo/index.ts";
import { balanceByCode } from "../ledger/index.ts";
import { openTestProgram, type TestProgram } from "../testing/program.ts";
import { until } from "../testing/until.ts";
import { demoUser, newUserWith, ok, operator, type TestUser } from "../testing/wallet.ts";

let program: TestProgram;
let owner: TestUser;
let rich: TestUser;
before(async () => {
  program = await openTestProgram();
  owner = await operator(program);
  rich = await demoUser(program, "citra.contoh");
});
after(() => program.close());

const posted = async (code: string) =>
  (await balanceByCode(program.database.kysely, DEMO_MERCHANT, code))?.posted ?? 0n;
const balance = async (user: TestUser) => (await user.account()).balance;
const status = async (orderId: string) =>
  ok(await program.call<{ data: OrderBody }>("GET", `/api/v1/payment/get-status-payment?order_id=${orderId}`))
    .data;
const pay = (user: TestUser, code: string, key?: string) =>
  user.post("/api/v1/wallet/orders", { pay_code: code }, key);

let count = 0;
/** An order that waits for payment from a wallet. */
async function order(
  amount = 20_000,
  part?: number,
): Promise<{ orderId: string; payCode: string; paymentId: string }> {
  const orderId = `DOMPET-${++count}`;
  ok(
    await program.call("POST", "/api/v1/payment/create-transaction", {
      body: {
        order_id: orderId,
        amount,
        customer_name: "Andi Contoh",
        order_items: [{ name: "Kopi", price: amount, quantity: 1 }],
      },
    }),
  );
  return open(orderId, part);
}
async function open(
  orderId: string,
  part?: number,
): Promise<{ orderId: string; payCode: string; paymentId: string }> {
  const { payment } = ok(
    await program.call<{ data: OrderBody }>("POST", "/api/v1/payment/create-payment", {
      body: { order_id: orderId, method: "WALLET", ...(part === undefined ? {} : { amount: part }) },
    }),
  ).data;
  assert.ok(payment?.pay_code);
  assert.deepEqual(
    [payment.status, payment.total_fee, payment.qr_string],
    ["UNPAID", 0, `onegate:${payment.pay_code}`],
  );
  return { orderId, payCode: payment.pay_code, paymentId: payment.payment_id };
}
const refund = async (paymentId: string, amount?: number) =>
  ok(
    await program.call<RefundBody>("POST", `/api/v1/payments/${paymentId}/refunds`, {
      body: { reason: "Kopi tumpah", ...(amount === undefined ? {} : { amount }) },
      headers: { "idempotency-key": newId() },
    }),
  );

describe("paying an order from a wallet", () => {
  it("an order is paid immediately, and only once if the payment is repeated", async () => {
    const user = await newUserWith(program, rich, "50000");
    const received = await posted("received");
    const { orderId, payCode } = await order();
    const key = newId();
    const [first, ...repeats] = await Promise.all([
      pay(user, payCode, key),
      pay(user, payCode, key),
      pay(user, payCode, key),
    ]);
    assert.deepEqual(
      [first?.status, first?.body.state, first?.body.external_reference],
      [201, "SUCCESS", orderId],
    );
    for (const repeat of repeats) assert.deepEqual(repeat.body, first?.body);
    const paid = await status(orderId);
    assert.deepEqual(
      [paid.status, paid.payment?.status, paid.payment?.amount_received],
      ["PAID", "PAID", 20_000],
    );
    assert.deepEqual(
      [await balance(user), (await posted("received")) - received, await posted("clearing:wallet")],
      ["30000.00", 2_000_000n, 0n],
    );
    const [row] = await user.history();
    assert.deepEqual(
      [row?.transaction_type, row?.transaction_status, row?.amount, row?.balance_after, row?.payment_method],
      ["PAYMENT", "SUCCESS", "20000.00", "30000.00", "WALLET"],
    );
    assert.equal((await pay(user, payCode)).code, "payment_not_open", "another key does not pay it twice");
    await program.assertBooksHold();
  });

  it("of two users who pay an order at once, one pays it; several users can pay it in parts", async () => {
    const [one, other] = [
      await newUserWith(program, rich, "30000"),
      await newUserWith(program, rich, "30000"),
    ];
    const { payCode, orderId } = await order();
    const tried = await Promise.all([pay(one, `onegate:${payCode}`), pay(other, payCode)]);
    assert.deepEqual(
      tried.map(({ status: code }) => code).sort((a, b) => a - b),
      [201, 409],
    );
    assert.deepEqual([await balance(one), await balance(other)].sort(), ["10000.00", "30000.00"]);
    assert.equal((await status(orderId)).status, "PAID");

    const [from, to] = [await newUserWith(program, rich, "30000"), await newUserWith(program, rich, "30000")];
    const parted = await order(20_000, 5_000);
    ok(await pay(from, parted.payCode));
    assert.equal((await status(parted.orderId)).status, "PARTIAL");
    ok(await pay(to, (await open(parted.orderId)).payCode));
    assert.deepEqual(
      [(await status(parted.orderId)).status, await balance(from), await balance(to)],
      ["PAID", "25000.00", "15000.00"],
    );
    await program.assertBooksHold();
  });

  it("an order that is unknown, unaffordable, cancelled or expired takes no money", async () => {
    const user = await newUserWith(program, rich, "10000");
    assert.equal((await pay(user, "OG0")).code, "payment_unknown");
    const byQris =
      ok(
        await program.call<{ data: OrderBody }>("POST", "/api/v1/payment/create-payment", {
          body: { order_id: (await order()).orderId, method: "QRIS2" },
        }),
      ).data.payment?.payment_id ?? "";
    assert.equal((await pay(user, `OG${byQris.replaceAll("-", "")}`)).code, "payment_unknown");
    const { payCode, orderId, paymentId } = await order();
    assert.equal((await pay(user, payCode)).code, "insufficient_funds");
    assert.equal((await status(orderId)).status, "UNPAID", "the refusal changed nothing");
    await program.database.pool.query(
      "update payment set expires_at = now() - interval '1 second' where payment_id = $1",
      [paymentId],
    );
    assert.equal((await pay(rich, payCode)).code, "payment_not_open");
    await program.database.pool.query("update payment set ask_at = now() where payment_id = $1", [paymentId]);
    assert.equal(
      (
        await until(
          () => status(orderId),
          (now) => now.status !== "UNPAID",
        )
      ).status,
      "EXPIRED",
    );
    const given = await order();
    ok(
      await program.call("POST", `/api/v1/orders/${given.orderId}/cancel`, {
        headers: { "idempotency-key": newId() },
      }),
    );
    assert.equal((await pay(rich, given.payCode)).code, "payment_not_open");
    assert.equal(await balance(user), "10000.00");
    await program.assertBooksHold();
  });

  it("an order is refunded to the paying wallet in parts; a frozen wallet's by hand", async () => {
    const user = await newUserWith(program, rich, "20000");
    const { payCode, paymentId } = await order();
    const operation = ok(await pay(user, payCode));
    assert.deepEqual([(await refund(paymentId, 5_000)).state, await balance(user)], ["succeeded", "5000.00"]);
    assert.equal(
      (
        await owner.post(`/api/v1/wallet/payments/${operation.operation_id}/refunds`, {
          reason: "Di luar pesanan",
        })
      ).code,
      "payment_unknown",
      "past the order nothing is given back",
    );
    assert.deepEqual(
      [(await refund(paymentId)).state, await balance(user), await posted("clearing:wallet")],
      ["succeeded", "20000.00", 0n],
    );
    const history = await user.history();
    assert.deepEqual(history.map(({ transaction_type: type }) => type).slice(0, 3), [
      "REFUND",
      "REFUND",
      "PAYMENT",
    ]);

    const frozen = await newUserWith(program, rich, "20000");
    const second = await order();
    ok(await pay(frozen, second.payCode));
    ok(await owner.post(`/api/v1/wallet/accounts/${(await frozen.account()).account_id}/suspend`));
    assert.notEqual((await refund(second.paymentId)).state, "succeeded");
    await program.assertBooksHold();
  });
});
