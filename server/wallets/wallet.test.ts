import {
  IDR,
  MAX_MINOR,
  money,
  newId,
  type OperationBody,
  type WalletAccountBody,
  type WalletBalanceBody,
  type WalletBody,
  type WalletDaysBody,
  type WalletHistoryBody,
  type WalletLimitsBody,
  type WalletStatementBody,
} from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { DEMO_MERCHANT } from "../demo/index.ts";
import { accountId, balanceByCode, createLedger } from "../ledger/index.ts";
import { openTestProgram, type TestProgram } from "../testing/program.ts";
import { until } from "../testing/until.ts";
import { demoUser, newUser, newUserWith, ok, operator, type TestUser } from "../testing/wallet.ts";
import { aliases } from "./aliases.ts";
import { lifecycles, next, STATES, type OperationEvent, type OperationKind, type Step } from "./operation.ts";

let program: TestProgram;
let andi: TestUser;
let citra: TestUser;
let dewi: TestUser;
let owner: TestUser;
before(async () => {
  program = await openTestProgram();
  andi = await demoUser(program, "andi.contoh");
  citra = await demoUser(program, "citra.contoh");
  dewi = await demoUser(program, "dewi.contoh");
  owner = await operator(program);
  // these tests together move more than the default limits of one day allow
  await program.database.pool.query(
    `insert into wallet_limit
     select $1, kind, 'IDR', null, null, null from unnest(array['PAYMENT', 'TRANSFER']) as kind`,
    [DEMO_MERCHANT],
  );
});
after(() => program.close());

const W = "/api/v1/wallet";
const posted = async (code: string) =>
  (await balanceByCode(program.database.kysely, DEMO_MERCHANT, code))?.posted ?? 0n;
const balance = async (user: TestUser) => (await user.account()).balance;
const paying = (amount: string, change: object = {}) => ({
  destination_account: "ACC_DST_DEF",
  amount,
  currency: "IDR",
  ...change,
});
const sending = (to: string, amount: string, change: object = {}) => ({
  to,
  amount,
  currency: "IDR",
  ...change,
});

describe("the lifecycle of a wallet operation", () => {
  it("the transitions of an operation are these", () => {
    const events: OperationEvent[] = ["collect", "finish", "approve", "reject", "release", "fail", "expire"];
    const page = (Object.keys(lifecycles) as OperationKind[]).flatMap((kind) =>
      (Object.keys(STATES) as Step[])
        .filter((step) => step in lifecycles[kind])
        .map(
          (step) =>
            `${kind} ${step} (${STATES[step]}): ` +
            events.map((event) => next(kind, step, event) ?? ".").join(" "),
        ),
    );
    assert.deepEqual(page, [
      "TOPUP opened (PENDING): collected done . . . failed expired",
      "TOPUP collected (PENDING): . done . . . failed .",
      "TOPUP expired (FAILED): collected done . . . . .",
      "TOPUP failed (FAILED): collected done . . . . .",
      "PAYMENT held (PENDING): . done . . released . expired",
      "WITHDRAWAL requested (PENDING): . . approved rejected released . .",
      "WITHDRAWAL approved (PENDING): . done . . . failed .",
    ]);
  });
});

