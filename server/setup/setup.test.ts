import {
  newId,
  type CatalogueBody,
  type SaleBody,
  type SetupBody,
  type SetupDoneBody,
  type SetupStateBody,
  type ShopBody,
  type TodayBody,
} from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { readSettings, StartFailure } from "../kernel/index.ts";
import { prove } from "../ledger/index.ts";
import { startProgram, type Program } from "../roles.ts";
import { openTestDatabase, type TestDatabase } from "../testing/database.ts";
import { newSale, openTestProgram, sell, type TestProgram } from "../testing/program.ts";
import { tryUnlock } from "../testing/shop.ts";
import { until } from "../testing/until.ts";
import { makeOwnerCode, makeSetupCode } from "./codes.ts";
import { rememberDevice } from "../testing/session.ts";

const PNG = Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), Buffer.alloc(40)]);
const dataUrl = (type: string, content: Buffer) => `data:image/${type};base64,${content.toString("base64")}`;

const PRODUCTION = readSettings({
  PORT: "0",
  LOG_LEVEL: "silent",
  ONEGATE_MODE: "production",
  ONEGATE_ANONYMOUS: "off",
  ONEGATE_SIMULATOR: "off",
  ONEGATE_SECRET_KEY: "5a".repeat(32),
  PUBLIC_URL: "https://pos.example.invalid",
});

const SHOP: SetupBody = {
  merchant: { name: "Warung Melati" },
  outlet: {
    name: "Warung Melati Contoh",
    address: "Jl. Contoh No. 7, Makassar",
    phone: "+62 411 5550 700",
    time_zone: "Asia/Makassar",
    day_begins: "04:00",
  },
  tax: "ppn_included",
  logo: dataUrl("png", PNG),
  owner: { name: "Melati", pin: "824613" },
  staff: [{ name: "Agus", role: "cashier", pin: "730162" }],
  products: [
    { name: "Coto", price: "25000", category: "Makan", stock: 12 },
    { name: "Es Pisang", price: "15000.00", barcode: "8990000000013" },
    { name: "Jalangkote", price: "8000", stock: 0 },
  ],
};

type Answer = {
  status: number;
  headers: Headers;
  body: SetupDoneBody & { code?: string; params?: { field?: string; row?: number } };
};
const post = async (
  url: string,
  path: string,
  body: unknown,
  key = newId(),
  code?: string,
): Promise<Answer> => {
  const headers = {
    "content-type": "application/json",
    "idempotency-key": key,
    ...(code === undefined ? {} : { "onegate-setup-code": code }),
  };
  const answer = await fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Answer["body"] };
};

