import { newId } from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { DEMO_MERCHANT } from "../demo/index.ts";
import { balanceByCode } from "../ledger/index.ts";
import { openTestProgram, type TestProgram } from "../testing/program.ts";

let program: TestProgram;
before(async () => {
  program = await openTestProgram({ environment: { LEDGER_QUEUE: "2000" } });
});
after(() => program.close());

const posted = async (code: string) =>
  (await balanceByCode(program.database.kysely, DEMO_MERCHANT, code))?.posted ?? 0n;

describe("transfers of the gateway", () => {
  const send = (change: object = {}) =>
    program.call<{ transfer_id: string }>("POST", "/payments", {
      body: {
        id: newId(),
        currency: "IDR",
        amount: "10.00",
        source_account: "ACC_SRC_ABC",
        destination_account: "ACC_DST_DEF",
        ...change,
      },
    });

  it("faults 1 and 2: fifty requests of one id make one transfer; other content is refused", async () => {
    const before = await posted("ACC_DST_DEF");
    const id = newId();
    const answers = await Promise.all(Array.from({ length: 50 }, () => send({ id })));
    assert.equal(new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size, 1);
    assert.equal((await posted("ACC_DST_DEF")) - before, 1_000n);
    assert.equal(
      answers.filter(({ headers }) => headers.get("idempotent-replayed") === "true").length,
      49,
      "all but the first say that they repeat it",
    );
    assert.equal((await send({ id, amount: "11.00" })).code, "idempotency_key_reused");
    assert.equal((await posted("ACC_DST_DEF")) - before, 1_000n);
    await program.assertBooksHold();
  });

  it("fault 8: malformed amounts are refused with their reason; large valid ones are exact", async () => {
    const code = async (amount: unknown, currency = "IDR") => (await send({ amount, currency })).code;
    assert.equal(await code(0), "amount_not_positive");
    assert.equal(await code("-1.00"), "amount_not_positive");
    assert.equal(await code(2 ** 53 + 2), "amount_too_large");
    assert.equal(await code("10000000000000000.00"), "amount_too_large");
    assert.equal(await code("1e3"), "amount_malformed");
    assert.equal(await code("NaN"), "amount_malformed");
    assert.equal(await code("01.00"), "amount_malformed");
    assert.equal(await code("1,00"), "amount_malformed");
    assert.equal(await code("1.001"), "amount_too_precise");
    assert.equal(await code(1.001), "amount_too_precise");
    assert.equal(await code("1.00", "XXX"), "currency_unknown");
    assert.equal(await code("1.00", "USD"), "currency_differs");
    assert.equal(await code(null), "request_invalid");
    assert.equal(await code("9000000000000000.00"), "insufficient_funds");
    assert.equal(
      (await send({ source_account: "ACC_001", destination_account: "ACC_001" })).code,
      "accounts_same",
    );
    assert.equal((await send({ destination_account: "ACC_NOBODY" })).code, "account_unknown");
    for (const own of ["bank", "suspense", "sales", "clearing:tripay"])
      assert.equal(
        (await send({ source_account: own })).code,
        "account_unknown",
        "a shop's own account is no wallet",
      );
    assert.equal((await send({ amount: 10.5 })).status, 200);
  });

  it("a balance is returned for wallets only", async () => {
    const { body } = await program.call<{ balance: string; currency: string }>("GET", "/balance/ACC_001");
    assert.deepEqual([body.balance, body.currency], ["1000000.00", "IDR"]);
    assert.equal((await program.call("GET", "/balance/bank")).code, "account_unknown");
  });
});

describe("many transfers in one request", () => {
  type Results = {
    results: Array<{
      id: string;
      status: string;
      transfer_id?: string;
      replayed?: boolean;
      problem?: { code: string };
    }>;
  };
  const one = (change: object = {}) => ({
    id: newId(),
    currency: "IDR",
    amount: "1.00",
    source_account: "ACC_SRC_ABC",
    destination_account: "ACC_DST_DEF",
    ...change,
  });
  const send = (transfers: unknown[]) =>
    program.call<Results>("POST", "/api/v1/transfers:batch", { body: { transfers } });

  it("each transfer has one result, in order; a refused one leaves the others as they are", async () => {
    const before = await posted("ACC_DST_DEF");
    const transfers = Array.from({ length: 1_000 }, () => one());
    transfers[10] = one({ amount: "0" });
    transfers[500] = one({ destination_account: "ACC_NOBODY" });
    transfers[999] = one({ amount: "10000001.00" });
    const { status, body } = await send(transfers);
    assert.equal(status, 200);
    assert.deepEqual(
      body.results.map(({ id }) => id),
      transfers.map(({ id }) => id),
    );
    assert.deepEqual(
      body.results.flatMap(({ problem }, i) => (problem ? [[i, problem.code]] : [])),
      [
        [10, "amount_not_positive"],
        [500, "account_unknown"],
        [999, "insufficient_funds"],
      ],
    );
    assert.equal((await posted("ACC_DST_DEF")) - before, 99_700n);

    const again = await send([...transfers.slice(0, 20), one()]);
    assert.deepEqual(
      again.body.results.map(({ replayed }) => replayed),
      [...Array<boolean>(10).fill(true), undefined, ...Array<boolean>(9).fill(true), false],
    );
    assert.equal((await posted("ACC_DST_DEF")) - before, 99_800n);
    await program.assertBooksHold();
  });

  it("an id that is repeated in a request is one transfer; with other content it is refused", async () => {
    const before = await posted("ACC_DST_DEF");
    const repeated = one();
    const { body } = await send([repeated, repeated, { ...repeated, amount: "2.00" }]);
    assert.deepEqual(
      body.results.map(({ status, replayed, problem }) => problem?.code ?? `${status} ${replayed}`),
      ["SUCCESS false", "SUCCESS true", "idempotency_key_reused"],
    );
    assert.equal((await posted("ACC_DST_DEF")) - before, 100n);
  });

  it("no transfers, too many, or unknown fields are refused", async () => {
    assert.equal((await send([])).code, "request_invalid");
    assert.equal((await send(Array.from({ length: 1_001 }, () => one()))).code, "request_invalid");
    assert.equal((await send([one({ merchant_id: newId() })])).code, "request_invalid");
  });

  it("beyond the queue, transfers are refused one by one, or all with 503; nothing is lost", async () => {
    const before = await posted("ACC_DST_DEF");
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => send(Array.from({ length: 1_000 }, () => one()))),
    );
    const done = answers
      .flatMap(({ body, status }) => (status === 200 ? body.results : []))
      .filter(({ status }) => status === "SUCCESS").length;
    const refused = answers
      .flatMap(({ body, status }) => (status === 200 ? body.results : []))
      .flatMap(({ problem }) => problem?.code ?? []);
    assert.ok(refused.every((code) => code === "overloaded"));
    for (const { status, code, headers } of answers.filter(({ status }) => status !== 200))
      assert.deepEqual([status, code, headers.get("retry-after")], [503, "overloaded", "1"]);
    assert.ok(
      answers.some(({ status }) => status === 503) || refused.length > 0,
      "eight thousand at once are more than two thousand",
    );
    assert.equal((await posted("ACC_DST_DEF")) - before, BigInt(done) * 100n);
    await program.assertBooksHold();
  });
});