describe("accounts", () => {
  it("the first use opens an empty rupiah account", async () => {
    const user = await newUser(program);
    const { accounts } = ok(await user.get<{ accounts: WalletAccountBody[] }>(`${W}/accounts`));
    assert.equal(accounts.length, 1);
    assert.deepEqual(
      [accounts[0]?.currency, accounts[0]?.balance, accounts[0]?.status],
      ["IDR", "0.00", "ACTIVE"],
    );
    assert.match(accounts[0]?.account_code ?? "", /^wallet:[0-9a-f-]{36}:IDR$/);
    assert.equal((await user.account()).account_id, accounts[0]?.account_id);
  });

  it("an account opens once in any currency of ISO 4217, with its minor unit", async () => {
    const user = await newUser(program);
    const key = newId();
    const first = await user.post<WalletAccountBody>(`${W}/accounts`, { currency: "KWD" }, key);
    assert.deepEqual([first.status, first.body.balance], [201, "0.000"]);
    const again = await user.post<WalletAccountBody>(`${W}/accounts`, { currency: "KWD" }, key);
    assert.deepEqual([again.body, again.headers.get("idempotent-replayed")], [first.body, "true"]);
    assert.equal(
      ok(await user.post<WalletAccountBody>(`${W}/accounts`, { currency: "KWD" })).account_id,
      first.body.account_id,
      "another key opens no second one",
    );
    assert.equal(ok(await user.post<WalletAccountBody>(`${W}/accounts`, { currency: "JPY" })).balance, "0");
    assert.equal((await user.post(`${W}/accounts`, { currency: "XXX" })).code, "currency_unknown");
    assert.equal((await user.post(`${W}/accounts`, { currency: "USD" }, key)).code, "idempotency_key_reused");
    assert.equal(
      (await user.get(`${W}/balance?currency=USD`)).code,
      "account_unknown",
      "only rupiah open by themselves",
    );
  });

  it("a closed user opens no account", async () => {
    const user = await newUser(program);
    ok(await user.get(W));
    assert.equal(
      (
        await program.call("DELETE", "/api/auth/account", {
          token: user.token,
          body: { password: "Senja-di-Lembang-77" },
        })
      ).status < 300,
      true,
    );
    // the access token is valid a while longer, but only to read
    assert.equal((await user.post(`${W}/accounts`, { currency: "USD" })).code, "unauthenticated");
    assert.equal((await citra.post(`${W}/transfers`, sending(user.name, "1.00"))).code, "user_unknown");
  });

  it("the older paths are aliases of the same resources", async () => {
    for (const [route, alias] of Object.entries(aliases)) {
      const [method = "", url = ""] = route.split(" ");
      if (method !== "GET") continue;
      const [one, other] = [await andi.get<object>(url), await andi.get<object>(alias)];
      assert.deepEqual([other.status, Object.keys(other.body)], [200, Object.keys(one.body)], alias);
      assert.equal(
        (await program.call("GET", alias)).code,
        "unauthenticated",
        "without a user there is no wallet",
      );
      assert.equal((await program.call("GET", alias, { token: owner.token })).code, "forbidden");
    }
    const { account, limits } = ok(await andi.get<WalletBody>("/api/payment/wallet"));
    assert.deepEqual([account.account_code, limits.length], ["ACC_001", 4]);
  });

  it("another user's account looks unknown in every request", async () => {
    const citraId = (await citra.account()).account_id;
    for (const path of ["balance?", "statement?", "limits?", "days?from=2026-01-01&to=2026-01-02&"]) {
      assert.equal((await andi.get(`${W}/${path}account_id=${citraId}`)).code, "account_unknown", path);
    }
    assert.deepEqual(await andi.history(`?account_id=${citraId}`), []);
    for (const [path, body] of [
      ["transfers", sending("dewi.contoh", "1.00")],
      ["payments", paying("1.00")],
      ["holds", paying("1.00")],
      ["topups", { method: "QRIS", amount: "10000" }],
      ["withdrawals", { amount: "1.00", bank: "BCA", account_number: "1234567890", account_name: "Andi" }],
    ] as const) {
      assert.equal(
        (await andi.post(`${W}/${path}`, { ...body, account_id: citraId })).code,
        "account_unknown",
        path,
      );
    }
    const done = ok(await citra.post(`${W}/payments`, paying("1.00")));
    assert.equal((await andi.get(`${W}/operations/${done.operation_id}`)).code, "operation_unknown");
    assert.equal((await andi.get(`${W}/topups/${done.operation_id}`)).code, "topup_unknown");
    assert.equal((await andi.get(`${W}/withdrawals/${done.operation_id}`)).code, "withdrawal_unknown");
  });

  it("a suspended account moves no money until it is active; only an empty one can be closed", async () => {
    const user = await newUserWith(program, citra, "5000.00");
    const { account_id: id } = await user.account();
    assert.equal((await user.post(`${W}/accounts/${id}/suspend`)).code, "forbidden");
    assert.equal(ok(await owner.post<WalletAccountBody>(`${W}/accounts/${id}/suspend`)).status, "SUSPENDED");
    for (const [path, body] of [
      ["transfers", sending("dewi.contoh", "1.00")],
      ["payments", paying("1.00")],
      ["holds", paying("1.00")],
      ["topups", { method: "QRIS", amount: "10000" }],
      ["withdrawals", { amount: "1.00", bank: "BCA", account_number: "1234567890", account_name: "Andi" }],
    ] as const) {
      assert.equal((await user.post(`${W}/${path}`, body)).code, "account_frozen", path);
    }
    assert.equal(
      (await citra.post(`${W}/transfers`, sending(user.name, "1.00"))).code,
      "user_unknown",
      "why is not for others to know",
    );
    assert.equal(await balance(user), "5000.00", "the balance is still shown");
    assert.equal((await owner.post(`${W}/accounts/${id}/close`)).code, "account_not_empty");
    assert.equal(ok(await owner.post<WalletAccountBody>(`${W}/accounts/${id}/activate`)).status, "ACTIVE");
    ok(await user.post(`${W}/transfers`, sending("citra.contoh", "5000.00")));
    assert.equal(ok(await owner.post<WalletAccountBody>(`${W}/accounts/${id}/close`)).status, "CLOSED");
    assert.equal((await owner.post(`${W}/accounts/${id}/activate`)).code, "account_frozen");
    assert.equal((await user.post(`${W}/payments`, paying("1.00"))).code, "account_frozen");
    for (const unknown of [newId(), accountId(DEMO_MERCHANT, "bank")])
      assert.equal((await owner.post(`${W}/accounts/${unknown}/suspend`)).code, "account_unknown");
  });
});