describe("a shop that is set up beside the demo", () => {
  let program: TestProgram;
  before(async () => {
    program = await openTestProgram();
  });
  after(() => program.close());
  const setUp = async (body: unknown, key = newId()) => {
    await program.database.pool.query("delete from sign_in_try");
    return post(program.url, "/api/v1/setup", body, key);
  };
  const count = async (table: string) =>
    Number((await program.database.pool.query(`select count(*) as n from ${table}`)).rows[0].n);

  it("a new shop sells by cash and QRIS into its own books, and its staff unlock only its till", async () => {
    assert.deepEqual((await program.call<SetupStateBody>("GET", "/api/v1/setup")).body, {
      needed: false,
      allowed: true,
      code_needed: false,
    });
    const { status, headers, body } = await setUp(SHOP);
    assert.equal(status, 201, JSON.stringify(body));
    assert.equal(headers.get("cache-control"), "no-store");
    const { device, token, session } = body;
    rememberDevice(session.token, token);
    assert.deepEqual(
      [session.staff.name, session.staff.role, session.must_change_pin],
      ["Melati", "owner", false],
    );

    const asDevice = { headers: { "onegate-device": token } };
    const shop = (await program.call<ShopBody>("GET", "/api/v1/till/shop", asDevice)).body;
    assert.deepEqual(
      [shop.merchant.name, shop.outlet.id, shop.outlet.time_zone, shop.tax?.name],
      ["Warung Melati", device.outlet_id, "Asia/Makassar", "PPN"],
    );
    assert.deepEqual(
      shop.staff.map(({ name }) => name),
      ["Agus", "Melati"],
    );
    assert.equal((await program.call<ShopBody>("GET", "/api/v1/till/shop")).body.merchant.name, "Kopi Senja");

    const logo = await fetch(`${program.url}${shop.logo}`);
    assert.deepEqual(
      [logo.status, logo.headers.get("content-type"), logo.headers.get("x-content-type-options")],
      [200, "image/png", "nosniff"],
    );
    assert.ok(Buffer.from(await logo.arrayBuffer()).equals(PNG));
    assert.equal((await fetch(`${program.url}/api/v1/till/logo`, asDevice)).status, 200);
    assert.equal((await fetch(`${program.url}/api/v1/till/logo?v=${newId()}`)).status, 404);

    const cashier = await tryUnlock(program, token, shop.staff[0]?.id, "730162");
    assert.equal(cashier.status, 200);
    const catalogue = (
      await program.call<CatalogueBody>("GET", "/api/v1/till/catalogue", { token: cashier.body.token })
    ).body;
    assert.deepEqual(
      catalogue.products.map(({ name, stock, price }) => [name, stock, price.amount]),
      [
        ["Coto", 12, "25000.00"],
        ["Es Pisang", null, "15000.00"],
        ["Jalangkote", 0, "8000.00"],
      ],
    );
    assert.deepEqual(
      catalogue.categories.map(({ name }) => name),
      ["Makan", "Umum"],
    );
    const cash = await sell(program, cashier.body.token, newSale(catalogue, ["Coto"], "exact"));
    assert.deepEqual([cash.status, cash.body.state], [201, "paid"], JSON.stringify(cash.body));
    assert.match(cash.body.receipt_number ?? "", /^WM1-/);
    const waiting = await sell(program, cashier.body.token, newSale(catalogue, ["Es Pisang"], "QRIS"));
    assert.equal(waiting.status, 201, JSON.stringify(waiting.body));
    await program.lever("POST", `transactions/${waiting.body.tenders[0]?.reference}/pay`);
    await until(
      async () =>
        (
          await program.call<SaleBody>("GET", `/api/v1/till/sales/${waiting.body.id}`, {
            token: cashier.body.token,
          })
        ).body,
      ({ state }) => state === "paid",
    );
    const today = await until(
      async () =>
        (await program.call<TodayBody>("GET", "/api/v1/till/reports/today", { token: session.token })).body,
      ({ sales }) => sales === 2,
    );
    assert.equal(today.gross.amount, "40000.00");
    const demoOwner = await program.unlock("Ratna", "333333");
    assert.equal(
      (await program.call<TodayBody>("GET", "/api/v1/till/reports/today", { token: demoOwner })).body.sales,
      0,
    );
    assert.equal(
      (await program.call("GET", `/api/v1/till/sales/${cash.body.id}`, { token: demoOwner })).code,
      "sale_unknown",
    );
    await program.assertBooksHold();
  });

  it("a repeat with the same key after a lost answer returns the same shop and a new token", async () => {
    const key = newId();
    const merchants = await count("merchant");
    const answers = await Promise.all([
      post(program.url, "/api/v1/setup", SHOP, key),
      post(program.url, "/api/v1/setup", SHOP, key),
    ]);
    assert.deepEqual(
      answers.map(({ status }) => status),
      [201, 201],
      JSON.stringify(answers),
    );
    assert.equal(await count("merchant"), merchants + 1);
    const again = await setUp(SHOP, key);
    assert.deepEqual([again.status, again.headers.get("idempotent-replayed")], [201, "true"]);
    const shopWith = async (token: string) =>
      (await program.call<ShopBody>("GET", "/api/v1/till/shop", { headers: { "onegate-device": token } }))
        .code;
    assert.deepEqual(
      [
        await shopWith(again.body.token),
        await shopWith(answers[0].body.token),
        await shopWith(answers[1].body.token),
      ],
      [undefined, "device_revoked", "device_revoked"],
    );
    assert.equal(
      (await setUp({ ...SHOP, owner: { name: "Melati", pin: "961538" } }, key)).body.code,
      "idempotency_key_reused",
    );
    await program.database.pool.query("update merchant_setup set set_up_at = now() - interval '2 hours'");
    assert.equal((await setUp(SHOP, key)).body.code, "idempotency_key_reused");
  });

  it("wrong PINs at the set-up count against the owner, from any address", async () => {
    const key = newId();
    const shop = await setUp({ ...SHOP, merchant: { name: "Warung Tebak" } }, key);
    assert.equal(shop.status, 201);
    const codes: Array<string | undefined> = [];
    for (let n = 0; n < 30; n += 1) {
      // an attacker has many addresses and much time
      await program.database.pool.query("delete from sign_in_try");
      await program.database.pool.query("update pin_try set delayed_until = null");
      codes.push(
        (
          await setUp(
            {
              ...SHOP,
              merchant: { name: "Warung Tebak" },
              owner: { name: "Melati", pin: String(720_000 + n * 7) },
            },
            key,
          )
        ).body.code,
      );
    }
    assert.deepEqual(
      [codes.filter((code) => code === "idempotency_key_reused").length, codes.at(-1)],
      [20, "pin_blocked"],
    );
    const { rows } = await program.database.pool.query<{ wrong: number }>(
      "select wrong_pins as wrong from staff where staff_id = $1",
      [shop.body.session.staff.id],
    );
    assert.equal(rows[0]?.wrong, 20);
    await program.database.pool.query("delete from sign_in_try");
    assert.equal(
      (await setUp({ ...SHOP, merchant: { name: "Warung Tebak" } }, key)).body.code,
      "pin_blocked",
      "even the right PIN",
    );
    assert.equal(
      (await tryUnlock(program, shop.body.token, shop.body.session.staff.id, SHOP.owner.pin)).status,
      200,
      "the owner can still sign in at their own till",
    );
  });

  it("an invalid set-up is refused by name, and nothing is left behind", async () => {
    const [merchants, staff] = [await count("merchant"), await count("staff")];
    const refused = async (body: unknown) => {
      const { body: problem } = await setUp(body);
      return [problem.code, problem.params?.row ?? problem.params?.field];
    };
    assert.deepEqual(await refused({ ...SHOP, owner: { name: "Melati", pin: "111111" } }), [
      "pin_too_simple",
      undefined,
    ]);
    assert.deepEqual(await refused({ ...SHOP, outlet: { ...SHOP.outlet, time_zone: "Asia/Atlantis" } }), [
      "time_zone_unknown",
      undefined,
    ]);
    assert.deepEqual(await refused({ ...SHOP, outlet: { ...SHOP.outlet, day_begins: "23:00" } }), [
      "day_begins_late",
      undefined,
    ]);
    for (const logo of [
      "data:text/html;base64,PGI+",
      dataUrl("jpeg", PNG),
      dataUrl("png", Buffer.from("<svg/>")),
      dataUrl("png", Buffer.concat([PNG, Buffer.alloc(200_000)])),
    ]) {
      assert.deepEqual((await refused({ ...SHOP, logo }))[0], "logo_invalid", logo.slice(0, 30));
    }
    assert.deepEqual(await refused({ ...SHOP, products: [{ name: "X", price: "1.005" }] }), [
      "amount_too_precise",
      1,
    ]);
    assert.deepEqual(await refused({ ...SHOP, products: [{ name: "X", price: "-1" }] }), [
      "amount_not_positive",
      1,
    ]);
    assert.deepEqual(
      await refused({ ...SHOP, products: [{ name: "X", price: "1", barcode: "8990000000012" }] }),
      ["barcode_invalid", 1],
    );
    assert.deepEqual(
      await refused({
        ...SHOP,
        products: [
          { name: "Coto", price: "1" },
          { name: "COTO", price: "2" },
        ],
      }),
      ["product_name_taken", 2],
    );
    assert.deepEqual(
      (await refused({ ...SHOP, staff: [{ name: "Agus", role: "boss", pin: "730162" }] }))[0],
      "request_invalid",
    );
    assert.deepEqual((await refused({ ...SHOP, merchant: { name: "" } }))[0], "request_invalid");
    const keyless = await fetch(`${program.url}/api/v1/setup`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(SHOP),
    });
    assert.equal(keyless.status, 400);
    assert.deepEqual([await count("merchant"), await count("staff")], [merchants, staff]);
  });
});

