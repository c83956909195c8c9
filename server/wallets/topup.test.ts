import { newId, type TopupBody, type WalletLimitsBody } from "@onegate/contract";
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { DEMO_MERCHANT } from "../demo/index.ts";
import { balanceByCode } from "../ledger/index.ts";
import { openTestProgram, type TestProgram } from "../testing/program.ts";
import { until } from "../testing/until.ts";
import { newUser, ok, operator, type TestUser } from "../testing/wallet.ts";

let program: TestProgram;
let owner: TestUser;
before(async () => {
  program = await openTestProgram();
  owner = await operator(program);
});
after(() => program.close());

const W = "/api/v1/wallet";
const posted = async (code: string) =>
  (await balanceByCode(program.database.kysely, DEMO_MERCHANT, code))?.posted ?? 0n;
const balance = async (user: TestUser) => (await user.account()).balance;
const read = async (user: TestUser, { operation_id: id }: TopupBody) =>
  ok(await user.get<TopupBody>(`${W}/topups/${id}`));
const topUp = async (user: TestUser, amount = "50000", method = "QRIS") =>
  ok(await user.post<TopupBody>(`${W}/topups`, { method, amount }));
const lever = (topup: TopupBody, act: string) =>
  program.lever("POST", `transactions/${topup.payment?.reference}/${act}`);
const usedToday = async (user: TestUser) =>
  ok(await user.get<WalletLimitsBody>(`${W}/limits`)).limits.find(({ kind }) => kind === "TOPUP")?.used_today;

/** The callback that Tripay would send for a top-up of Rp 50.000 by QRIS. */
async function callBack({ payment }: TopupBody, status: string): Promise<void> {
  const { rows } = await program.database.pool.query<{ merchant_ref: string }>(
    "select merchant_ref from payment where payment_id = $1",
    [payment?.payment_id],
  );
  const raw = JSON.stringify({
    reference: payment?.reference,
    merchant_ref: rows[0]?.merchant_ref,
    payment_method: "QRIS",
    payment_method_code: payment?.channel,
    total_amount: 50_000,
    fee_merchant: 1_100,
    fee_customer: 0,
    total_fee: 1_100,
    amount_received: 48_900,
    is_closed_payment: 1,
    status,
    paid_at: 1_763_256_923,
    note: null,
  });
  const signature = createHmac("sha256", "onegate-demo-private-key").update(raw).digest("hex");
  assert.equal(
    (
      await program.call("POST", "/api/v1/providers/tripay/notifications", {
        raw,
        headers: { "x-callback-signature": signature, "x-callback-event": "payment_status" },
      })
    ).status,
    200,
  );
}