describe("a transfer to another user", () => {
  it("a transfer goes by username or telephone number and opens the recipient's account", async () => {
    const [one, other] = [await newUserWith(program, citra, "10000.00"), await newUser(program)];
    const sent = ok(
      await one.post(
        `${W}/transfers`,
        sending(` ${other.name.toUpperCase()} `, "2500.50", { description: "makan siang" }),
      ),
    );
    assert.deepEqual(
      [sent.kind, sent.state, sent.amount, sent.settled, sent.description],
      ["TRANSFER", "SUCCESS", "2500.50", "2500.50", "makan siang"],
    );
    ok(await one.post(`${W}/transfers`, sending("0812-0000-0001", "1000")));
    assert.deepEqual([await balance(one), await balance(other)], ["6499.50", "2500.50"]);
    const [row] = await other.history();
    assert.deepEqual(
      [
        row?.transaction_type,
        row?.transaction_status,
        row?.amount,
        row?.balance_before,
        row?.balance_after,
        row?.description,
      ],
      ["TRANSFER", "SUCCESS", "2500.50", "0.00", "2500.50", "makan siang"],
    );
    await program.assertBooksHold();
  });

  it("a transfer's refusals come in this order", async () => {
    const user = await newUserWith(program, citra, "100.00");
    const code = async (change: object) =>
      (await user.post(`${W}/transfers`, sending("andi.contoh", "1.00", change))).code;
    assert.equal(await code({ amount: "0" }), "amount_not_positive");
    assert.equal(await code({ amount: "1.001" }), "amount_too_precise");
    assert.equal(await code({ amount: "1e3" }), "amount_malformed");
    assert.equal(await code({ currency: "XXX" }), "currency_unknown");
    assert.equal(await code({ currency: "USD" }), "account_unknown");
    assert.equal(
      await code({ currency: "USD", account_id: (await user.account()).account_id }),
      "currency_differs",
    );
    assert.equal(await code({ to: "nobody.here" }), "user_unknown");
    assert.equal(await code({ to: "--" }), "user_unknown");
    assert.equal(await code({ to: user.name }), "accounts_same");
    assert.equal(await code({ amount: "100.01" }), "insufficient_funds");
    assert.equal(await code({ merchant_id: DEMO_MERCHANT }), "request_invalid");
    ok(await user.post(`${W}/accounts`, { currency: "USD" }));
    assert.equal(
      await code({ currency: "USD" }),
      "insufficient_funds",
      "a sender without money learns nothing about recipients",
    );
    assert.equal(
      (
        await program.call("POST", `${W}/transfers`, {
          token: user.token,
          body: sending("andi.contoh", "1.00"),
        })
      ).code,
      "idempotency_key_missing",
    );
    assert.equal(await balance(user), "100.00");
  });

  it("a transfer reveals no telephone numbers: refusals look alike, and are limited", async () => {
    const known = "0812-0000-0001";
    const unknown = "0812-9999-0001";
    const closed = await newUserWith(program, citra, "1.00");
    ok(await closed.post(`${W}/transfers`, sending("citra.contoh", "1.00")));
    const suspended = await newUser(program);
    ok(await owner.post(`${W}/accounts/${(await suspended.account()).account_id}/suspend`));
    assert.equal(
      (
        await program.call("DELETE", "/api/auth/account", {
          token: closed.token,
          body: { password: "Senja-di-Lembang-77" },
        })
      ).status,
      204,
    );

    const poor = await newUser(program);
    const answer = async (user: TestUser, to: string, change: object = {}) => {
      const { status, body } = await user.post<Record<string, unknown>>(
        `${W}/transfers`,
        sending(to, "1.00", change),
      );
      return JSON.stringify([status, { ...body, request_id: "" }]);
    };
    await Promise.all([poor.account(), ok(await poor.post(`${W}/accounts`, { currency: "USD" }))]);
    assert.equal(
      new Set(
        await Promise.all([known, unknown, closed.name, suspended.name, "--"].map((to) => answer(poor, to))),
      ).size,
      1,
    );
    assert.equal(
      new Set(await Promise.all([known, unknown].map((to) => answer(poor, to, { currency: "USD" })))).size,
      1,
    );

    const rich = await newUserWith(program, citra, "100.00");
    assert.equal(
      new Set(
        await Promise.all(
          [unknown, closed.name, suspended.name, "nobody.here", "--"].map((to) => answer(rich, to)),
        ),
      ).size,
      1,
    );
    const probes = await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        rich.post(`${W}/transfers`, sending(`0812-9999-${1000 + n}`, "0.01")),
      ),
    );
    const answered = probes.filter(({ code }) => code === "user_unknown");
    assert.ok(
      answered.length <= 20 &&
        probes.every(({ code }) => code === "user_unknown" || code === "too_many_requests"),
      `${answered.length} of ${probes.length} were answered`,
    );
    const later = await rich.post(`${W}/transfers`, sending(known, "0.01"));
    assert.deepEqual(
      [later.status, later.code, Number(later.headers.get("retry-after")) >= 1],
      [429, "too_many_requests", true],
      "also for a registered number",
    );
    assert.equal(
      (await citra.post(`${W}/transfers`, sending(known, "0.01"))).status,
      201,
      "other users are not delayed",
    );
  });

  it("repeated profile changes, which would reveal taken numbers, are limited", async () => {
    const user = await newUser(program);
    const change = (n: number) =>
      program.call("PATCH", "/api/auth/profile", {
        token: user.token,
        body: { phone: `+62813${String(n).padStart(8, "0")}` },
      });
    const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => change(n)));
    assert.ok(
      answers.filter(({ status }) => status !== 429).length <= 21,
      "twenty, and one until the pause begins",
    );
    assert.ok(answers.some(({ code }) => code === "too_many_requests"));
  });

  it("faults 1 and 2: twenty requests of one key make one transfer; other content is refused", async () => {
    const user = await newUserWith(program, citra, "1000.00");
    const key = newId();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => user.post(`${W}/transfers`, sending("andi.contoh", "10.00"), key)),
    );
    assert.equal(new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size, 1);
    assert.equal(answers.filter(({ headers }) => headers.get("idempotent-replayed") === "true").length, 19);
    assert.equal(
      (await user.post(`${W}/transfers`, sending("andi.contoh", "11.00"), key)).code,
      "idempotency_key_reused",
    );
    assert.equal(await balance(user), "990.00");
    assert.notEqual(
      ok(await citra.post(`${W}/transfers`, sending("andi.contoh", "10.00"), key)).operation_id,
      answers[0]?.body.operation_id,
    );
  });

  it("a refused transfer leaves its key free", async () => {
    const user = await newUser(program);
    const key = newId();
    assert.equal(
      (await user.post(`${W}/transfers`, sending("andi.contoh", "10.00"), key)).code,
      "insufficient_funds",
    );
    ok(await citra.post(`${W}/transfers`, sending(user.name, "10.00")));
    assert.equal((await user.post(`${W}/transfers`, sending("andi.contoh", "10.00"), key)).status, 201);
  });
});

