import { newId, type WithdrawalBody } from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { DEMO_MERCHANT } from "../demo/index.ts";
import { balanceByCode } from "../ledger/index.ts";
import { openTestProgram, type TestProgram } from "../testing/program.ts";
import { demoUser, newUserWith, ok, operator, type TestUser } from "../testing/wallet.ts";

let program: TestProgram;
let citra: TestUser;
let owner: TestUser;
before(async () => {
  program = await openTestProgram();
  citra = await demoUser(program, "citra.contoh");
  owner = await operator(program);
});
after(() => program.close());

const W = "/api/v1/wallet/withdrawals";
const posted = async (code: string) =>
  (await balanceByCode(program.database.kysely, DEMO_MERCHANT, code))?.posted ?? 0n;
const input = (amount: string, change: object = {}) => ({
  amount,
  bank: "BCA",
  account_number: "1234567890",
  account_name: "Pengguna Contoh",
  ...change,
});
const requestWithdrawal = async (user: TestUser, amount: string) =>
  ok(await user.post<WithdrawalBody>(W, input(amount)));
const decide = (id: string, what: string, body?: object, key?: string) =>
  owner.post<WithdrawalBody>(`${W}/${id}/${what}`, body, key);
const sums = async (user: TestUser) => {
  const { balance, available } = await user.account();
  return [balance, available];
};

describe("a withdrawal", () => {
  it("a withdrawal is reserved, approved by an operator, and paid out with a bank reference", async () => {
    const user = await newUserWith(program, citra, "1000.00");
    const bank = await posted("bank");
    const withdrawal = await requestWithdrawal(user, "600.00");
    assert.deepEqual(
      [withdrawal.state, withdrawal.step, await sums(user)],
      ["PENDING", "requested", ["1000.00", "400.00"]],
    );
    assert.equal((await user.post(W, input("400.01"))).code, "insufficient_funds");
    const [pending] = await user.history();
    assert.deepEqual(
      [
        pending?.transaction_type,
        pending?.transaction_status,
        pending?.amount,
        pending?.balance_after,
        pending?.payment_method,
      ],
      ["TRANSFER", "PENDING", "600.00", "1000.00", "BANK_TRANSFER"],
    );
    const { withdrawals } = ok(await owner.get<{ withdrawals: WithdrawalBody[] }>(W));
    assert.ok(
      withdrawals.some(
        ({ operation_id: id, account_number: number }) =>
          id === withdrawal.operation_id && number === "1234567890",
      ),
    );

    assert.equal(
      (await decide(withdrawal.operation_id, "pay", { bank_reference: "TRF-1" })).code,
      "withdrawal_decided",
      "not before it is approved",
    );
    assert.equal(ok(await decide(withdrawal.operation_id, "approve")).step, "approved");
    assert.equal((await decide(withdrawal.operation_id, "approve")).code, "withdrawal_decided");
    assert.equal(
      (await user.post(`${W}/${withdrawal.operation_id}/cancel`)).code,
      "withdrawal_decided",
      "it is on its way",
    );
    const key = newId();
    const paid = ok(await decide(withdrawal.operation_id, "pay", { bank_reference: "TRF-1" }, key));
    assert.deepEqual(
      [paid.state, paid.external_reference, await sums(user), (await posted("bank")) - bank],
      ["SUCCESS", "TRF-1", ["400.00", "400.00"], 60_000n],
      "the bank owes us less",
    );
    assert.deepEqual(
      (await decide(withdrawal.operation_id, "pay", { bank_reference: "TRF-1" }, key)).body,
      paid,
    );
    assert.equal(
      (await decide(withdrawal.operation_id, "pay", { bank_reference: "TRF-2" }, key)).code,
      "idempotency_key_reused",
    );
    assert.equal(
      (await decide(withdrawal.operation_id, "pay", { bank_reference: "TRF-2" })).code,
      "withdrawal_decided",
    );
    const [row] = await user.history();
    assert.deepEqual(
      [
        row?.transaction_type,
        row?.transaction_status,
        row?.external_reference,
        row?.balance_before,
        row?.balance_after,
      ],
      ["TRANSFER", "SUCCESS", "TRF-1", "1000.00", "400.00"],
    );
    await program.assertBooksHold();
  });

  it("twenty concurrent payouts of a withdrawal pay it once", async () => {
    const user = await newUserWith(program, citra, "100.00");
    const { operation_id: id } = await requestWithdrawal(user, "100.00");
    ok(await decide(id, "approve"));
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => decide(id, "pay", { bank_reference: `TRF-${i}` })),
    );
    assert.equal(answers.filter(({ status }) => status === 200).length, 1);
    assert.deepEqual(await sums(user), ["0.00", "0.00"]);
    await program.assertBooksHold();
  });

  it("a rejected, failed or cancelled withdrawal releases what was reserved", async () => {
    const user = await newUserWith(program, citra, "100.00");
    const rejected = ok(
      await decide((await requestWithdrawal(user, "100.00")).operation_id, "reject", {
        reason: "nama tidak cocok",
      }),
    );
    assert.deepEqual(
      [rejected.state, rejected.step, rejected.note, await sums(user)],
      ["CANCELLED", "rejected", "nama tidak cocok", ["100.00", "100.00"]],
    );
    assert.equal((await decide(rejected.operation_id, "approve")).code, "withdrawal_decided");

    const other = await requestWithdrawal(user, "100.00");
    assert.equal(
      (await decide(other.operation_id, "fail", { reason: "x" })).code,
      "withdrawal_decided",
      "only what was approved fails",
    );
    ok(await decide(other.operation_id, "approve"));
    const failed = ok(await decide(other.operation_id, "fail", { reason: "rekening ditutup" }));
    assert.deepEqual([failed.state, await sums(user)], ["FAILED", ["100.00", "100.00"]]);

    const third = await requestWithdrawal(user, "100.00");
    assert.equal(
      (await citra.post(`${W}/${third.operation_id}/cancel`)).code,
      "withdrawal_unknown",
      "another's",
    );
    assert.equal(ok(await user.post<WithdrawalBody>(`${W}/${third.operation_id}/cancel`)).state, "CANCELLED");
    assert.deepEqual(await sums(user), ["100.00", "100.00"]);
    assert.deepEqual((await user.history()).map(({ transaction_status: status }) => status).sort(), [
      "CANCELLED",
      "CANCELLED",
      "FAILED",
      "SUCCESS",
    ]);
    await program.assertBooksHold();
  });

  it("an invalid withdrawal is refused with its reason", async () => {
    const user = await newUserWith(program, citra, "100.00");
    const code = async (change: object) => (await user.post(W, input("1.00", change))).code;
    assert.equal(await code({ amount: "0" }), "amount_not_positive");
    assert.equal(await code({ amount: "1.234" }), "amount_too_precise");
    assert.equal(await code({ currency: "XXX" }), "currency_unknown");
    assert.equal(await code({ currency: "USD" }), "currency_unsupported");
    assert.equal(await code({ amount: "10000000.01" }), "limit_per_transaction");
    assert.equal(await code({ account_number: "DROP TABLE" }), "request_invalid");
    assert.equal((await decide(newId(), "approve")).code, "withdrawal_unknown");
    assert.equal(
      (await user.post(`${W}/${newId()}/approve`)).code,
      "forbidden",
      "users can't approve their own withdrawals",
    );
    assert.equal((await user.post(`${W}/${newId()}/cancel`)).code, "withdrawal_unknown");
    const { operation_id: id } = await requestWithdrawal(user, "100.00");
    ok(await decide(id, "approve"));
    const { account_id: account } = await user.account();
    ok(await owner.post(`/api/v1/wallet/accounts/${account}/suspend`));
    assert.equal((await decide(id, "pay", { bank_reference: "TRF-9" })).code, "account_frozen");
    ok(await decide(id, "fail", { reason: "akun dibekukan" }));
    await program.assertBooksHold();
  });
});