describe("a top-up", () => {
  it("a top-up returns what the payer needs, and is credited on the paid notification", async () => {
    const user = await newUser(program);
    const receivedBefore = await posted("received");
    const key = newId();
    const input = { method: "QRIS", amount: "50000.00" };
    const opened = await user.post<TopupBody>("/api/payment/wallet/topup", input, key);
    assert.deepEqual(
      [opened.status, opened.body.state, opened.body.step, opened.body.payment?.state],
      [201, "PENDING", "opened", "pending"],
    );
    assert.ok(opened.body.payment?.qr_string);
    const [waiting] = await user.history();
    assert.deepEqual(
      [
        waiting?.transaction_type,
        waiting?.transaction_status,
        waiting?.amount,
        waiting?.balance_before,
        waiting?.balance_after,
        waiting?.payment_method,
      ],
      ["TOPUP", "PENDING", "50000.00", "0.00", "0.00", "QRIS"],
    );

    const again = await Promise.all(
      Array.from({ length: 10 }, () => user.post<TopupBody>(`${W}/topups`, input, key)),
    );
    assert.deepEqual(
      [...new Set(again.map(({ body }) => body.payment?.payment_id))],
      [opened.body.payment?.payment_id],
      "one key is one payment",
    );
    assert.equal(
      (await user.post(`${W}/topups`, { ...input, amount: "60000" }, key)).code,
      "idempotency_key_reused",
    );

    await lever(opened.body, "pay");
    const done = await until(
      () => read(user, opened.body),
      ({ state }) => state === "SUCCESS",
    );
    assert.deepEqual(
      [done.step, done.settled, done.external_reference, await balance(user)],
      ["done", "50000.00", opened.body.payment?.reference, "50000.00"],
    );
    assert.equal(await posted("received"), receivedBefore, "nothing is left in received");
    const [row, none] = await user.history();
    assert.deepEqual(
      [
        row?.transaction_type,
        row?.transaction_status,
        row?.balance_before,
        row?.balance_after,
        row?.payment_method,
        none,
      ],
      ["TOPUP", "SUCCESS", "0.00", "50000.00", "QRIS", undefined],
    );
    await callBack(done, "PAID");
    assert.equal(await balance(user), "50000.00", "a repeated notification has no effect");
    await program.assertBooksHold();
  });

  it("a top-up works by each method in the table", async () => {
    const user = await newUser(program);
    for (const method of ["GOPAY", "SHOPEE_PAY", "QRIS"]) {
      const { payment, payment_method: named } = await topUp(user, "20000", method);
      assert.equal(named, method);
      assert.ok(payment?.qr_string ?? payment?.checkout_url, method);
    }
    assert.match((await topUp(user, "20000", "VIRTUAL_ACCOUNT")).payment?.pay_code ?? "", /^[0-9]{8,}$/);
  });

  it("refusals come in this order; a top-up without a payment is FAILED and uses no limit", async () => {
    const user = await newUser(program);
    const code = async (change: object) =>
      (await user.post(`${W}/topups`, { method: "QRIS", amount: "50000", ...change })).code;
    assert.equal(await code({ method: "DUKUN" }), "channel_unknown");
    assert.equal(await code({ method: "toString" }), "channel_unknown");
    assert.equal(await code({ amount: "0" }), "amount_not_positive");
    assert.equal(await code({ amount: "1e9" }), "amount_malformed");
    assert.equal(await code({ currency: "USD" }), "currency_unsupported");
    assert.equal(await code({ amount: "10000000.01" }), "limit_per_transaction");
    assert.deepEqual(await user.history(), [], "no operation was created");
    assert.equal(await code({ amount: "1" }), "amount_below_minimum");
    assert.equal((await user.history("?status=FAILED"))[0]?.amount, "1.00");
    assert.equal(await usedToday(user), "0.00");
  });

  it("a top-up not paid in time is FAILED; money that arrives later is still credited", async () => {
    const user = await newUser(program);
    const topup = await topUp(user);
    assert.equal(await usedToday(user), "50000.00");
    await lever(topup, "expire");
    const expired = await until(
      () => read(user, topup),
      ({ state }) => state !== "PENDING",
    );
    assert.deepEqual([expired.state, expired.step, await usedToday(user)], ["FAILED", "expired", "0.00"]);
    const [row] = await user.history();
    assert.deepEqual(
      [row?.transaction_status, row?.balance_before, row?.balance_after],
      ["FAILED", "0.00", "0.00"],
    );
    await callBack(topup, "PAID");
    assert.deepEqual(
      [(await read(user, topup)).state, await balance(user), await usedToday(user)],
      ["SUCCESS", "50000.00", "50000.00"],
    );
    assert.deepEqual(
      (await user.history()).map(({ transaction_status: status }) => status),
      ["SUCCESS"],
    );
    await program.assertBooksHold();
  });

  it("a top-up whose payment failed at the provider is FAILED", async () => {
    const user = await newUser(program);
    const topup = await topUp(user);
    await lever(topup, "fail");
    assert.equal(
      (
        await until(
          () => read(user, topup),
          ({ state }) => state !== "PENDING",
        )
      ).step,
      "failed",
    );
  });

  it("a top-up whose process stopped before its payment was opened is FAILED by the sweep", async () => {
    const user = await newUser(program);
    const topup = await topUp(user);
    await program.database.pool.query("delete from payment where order_id = $1", [
      `TOPUP-${topup.operation_id}`,
    ]);
    await program.database.pool.query(
      "update wallet_operation set created_at = now() - interval '11 minutes' where operation_id = $1",
      [topup.operation_id],
    );
    await program.database.pool.query("select graphile_worker.add_job('wallet:sweep')");
    assert.equal(
      (
        await until(
          () => read(user, topup),
          ({ state }) => state !== "PENDING",
        )
      ).step,
      "failed",
    );
  });

  it("a top-up of a suspended account waits in received, and is credited after reactivation", async () => {
    const user = await newUser(program);
    const topup = await topUp(user);
    const { account_id: id } = await user.account();
    ok(await owner.post(`${W}/accounts/${id}/suspend`));
    const before = await posted("received");
    await lever(topup, "pay");
    const waiting = await until(
      () => read(user, topup),
      ({ step }) => step !== "opened",
    );
    assert.deepEqual([waiting.state, waiting.step, await balance(user)], ["PENDING", "collected", "0.00"]);
    assert.match(waiting.note ?? "", /money waits/);
    assert.equal((await posted("received")) - before, 5_000_000n);
    assert.equal((await owner.post(`${W}/accounts/${id}/close`)).code, "account_not_empty");
    await program.assertBooksHold();
    ok(await owner.post(`${W}/accounts/${id}/activate`));
    assert.deepEqual(
      [(await read(user, topup)).state, await balance(user), (await posted("received")) - before],
      ["SUCCESS", "50000.00", 0n],
    );
    await program.assertBooksHold();
  });

  it("a refunded top-up is taken from the wallet first; what was spent is missing in suspense", async () => {
    const user = await newUser(program);
    const topup = await topUp(user);
    await lever(topup, "pay");
    await until(
      () => read(user, topup),
      ({ state }) => state === "SUCCESS",
    );
    ok(
      await user.post(`${W}/payments`, {
        destination_account: "ACC_DST_DEF",
        amount: "20000.00",
        currency: "IDR",
      }),
    );
    const [suspense, received] = [await posted("suspense"), await posted("received")];
    const refund = ok(
      await program.call<{ refund_id: string; state: string }>(
        "POST",
        `/api/v1/payments/${topup.payment?.payment_id}/refunds`,
        { body: { reason: "salah bayar" }, headers: { "idempotency-key": newId() } },
      ),
    );
    if (refund.state !== "succeeded") {
      ok(
        await program.call("POST", `/api/v1/refunds/${refund.refund_id}/decision`, {
          body: { done: true, reference: "TRF-1" },
          headers: { "idempotency-key": newId() },
        }),
      );
    }
    assert.deepEqual(
      [await balance(user), (await posted("suspense")) - suspense, (await posted("received")) - received],
      ["0.00", -2_000_000n, 0n],
    );
    const [row] = await user.history();
    assert.deepEqual(
      [row?.transaction_type, row?.amount, row?.balance_after],
      ["REFUND", "30000.00", "0.00"],
    );
    assert.equal((await read(user, topup)).refunded, "50000.00");
    await program.assertBooksHold();
  });

  it("several refunds of a top-up that one notification ends take no more than the wallet has", async () => {
    const user = await newUser(program);
    const topup = await topUp(user);
    await lever(topup, "pay");
    await until(
      () => read(user, topup),
      ({ state }) => state === "SUCCESS",
    );
    const payment = { destination_account: "ACC_DST_DEF", amount: "20000.00", currency: "IDR" };
    ok(await user.post(`${W}/payments`, payment));
    const [suspense, received] = [await posted("suspense"), await posted("received")];
    // two parts wait for a person; a refund of everything in the provider's dashboard ends both
    for (let part = 1; part <= 2; part++) {
      const { state } = ok(
        await program.call<{ state: string }>(
          "POST",
          `/api/v1/payments/${topup.payment?.payment_id}/refunds`,
          {
            body: { reason: "salah bayar", amount: "20000.00" },
            headers: { "idempotency-key": newId() },
          },
        ),
      );
      assert.equal(state, "manual");
    }
    await callBack(topup, "REFUND");
    assert.deepEqual(
      [await balance(user), (await posted("suspense")) - suspense, (await posted("received")) - received],
      ["0.00", -2_000_000n, 0n],
    );
    assert.equal((await read(user, topup)).refunded, "50000.00");
    await program.assertBooksHold();
  });

  it("a top-up refunded before it is credited is credited only with what is left of it", async () => {
    const [whole, part] = [await newUser(program), await newUser(program)];
    const before = await posted("received");
    for (const [user, amount] of [
      [whole, undefined],
      [part, "20000"],
    ] as const) {
      const topup = await topUp(user);
      const { account_id: id } = await user.account();
      ok(await owner.post(`${W}/accounts/${id}/suspend`));
      await lever(topup, "pay");
      await until(
        () => read(user, topup),
        ({ step }) => step === "collected",
      );
      const refund = ok(
        await program.call<{ refund_id: string; state: string }>(
          "POST",
          `/api/v1/payments/${topup.payment?.payment_id}/refunds`,
          {
            body: { reason: "salah bayar", ...(amount ? { amount } : {}) },
            headers: { "idempotency-key": newId() },
          },
        ),
      );
      if (refund.state !== "succeeded") {
        ok(
          await program.call("POST", `/api/v1/refunds/${refund.refund_id}/decision`, {
            body: { done: true, reference: "TRF-1" },
            headers: { "idempotency-key": newId() },
          }),
        );
      }
      ok(await owner.post(`${W}/accounts/${id}/activate`));
      const { state, settled, refunded } = await read(user, topup);
      assert.deepEqual(
        [state, settled, refunded, await balance(user)],
        amount ? ["SUCCESS", "30000.00", "20000.00", "30000.00"] : ["FAILED", "0.00", "50000.00", "0.00"],
      );
    }
    assert.equal(await posted("received"), before);
    await program.assertBooksHold();
  });

  it("a top-up fails when an operator cancels its order, and frees its limit", async () => {
    const user = await newUser(program);
    const topup = await topUp(user);
    assert.equal(await usedToday(user), "50000.00");
    ok(
      await program.call("POST", `/api/v1/orders/TOPUP-${topup.operation_id}/cancel`, {
        headers: { "idempotency-key": newId() },
      }),
    );
    const { state, step, payment } = await read(user, topup);
    assert.deepEqual(
      [state, step, payment?.state, await usedToday(user)],
      ["FAILED", "failed", "cancelled", "0.00"],
    );
  });

  it("twenty concurrent top-ups stay within the limits", async () => {
    const user = await newUser(program);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => user.post(`${W}/topups`, { method: "QRIS", amount: "3000000" })),
    );
    assert.equal(answers.filter(({ status }) => status === 201).length, 6, "6 × 3 of 20 million a day");
    assert.ok(
      answers.filter(({ status }) => status !== 201).every(({ code }) => code === "limit_per_day"),
      JSON.stringify(answers.map(({ code }) => code)),
    );
    await program.assertBooksHold();
  });
});