describe("a payment", () => {
  it("a payment goes to a wallet account by its code, never to an account of the shop", async () => {
    const user = await newUserWith(program, citra, "50000.00");
    const before = await posted("ACC_DST_DEF");
    const paid = ok(await user.post(`${W}/payments`, paying("12500.00")));
    assert.deepEqual([paid.kind, paid.state, paid.payment_method], ["PAYMENT", "SUCCESS", "WALLET"]);
    assert.equal((await posted("ACC_DST_DEF")) - before, 1_250_000n);
    for (const own of ["bank", "suspense", "sales", "ACC_NOBODY"])
      assert.equal(
        (await user.post(`${W}/payments`, paying("1.00", { destination_account: own }))).code,
        "payee_unknown",
        own,
      );
    assert.equal(
      (
        await user.post(
          `${W}/payments`,
          paying("1.00", { destination_account: (await user.account()).account_code }),
        )
      ).code,
      "accounts_same",
    );
    assert.equal((await user.post(`${W}/payments`, paying("37500.01"))).code, "insufficient_funds");
  });

  it("fault 10: twenty concurrent partial refunds never exceed the payment", async () => {
    const user = await newUserWith(program, citra, "1000.00");
    const paid = ok(await user.post(`${W}/payments`, paying("1000.00")));
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        dewi.post(`${W}/payments/${paid.operation_id}/refunds`, {
          amount: "150.00",
          reason: "barang kurang",
        }),
      ),
    );
    assert.equal(answers.filter(({ status }) => status === 201).length, 6, "6 × 150 of 1000");
    for (const { code } of answers.filter(({ status }) => status !== 201))
      assert.equal(code, "refund_exceeds");
    assert.equal(await balance(user), "900.00");
    assert.equal(
      ok(await user.get<OperationBody>(`${W}/operations/${paid.operation_id}`)).refunded,
      "900.00",
    );
    const rest = ok(await owner.post(`${W}/payments/${paid.operation_id}/refunds`, { reason: "sisanya" }));
    assert.deepEqual([rest.kind, rest.amount, rest.original_id], ["REFUND", "100.00", paid.operation_id]);
    assert.equal(
      (await owner.post(`${W}/payments/${paid.operation_id}/refunds`, { reason: "lagi" })).code,
      "refund_exceeds",
    );
    assert.equal(await balance(user), "1000.00");
    await program.assertBooksHold();
  });

  it("only the payee or an operator can refund a payment, from what the payee has", async () => {
    const [payer, payee] = [await newUserWith(program, citra, "500.00"), await newUser(program)];
    const paid = ok(
      await payer.post(
        `${W}/payments`,
        paying("500.00", { destination_account: (await payee.account()).account_code }),
      ),
    );
    const refunds = `${W}/payments/${paid.operation_id}/refunds`;
    assert.equal((await payer.post(refunds, { reason: "saya mau" })).code, "payment_unknown");
    assert.equal((await citra.post(refunds, { reason: "orang lain" })).code, "payment_unknown");
    assert.equal((await payee.post(refunds, { amount: "0", reason: "nol" })).code, "amount_not_positive");
    assert.equal(
      (await payee.post(`${W}/payments/${newId()}/refunds`, { reason: "tidak ada" })).code,
      "payment_unknown",
    );
    const sent = ok(await payee.post(`${W}/transfers`, sending("andi.contoh", "400.00")));
    assert.equal(
      (await owner.post(`${W}/payments/${sent.operation_id}/refunds`, { reason: "transfer" })).code,
      "payment_unknown",
      "a transfer is no payment",
    );
    assert.equal((await payee.post(refunds, { reason: "semua" })).code, "insufficient_funds");
    const key = newId();
    const given = await payee.post(refunds, { amount: "100.00", reason: "sebagian" }, key);
    assert.equal(given.status, 201);
    assert.deepEqual(
      (await payee.post(refunds, { amount: "100.00", reason: "sebagian" }, key)).body,
      given.body,
    );
    assert.equal(await balance(payer), "100.00");
  });
});

