import {
  newId,
  type ApprovalBody,
  type CatalogueBody,
  type PriceChangeBody,
  type ProductBody,
  type ShopBody,
} from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openTestProgram, type TestProgram } from "../../testing/program.ts";

let program: TestProgram;
let cashier: string;
let manager: string;
let shop: ShopBody;
let catalogue: CatalogueBody;
before(async () => {
  program = await openTestProgram();
  cashier = await program.unlock("Sari", "111111");
  manager = await program.unlock("Bima", "222222");
  shop = (await program.call<ShopBody>("GET", "/api/v1/till/shop")).body;
  catalogue = (await program.call<CatalogueBody>("GET", "/api/v1/till/catalogue", { token: cashier })).body;
});
after(() => program.close());

const rupiah = (amount: string) => ({ amount, currency: "IDR" });
const staff = (name: string) => shop.staff.find((one) => one.name === name)?.id ?? "";
const product = (name: string) => catalogue.products.find((one) => one.name === name)?.id ?? "";
const PINS: Readonly<Record<string, string>> = { Sari: "111111", Bima: "222222", Ratna: "333333" };

/** Requests `who`'s approval of a price. */
const requestApproval = (
  subject: string,
  amount: string | undefined,
  { who = "Bima", pin = "", token = cashier, action = "price.change" } = {},
) =>
  program.call<ApprovalBody>("POST", "/api/v1/till/approvals", {
    token,
    body: {
      action,
      subject,
      approver_id: staff(who),
      pin: pin || PINS[who],
      reason: "salah label",
      ...(amount === undefined ? {} : { amount: rupiah(amount) }),
    },
  });

const setPrice = (id: string, amount: string, approval?: string, token = cashier) =>
  program.call<ProductBody>("PUT", `/api/v1/till/products/${id}/price`, {
    token,
    body: { price: rupiah(amount) },
    headers: approval === undefined ? {} : { "onegate-approval": approval },
  });

const given = async (id: string, amount: string, options: Parameters<typeof requestApproval>[2] = {}) => {
  const { status, body } = await requestApproval(id, amount, options);
  assert.equal(status, 201, JSON.stringify(body));
  return body;
};

