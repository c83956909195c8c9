import { newId } from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openTestProgram, type TestProgram } from "../testing/program.ts";
import { demoUser, newUser, ok, type TestUser } from "../testing/wallet.ts";

const W = "/api/v1/wallet";

let program: TestProgram;
let citra: TestUser;
before(async () => {
  program = await openTestProgram();
  citra = await demoUser(program, "citra.contoh");
});
after(() => program.close());

describe("unusual input to the wallet", () => {
  for (const [what, text] of [
    ["a NUL", "a\u0000b"],
    ["half a surrogate pair", "a\ud800b"],
    ["a line break", "a\nb"],
  ] as const) {
    it(`${what} in a text is refused, and no money moves`, async () => {
      const before = (await citra.account()).balance;
      const refused = async (path: string, body: object) =>
        (await citra.post(`${W}/${path}`, { amount: "1.00", currency: "IDR", ...body })).code;
      assert.equal(
        await refused("payments", { destination_account: "ACC_DST_DEF", description: text }),
        "request_invalid",
      );
      assert.equal(await refused("payments", { destination_account: text }), "request_invalid");
      assert.equal(
        await refused("holds", { destination_account: "ACC_DST_DEF", description: text }),
        "request_invalid",
      );
      assert.equal(await refused("transfers", { to: "andi.contoh", description: text }), "request_invalid");
      assert.equal(
        await refused("withdrawals", { bank: "BCA", account_number: "1234567890", account_name: text }),
        "request_invalid",
      );
      assert.equal((await citra.account()).balance, before);
    });
  }

  it("a description in any script is kept as it was written", async () => {
    const description = "Kopi ☕ untuk 東京, 👩‍🍳 — «enak»";
    const paid = ok(
      await citra.post(`${W}/payments`, {
        destination_account: "ACC_DST_DEF",
        amount: "1.00",
        currency: "IDR",
        description,
      }),
    );
    assert.equal(paid.description, description);
    assert.equal((await citra.history())[0]?.description, description);
  });

  it("a day or a cursor before the accepted years is refused", async () => {
    const before = Buffer.from(`0000-01-01T00:00:00.000000Z ${newId()} 0`).toString("base64url");
    for (const path of [
      "days?from=0000-01-01&to=0000-01-02",
      "days?from=0000-01-01&to=2026-01-01",
      `history?cursor=${before}`,
    ]) {
      assert.equal((await citra.get(`${W}/${path}`)).code, "request_invalid", path);
    }
  });
});

describe("concurrent first uses", () => {
  it("concurrent first uses open one account and announce it once", async () => {
    const user = await newUser(program);
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => user.get<{ account_id: string }>(`${W}/balance`)),
    );
    assert.equal(new Set(answers.map((answer) => ok(answer).account_id)).size, 1);
    const { rows } = await program.database.pool.query(
      "select from outbox_event where topic = 'wallet.account_opened' and subject = $1",
      [(await user.account()).account_id],
    );
    assert.equal(rows.length, 1);
  });
});