describe("a hold", () => {
  const holding = async (amount: string, more: object = {}) => {
    const payer = await newUserWith(program, citra, amount);
    const payee = await newUser(program);
    const held = ok(
      await payer.post(
        `${W}/holds`,
        paying(amount, { destination_account: (await payee.account()).account_code, ...more }),
      ),
    );
    return { payer, payee, held, path: `${W}/holds/${held.operation_id}` };
  };

  it("the payee captures a hold in parts, and never more than was held", async () => {
    const { payer, payee, held, path } = await holding("1000.00");
    assert.deepEqual([held.state, held.step, (await payer.account()).available], ["PENDING", "held", "0.00"]);
    assert.equal((await payer.post(`${W}/payments`, paying("0.01"))).code, "insufficient_funds");
    assert.equal(
      (await payer.post(`${path}/capture`, {})).code,
      "hold_unknown",
      "the payer can no longer decide",
    );
    assert.deepEqual(
      [ok(await payee.post(`${path}/capture`, { amount: "300.00" })).settled, await balance(payer)],
      ["300.00", "700.00"],
    );
    assert.equal((await payee.post(`${path}/capture`, { amount: "700.01" })).code, "hold_exceeded");
    assert.equal((await payee.post(`${path}/capture`, { amount: "-1" })).code, "amount_not_positive");
    const pending = (await payer.history("?status=PENDING"))[0];
    assert.deepEqual(
      [pending?.transaction_type, pending?.amount, pending?.balance_before, pending?.balance_after],
      ["PAYMENT", "700.00", "700.00", "700.00"],
    );
    const key = newId();
    const last = ok(await payee.post(`${path}/capture`, {}, key));
    assert.deepEqual([last.state, last.settled], ["SUCCESS", "1000.00"]);
    assert.deepEqual((await payee.post(`${path}/capture`, {}, key)).body, last);
    assert.equal((await payee.post(`${path}/capture`, {})).code, "hold_ended");
    assert.equal((await payee.post(`${path}/release`)).code, "hold_ended");
    assert.equal(
      ok(
        await payee.post(`${W}/payments/${held.operation_id}/refunds`, {
          amount: "1000.00",
          reason: "batal",
        }),
      ).amount,
      "1000.00",
      "what was captured can be given back",
    );
    assert.equal(
      (await payee.post(`${W}/payments/${held.operation_id}/refunds`, { amount: "0.01", reason: "batal" }))
        .code,
      "refund_exceeds",
    );
    await program.assertBooksHold();
  });

  it("twenty concurrent captures take no more than was held", async () => {
    const { payer, payee, path } = await holding("100.00");
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => payee.post(`${path}/capture`, { amount: "15.00" })),
    );
    assert.equal(answers.filter(({ status }) => status === 200).length, 6);
    assert.ok(answers.filter(({ status }) => status !== 200).every(({ code }) => code === "hold_exceeded"));
    assert.deepEqual(
      [await balance(payer), await balance(payee), (await payer.account()).held],
      ["10.00", "90.00", "10.00"],
    );
  });

  it("a released hold is CANCELLED if nothing was captured, or else done with that part", async () => {
    const whole = await holding("100.00");
    assert.equal((await whole.payer.post(`${whole.path}/release`)).code, "hold_unknown");
    assert.deepEqual(
      [ok(await owner.post(`${whole.path}/release`)).state, (await whole.payer.account()).available],
      ["CANCELLED", "100.00"],
    );
    const [row] = await whole.payer.history("?status=CANCELLED");
    assert.deepEqual(
      [row?.transaction_type, row?.amount, row?.balance_before, row?.balance_after],
      ["PAYMENT", "100.00", "100.00", "100.00"],
    );

    const part = await holding("100.00");
    ok(await part.payee.post(`${part.path}/capture`, { amount: "40.00" }));
    const released = ok(await part.payee.post(`${part.path}/release`));
    assert.deepEqual(
      [released.state, released.settled, (await part.payer.account()).available],
      ["SUCCESS", "40.00", "60.00"],
    );

    const final = await holding("100.00");
    const taken = ok(await final.payee.post(`${final.path}/capture`, { amount: "40.00", final: true }));
    assert.deepEqual([taken.state, (await final.payer.account()).available], ["SUCCESS", "60.00"]);
    assert.equal((await owner.post(`${W}/holds/${newId()}/release`)).code, "hold_unknown");
  });

  it("a hold expires by the ledger's clock, and its payment shows it", async () => {
    const { payer, payee, held, path } = await holding("100.00", { expires_in: 1 });
    // larger than the hold, so that a capture before the expiry takes nothing
    const code = await until(
      async () => (await payee.post(`${path}/capture`, { amount: "100.01" })).code,
      (one) => one !== "hold_exceeded",
    );
    assert.ok(code === "hold_expired" || code === "hold_ended");
    await program.database.pool.query("select graphile_worker.add_job('ledger:expire_holds')");
    await until(
      () => payer.account(),
      ({ held: sum }) => sum === "0.00",
    );
    await program.database.pool.query("select graphile_worker.add_job('wallet:sweep')");
    const ended = await until(
      async () => ok(await payer.get<OperationBody>(`${W}/operations/${held.operation_id}`)),
      ({ state }) => state !== "PENDING",
    );
    assert.deepEqual([ended.state, ended.step], ["FAILED", "expired"]);
    assert.equal((await payer.history("?status=FAILED"))[0]?.transaction_id, held.operation_id);
  });
});