describe("an approval", () => {
  it("an approval lets a cashier do once what a manager may do", async () => {
    const latte = product("Latte");
    const without = await setPrice(latte, "27000");
    assert.deepEqual(
      [without.status, without.code, (without.body as unknown as { params: unknown }).params],
      [403, "approval_needed", { right: "price.change" }],
    );
    const { id, approver } = await given(latte, "27000");
    assert.deepEqual(approver, { id: staff("Bima"), name: "Bima" });
    assert.equal((await setPrice(latte, "27000", id)).body.price.amount, "27000.00");
    assert.equal((await setPrice(latte, "27000", id)).status, 200, "a retry of a completed change");
    assert.equal((await setPrice(latte, "28000")).code, "approval_needed");
    assert.equal((await setPrice(latte, "28000", id)).code, "approval_invalid", "used");
    const { body } = await program.call<{ changes: PriceChangeBody[] }>(
      "GET",
      `/api/v1/products/${latte}/prices`,
      { token: manager },
    );
    assert.deepEqual(
      body.changes.map((change) => [change.changed_by, change.approved_by]),
      [[staff("Sari"), staff("Bima")]],
    );
  });

  it("no approval is needed by a person who has the right", async () => {
    assert.equal((await setPrice(product("Mocha"), "33000", undefined, manager)).status, 200);
  });

  it("an approval is valid only for its subject, amount, session and action", async () => {
    const [espresso, americano] = [product("Espresso"), product("Americano")];
    const { id } = await given(espresso, "19000");
    const elsewhere = await program.unlock("Sari", "111111");
    const other = await given(espresso, "19000", { token: elsewhere });
    const refused = [
      await setPrice(americano, "19000", id),
      await setPrice(espresso, "19500", id),
      await setPrice(espresso, "19000", id, elsewhere),
      await setPrice(espresso, "19000", other.id),
      await setPrice(
        espresso,
        "19000",
        (await requestApproval(espresso, "19000", { action: "sale.refund" })).body.id,
      ),
      await setPrice(espresso, "19000", (await requestApproval(espresso, undefined)).body.id),
      await setPrice(espresso, "19000", newId()),
      await setPrice(espresso, "19000", "no-id"),
    ];
    assert.deepEqual(
      refused.map(({ status, code }) => [status, code]),
      refused.map(() => [403, "approval_invalid"]),
    );
    assert.equal((await setPrice(espresso, "19000", id)).status, 200);
  });

  it("of two concurrent requests only one uses an approval", async () => {
    const [first, second] = [product("Donat"), product("Croissant")];
    for (let round = 0; round < 5; round++) {
      const { id } = await given(first, `1${round}000`);
      // the second request is for another subject, so it is refused in either order; two requests for the
      // same price would be one change
      const answers = await Promise.all([
        setPrice(first, `1${round}000`, id),
        setPrice(first, `1${round}000`, id),
        setPrice(second, `1${round}000`, id),
      ]);
      assert.deepEqual(
        answers.map(({ status }) => status),
        [200, 200, 403],
      );
    }
    const { body } = await program.call<{ changes: unknown[] }>("GET", `/api/v1/products/${first}/prices`, {
      token: manager,
    });
    assert.equal(body.changes.length, 5);
    const { rows } = await program.database.pool.query<{ used: string }>(
      "select count(*) as used from approval where subject = $1 and used_at is not null",
      [first],
    );
    assert.equal(Number(rows[0]?.used), 5);
  });

  it("an approval expires by the database's clock", async () => {
    const id = product("Cappuccino");
    const approval = await given(id, "26000");
    await program.database.pool.query(
      "update approval set expires_at = clock_timestamp() where approval_id = $1",
      [approval.id],
    );
    assert.equal((await setPrice(id, "26000", approval.id)).code, "approval_invalid");
  });

  it("an approval stays usable if its action fails", async () => {
    const id = product("V60");
    const approval = await given(id, "31000");
    await program.database.pool.query(
      `create function stumble() returns trigger language plpgsql
         as $$ begin raise exception 'stumbled'; end $$`,
    );
    await program.database.pool.query(
      "create trigger stumble before insert on price_change for each row execute function stumble()",
    );
    assert.equal((await setPrice(id, "31000", approval.id)).code, "internal", "the action fails half-way");
    await program.database.pool.query("drop trigger stumble on price_change");
    await program.restart();
    assert.equal((await setPrice(id, "31000", approval.id)).status, 200);
  });

  it("you can't approve your own request, nor without the right, nor with a wrong PIN", async () => {
    const id = product("Teh Tarik");
    assert.equal((await requestApproval(id, "1", { who: "Sari" })).code, "approver_is_asker");
    assert.equal(
      (await requestApproval(id, "1", { who: "Sari", token: manager })).code,
      "approver_lacks_right",
    );
    assert.equal((await requestApproval(id, "1", { pin: "999999" })).code, "pin_wrong");
    assert.equal((await requestApproval(id, "1", { action: "staff.manage" })).code, "request_invalid");
    assert.equal(
      (
        await program.call("POST", "/api/v1/till/approvals", {
          token: cashier,
          body: { action: "price.change", subject: id, approver_id: newId(), pin: "222222" },
        })
      ).code,
      "staff_unknown",
    );
    assert.equal(
      (
        await program.call("POST", "/api/v1/till/approvals", {
          body: { action: "price.change", subject: id, approver_id: staff("Bima"), pin: "222222" },
        })
      ).code,
      "unauthenticated",
    );
  });

  it("an approver's role, built-in or custom, must allow approving and the action itself", async () => {
    const owner = await program.unlock("Ratna", "333333");
    const make = async (name: string, rights: string[], pin: string) => {
      const role = await program.call<{ id: string }>("POST", "/api/v1/roles", {
        token: owner,
        body: { name, rights },
      });
      assert.equal(role.status, 201, JSON.stringify(role.body));
      const person = await program.call<{ id: string }>("POST", "/api/v1/staff", {
        token: owner,
        body: { name, role_id: role.body.id, outlet_id: shop.outlet.id, pin },
      });
      assert.equal(person.status, 201, JSON.stringify(person.body));
      return (subject: string, amount: string) =>
        program.call<ApprovalBody>("POST", "/api/v1/till/approvals", {
          token: cashier,
          body: { action: "price.change", subject, amount: rupiah(amount), approver_id: person.body.id, pin },
        });
    };
    const supervisor = await make("Penyelia", ["approval.give", "price.change"], "483915");
    const onlyGives = await make("Hanya setuju", ["approval.give"], "483916");
    const onlyMay = await make("Hanya harga", ["price.change"], "483917");
    const id = product("Americano");
    assert.deepEqual(
      [(await onlyGives(id, "23000")).code, (await onlyMay(id, "23000")).code],
      ["approver_lacks_right", "approver_lacks_right"],
    );
    const approval = await supervisor(id, "23000");
    assert.equal((await setPrice(id, "23000", approval.body.id)).status, 200, JSON.stringify(approval.body));
    // a custom role without the right may request an approval, as a cashier may
    const elsewhere = await program.unlock("Hanya setuju", "483916");
    assert.equal((await setPrice(id, "23500", undefined, elsewhere)).code, "approval_needed");
  });

  it("an approval ends when its giver leaves; one who must change their PIN can't give any", async () => {
    const id = product("Matcha Latte");
    const approval = await given(id, "31000");
    await program.database.pool.query("update staff set is_active = false where staff_id = $1", [
      staff("Bima"),
    ]);
    assert.equal((await setPrice(id, "31000", approval.id)).code, "approval_invalid");
    await program.database.pool.query(
      "update staff set is_active = true, must_change_pin = true where staff_id = $1",
      [staff("Bima")],
    );
    assert.equal((await requestApproval(id, "31000")).code, "pin_change_needed");
    await program.database.pool.query("update staff set must_change_pin = false where staff_id = $1", [
      staff("Bima"),
    ]);
  });

  it("an approval is valid for one merchant only", async () => {
    const id = product("Cold Brew");
    const approval = await given(id, "29000");
    const { pool } = program.database;
    await pool.query(
      `insert into merchant (merchant_id, name, currency)
        values ('00000000-0000-4000-8000-000000000001', 'Toko Lain', 'IDR')`,
    );
    await pool.query("alter table approval disable trigger all");
    await pool.query(
      "update approval set merchant_id = '00000000-0000-4000-8000-000000000001' where approval_id = $1",
      [approval.id],
    );
    assert.equal((await setPrice(id, "29000", approval.id)).code, "approval_invalid");
    await pool.query("delete from approval where approval_id = $1", [approval.id]);
    await pool.query("alter table approval enable trigger all");
  });

  it("an approval has no effect on routes that don't accept one", async () => {
    const headers = {
      "onegate-approval": (await given(product("Latte"), "1")).id,
      "idempotency-key": newId(),
    };
    assert.equal(
      (
        await program.call("POST", "/api/v1/products", {
          token: cashier,
          headers,
          body: { name: "Baru", price: rupiah("1") },
        })
      ).code,
      "forbidden",
    );
    assert.equal(
      (
        await program.call("PATCH", `/api/v1/products/${product("Latte")}`, {
          token: cashier,
          headers,
          body: { price: rupiah("1") },
        })
      ).code,
      "forbidden",
    );
  });
});