describe("production without a shop", () => {
  let test: TestDatabase;
  let program: Program;
  before(async () => {
    test = await openTestDatabase();
    program = await startProgram({ settings: PRODUCTION, connection: test.connection, tripayUrl: "" });
  });
  after(async () => {
    await program.stop();
    await test.close();
  });
  const shop = async (token?: string) =>
    (
      (await (
        await fetch(
          `${program.url}/api/v1/till/shop`,
          token === undefined ? {} : { headers: { "onegate-device": token } },
        )
      ).json()) as { code?: string }
    ).code;

  it("the code that the start printed allows one set-up", async () => {
    assert.equal(await shop(), "setup_needed");
    assert.deepEqual(await (await fetch(`${program.url}/api/v1/setup`)).json(), {
      needed: true,
      allowed: true,
      code_needed: true,
    });
    assert.ok(program.setupCode);
    assert.equal((await post(program.url, "/api/v1/setup", SHOP)).body.code, "setup_code_wrong");
    assert.equal(
      (await post(program.url, "/api/v1/setup", SHOP, newId(), "0000-0000")).body.code,
      "setup_code_wrong",
    );
    const uses = await Promise.all(
      [1, 2, 3].map(() => post(program.url, "/api/v1/setup", SHOP, newId(), program.setupCode)),
    );
    const done = uses.find(({ status }) => status === 201);
    assert.ok(done);
    assert.deepEqual(
      uses.filter((one) => one !== done).map(({ body }) => body.code),
      ["setup_code_wrong", "setup_code_wrong"],
    );
    assert.equal(await shop(done.body.token), undefined);
    assert.equal(await shop(), "device_unknown", "no demo, and no way in without a device");
    assert.equal((await post(program.url, "/api/v1/till/devices", {})).body.code, "device_code_unknown");
    await test.database.pool.query("delete from sign_in_try");
    const further = await makeSetupCode(test.database);
    assert.equal(
      (
        await post(
          program.url,
          "/api/v1/setup",
          { ...SHOP, merchant: { name: "Toko Kedua" } },
          newId(),
          further.code,
        )
      ).status,
      201,
    );
    assert.deepEqual((await prove(test.database)).breaches, []);
  });

  it("an owner regains access by a code from the server; the old PIN and sessions are gone", async () => {
    await test.database.pool.query("delete from sign_in_try");
    assert.ok("refusal" in (await makeOwnerCode(test.database, undefined)), "which of two shops?");
    assert.ok("refusal" in (await makeOwnerCode(test.database, "Toko Ketiga")));
    const made = await makeOwnerCode(test.database, "warung melati");
    assert.ok("code" in made);
    const recover = (pin: string, code = made.code, more = {}) =>
      post(program.url, "/api/v1/till/owner-recovery", { code, pin, ...more });
    assert.equal((await recover("111111")).body.code, "pin_too_simple");
    assert.equal((await recover("961538", "0000-0000")).body.code, "device_code_unknown");
    assert.equal((await recover("961538", made.code, { staff_id: newId() })).body.code, "staff_unknown");
    assert.equal(
      (await post(program.url, "/api/v1/till/devices", { code: made.code })).body.code,
      "device_code_unknown",
      "the code enrols only owners",
    );
    const back = await recover("961538");
    assert.equal(back.status, 201, JSON.stringify(back.body));
    assert.equal((await recover("961538")).body.code, "device_code_unknown", "once");
    const unlock = async (pin: string) =>
      (
        await fetch(`${program.url}/api/v1/till/unlock`, {
          method: "POST",
          headers: { "content-type": "application/json", "onegate-device": back.body.token },
          body: JSON.stringify({ staff_id: back.body.session.staff.id, pin }),
        })
      ).status;
    assert.deepEqual([await unlock("824613"), await unlock("961538")], [401, 200]);
    const { rows } = await test.database.pool.query(
      "select count(*)::int as n from staff_session where staff_id = $1",
      [back.body.session.staff.id],
    );
    assert.deepEqual(rows, [{ n: 2 }]);
  });

  it("production does not start on the demo's data", async () => {
    const demo = await openTestProgram();
    try {
      await assert.rejects(
        startProgram({ settings: PRODUCTION, connection: demo.connection, tripayUrl: "" }),
        StartFailure,
      );
    } finally {
      await demo.close();
    }
  });
});