describe("limits", () => {
  const limited = async (
    kind: string,
    limits: [bigint | null, bigint | null, bigint | null],
    work: () => Promise<void>,
  ) => {
    const { pool } = program.database;
    await pool.query(
      `insert into wallet_limit values ($1, $2, 'IDR', $3, $4, $5)
       on conflict (merchant_id, kind, currency) do update
          set per_transaction = excluded.per_transaction, per_day = excluded.per_day,
              per_month = excluded.per_month`,
      [DEMO_MERCHANT, kind, ...limits],
    );
    try {
      await work();
    } finally {
      await pool.query(
        `update wallet_limit
            set per_transaction = null, per_day = null, per_month = null
          where merchant_id = $1 and kind = $2`,
        [DEMO_MERCHANT, kind],
      );
    }
  };

  it("twenty concurrent payments stay within the limits", async () => {
    const user = await newUserWith(program, citra, "10000.00");
    await limited("PAYMENT", [20_000n, 100_000n, null], async () => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => user.post(`${W}/payments`, paying("150.00"))),
      );
      assert.equal(answers.filter(({ status }) => status === 201).length, 6, "6 × 150 of 1000 a day");
      assert.ok(answers.filter(({ status }) => status !== 201).every(({ code }) => code === "limit_per_day"));
      assert.equal((await user.post(`${W}/payments`, paying("200.01"))).code, "limit_per_transaction");
      assert.equal(
        ok(await user.post(`${W}/payments`, paying("100.00"))).state,
        "SUCCESS",
        "to the last sen",
      );
      assert.equal(await balance(user), "9000.00");
      const { limits } = ok(await user.get<WalletLimitsBody>(`${W}/limits`));
      assert.deepEqual(
        limits.find(({ kind }) => kind === "PAYMENT"),
        {
          kind: "PAYMENT",
          per_transaction: "200.00",
          per_day: "1000.00",
          per_month: null,
          used_today: "1000.00",
          used_this_month: "1000.00",
        },
      );
    });
  });

  it("limits count the month, and released holds use nothing", async () => {
    const user = await newUserWith(program, citra, "10000.00");
    await limited("PAYMENT", [null, null, 50_000n], async () => {
      const held = ok(await user.post(`${W}/holds`, paying("500.00")));
      assert.equal((await user.post(`${W}/payments`, paying("0.01"))).code, "limit_per_month");
      ok(await owner.post(`${W}/holds/${held.operation_id}/capture`, { amount: "200.00", final: true }));
      assert.equal((await user.post(`${W}/payments`, paying("300.01"))).code, "limit_per_month");
      ok(await user.post(`${W}/payments`, paying("300.00")));
    });
  });

  it("the default limits are those of Bank Indonesia's rules", async () => {
    const { limits } = ok(await andi.get<WalletLimitsBody>(`${W}/limits`));
    const {
      per_transaction: once,
      per_day: day,
      per_month: month,
    } = limits.find(({ kind }) => kind === "TOPUP") ?? assert.fail();
    assert.deepEqual([once, day, month], ["10000000.00", "20000000.00", "40000000.00"]);
  });
});