describe("a withdrawal of a closed user", () => {
  it("closing a user erases the bank accounts of withdrawals and the names in top-ups", async () => {
    const user = await newUserWith(program, await demoUser(program, "citra.contoh"), "900.00");
    const [number, holder] = ["9988776655443", "Pemilik Rekening Rahasia"];
    const withdrawal = ok(
      await user.post<WithdrawalBody>(
        "/api/v1/wallet/withdrawals",
        { amount: "900.00", bank: "BCA", account_number: number, account_name: holder },
        "leaving-1",
      ),
    );
    assert.deepEqual([withdrawal.account_number, withdrawal.account_name], [number, holder]);
    const again = await user.post<WithdrawalBody>(
      "/api/v1/wallet/withdrawals",
      { amount: "900.00", bank: "BCA", account_number: number, account_name: holder },
      "leaving-1",
    );
    assert.deepEqual([again.body, again.headers.get("idempotent-replayed")], [withdrawal, "true"]);
    const owner = await operator(program);
    ok(await owner.post(`/api/v1/wallet/withdrawals/${withdrawal.operation_id}/approve`));
    const paid = ok(
      await owner.post<WithdrawalBody>(
        `/api/v1/wallet/withdrawals/${withdrawal.operation_id}/pay`,
        { bank_reference: "TRF-1" },
        "leaving-paid",
      ),
    );
    assert.equal(paid.account_number, number);
    ok(await user.post("/api/v1/wallet/topups", { method: "QRIS", amount: "10000.00" }));
    assert.equal(
      (
        await program.call("DELETE", "/api/auth/account", {
          token: user.token,
          body: { password: "Senja-di-Lembang-77" },
        })
      ).status,
      204,
    );

    const { rows: tables } = await program.database.pool.query<{ name: string }>(
      `select c.oid::regclass::text as name
         from pg_class c
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')`,
    );
    for (const personal of [number, holder, user.name, `${user.name}@contoh.invalid`]) {
      for (const { name } of tables) {
        const { rowCount } = await program.database.pool.query(
          `select from ${name} as t where t::text like '%' || $1 || '%'`,
          [personal],
        );
        assert.equal(rowCount, 0, `${personal} in ${name}`);
      }
    }
    const kept = ok(
      await owner.post<WithdrawalBody>(
        `/api/v1/wallet/withdrawals/${withdrawal.operation_id}/pay`,
        { bank_reference: "TRF-1" },
        "leaving-paid",
      ),
    );
    assert.deepEqual(
      [kept.bank, kept.account_number, kept.external_reference, kept.settled],
      ["BCA", "", "TRF-1", "900.00"],
      "what the books need is there",
    );
    await program.assertBooksHold();
  });
});