describe("what a user reads", () => {
  it("a balance as of a moment, a statement page by page, and the days", async () => {
    const user = await newUserWith(program, citra, "1000.00");
    const first = ok(await user.get<WalletBalanceBody>(`${W}/balance`));
    for (let i = 0; i < 6; i += 1) ok(await user.post(`${W}/payments`, paying("100.00")));
    const at = encodeURIComponent(first.at);
    assert.deepEqual(
      [
        ok(await user.get<WalletBalanceBody>(`${W}/balance?at=${at}`)).balance,
        ok(await user.get<WalletBalanceBody>(`${W}/balance?at=2020-01-01T00:00:00Z`)).balance,
        await balance(user),
      ],
      ["1000.00", "0.00", "400.00"],
    );
    for (const no of ["yesterday", "-200000-01-01T00:00:00Z", "%2B275000-01-01T00:00:00Z"])
      assert.equal((await user.get(`${W}/balance?at=${no}`)).code, "request_invalid", no);
    assert.equal((await user.get(`${W}/balance?currency=XXX`)).code, "currency_unknown");

    const seen: string[] = [];
    let cursor = "";
    do {
      const page = ok(await user.get<WalletStatementBody>(`${W}/statement?limit=3${cursor}`));
      seen.push(...page.entries.map((entry) => `${entry.amount} = ${entry.balance_after}`));
      cursor = page.next_cursor === null ? "" : `&cursor=${page.next_cursor}`;
    } while (cursor !== "");
    assert.deepEqual(seen, [
      "-100.00 = 400.00",
      "-100.00 = 500.00",
      "-100.00 = 600.00",
      "-100.00 = 700.00",
      "-100.00 = 800.00",
      "-100.00 = 900.00",
      "1000.00 = 1000.00",
    ]);

    const today = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Jakarta" }).format(new Date());
    const { days } = ok(await user.get<WalletDaysBody>(`${W}/days?from=${today}&to=${today}`));
    assert.deepEqual(days, [
      { day: today, opening: "0.00", came_in: "1000.00", went_out: "600.00", closing: "400.00" },
    ]);
    assert.equal((await user.get(`${W}/days?from=${today}&to=2020-01-01`)).code, "request_invalid");
    assert.equal((await user.get(`${W}/days?from=2020-01-01&to=2026-01-01`)).code, "request_invalid");
    assert.equal((await user.get(`${W}/days?from=2026-02-30&to=2026-03-01`)).code, "request_invalid");
  });

  it("a history page by page, by type and state, without duplicates or gaps", async () => {
    const user = await newUserWith(program, citra, "1000.00");
    for (let i = 0; i < 7; i += 1)
      ok(await user.post(`${W}/payments`, paying("10.00", { description: `no ${i}` })));
    ok(await user.post(`${W}/holds`, paying("10.00")));
    const seen: string[] = [];
    let cursor = "";
    do {
      const page = ok(await user.get<WalletHistoryBody>(`${W}/history?limit=2${cursor}`));
      seen.push(...page.transactions.map(({ transaction_id: id }) => id));
      cursor = page.next_cursor === null ? "" : `&cursor=${page.next_cursor}`;
    } while (cursor !== "");
    assert.deepEqual([seen.length, new Set(seen).size], [9, 9]);
    assert.equal((await user.history("?type=TRANSFER")).length, 1);
    assert.equal((await user.history("?type=PAYMENT&status=PENDING")).length, 1);
    assert.equal((await user.get(`${W}/history?cursor=bm90aGluZw`)).code, "request_invalid");
  });

  it("amounts beyond numeric(15,2) are null in the views, which still work", async () => {
    const user = await newUser(program);
    const { account_id: id } = await user.account();
    const ledger = createLedger(program.database, { concurrency: 1, queue: 10 });
    const post = (debit: string, credit: string) =>
      ledger.post(DEMO_MERCHANT, {
        id: newId(),
        kind: "topup",
        debit,
        credit,
        amount: money(MAX_MINOR, IDR),
      });
    const bank = accountId(DEMO_MERCHANT, "bank");
    assert.ok("posted" in (await post(bank, id)));
    const { rows } = await program.database.pool.query<{ balance: string | null }>(
      "select balance from accounts where id = $1",
      [id],
    );
    assert.deepEqual(rows, [{ balance: null }]);
    const [row] = await user.history();
    assert.deepEqual([row?.amount, row?.balance_before, row?.balance_after], [null, "0.00", null]);
    assert.equal(await balance(user), "9000000000000000.00", "the ledger has the amount");
    assert.equal(
      (await program.database.pool.query("select from accounts where balance is null")).rowCount,
      1,
    );
    assert.ok("posted" in (await post(id, bank)));
  });

  it("an account's updated_at is the time of its last entry", async () => {
    const user = await newUserWith(program, citra, "10.00");
    const { account_id: id } = await user.account();
    const { rows } = await program.database.pool.query<{ fits: boolean }>(
      `select v.updated_at = max(e.posted_at) as fits
         from accounts v
         join ledger_entry e on e.account_id = v.id
        where v.id = $1
        group by v.updated_at`,
      [id],
    );
    assert.deepEqual(rows, [{ fits: true }]);
  });
});

describe("after all these tests", () => {
  it("the books balance, every transaction has its own id, and keys are required", async () => {
    const { rows } = await program.database.pool.query<{ all: bigint; ids: bigint }>(
      "select count(*) as all, count(distinct transaction_id) as ids from historical_transactions",
    );
    assert.equal(rows[0]?.all, rows[0]?.ids);
    for (const path of [
      "accounts",
      "transfers",
      "payments",
      "holds",
      "withdrawals",
      `holds/${newId()}/capture`,
      `holds/${newId()}/release`,
      `payments/${newId()}/refunds`,
      `withdrawals/${newId()}/cancel`,
    ]) {
      const body =
        path === "accounts"
          ? { currency: "IDR" }
          : path === "transfers"
            ? sending("andi.contoh", "1.00")
            : path.endsWith("capture")
              ? {}
              : path.endsWith("refunds")
                ? { reason: "x" }
                : path === "withdrawals"
                  ? { amount: "1", bank: "BCA", account_number: "12345", account_name: "A" }
                  : /release|cancel/.test(path)
                    ? undefined
                    : paying("1.00");
      assert.equal(
        (
          await program.call("POST", `${W}/${path}`, {
            token: andi.token,
            ...(body === undefined ? {} : { body }),
          })
        ).code,
        "idempotency_key_missing",
        path,
      );
    }
    await program.assertBooksHold();
  });
});
