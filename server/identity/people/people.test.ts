import {
  newId,
  type Id,
  type OutletBody,
  type RolesBody,
  type ShopBody,
  type ShopRoleBody,
  type StaffMemberBody,
  type StaffSessionBody,
} from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { DEMO_OUTLET } from "../../demo/index.ts";
import { openTestProgram, type TestProgram } from "../../testing/program.ts";
import { openStranger, openTill, tryUnlock } from "../../testing/shop.ts";
import { grantable, OWNER_ONLY, rights, rightsOf } from "../rights.ts";
import { rightDescriptions } from "../shop-roles/words.ts";
import { bearing } from "../../testing/session.ts";

let program: TestProgram;
let owner: string;
let manager: string;
let cashier: string;
let ids: Record<string, Id>;
let stranger: Awaited<ReturnType<typeof openStranger>>;
before(async () => {
  program = await openTestProgram();
  [cashier, manager, owner] = [
    await program.unlock("Sari", "111111"),
    await program.unlock("Bima", "222222"),
    await program.unlock("Ratna", "333333"),
  ];
  ids = Object.fromEntries(
    (await program.call<ShopBody>("GET", "/api/v1/till/shop")).body.staff.map(({ name, id }) => [name, id]),
  );
  stranger = await openStranger(program);
});
after(() => program.close());

const add = (token: string, body: Record<string, unknown>) =>
  program.call<StaffMemberBody>("POST", "/api/v1/staff", {
    token,
    body: { name: "Joko", outlet_id: DEMO_OUTLET, pin: "402518", ...body },
  });
const change = (token: string, id: Id, body: Record<string, unknown>) =>
  program.call<StaffMemberBody>("PATCH", `/api/v1/staff/${id}`, { token, body });
const setPin = (token: string, id: Id, pin: string) =>
  program.call("PUT", `/api/v1/staff/${id}/pin`, { token, body: { pin } });
const staffOf = async (token: string) =>
  (await program.call<{ staff: StaffMemberBody[] }>("GET", "/api/v1/staff", { token })).body.staff;
const makeRole = (token: string, name: string, given: string[]) =>
  program.call<ShopRoleBody>("POST", "/api/v1/roles", { token, body: { name, rights: given } });
const statusOf = async (token: string, path = "/api/v1/till/catalogue") =>
  (await program.call("GET", path, { token })).status;

describe("staff", () => {
  it("a staff member is added once per id and can unlock the till", async () => {
    const id = newId();
    const added = await add(owner, { id, role: "cashier" });
    assert.deepEqual(
      [added.status, added.body.id, added.body.role, added.body.is_active],
      [201, id, "cashier", true],
    );
    assert.equal((await add(owner, { id, role: "cashier" })).body.id, id);
    assert.equal((await add(owner, { id, role: "manager" })).code, "staff_differs");
    const till = await openTill(program, id, "402518");
    assert.equal(await statusOf(till.token), 200);
  });

  it("a change of staff is refused with the right code", async () => {
    assert.equal((await add(owner, { role: "cashier", pin: "123456" })).code, "pin_too_simple");
    assert.equal((await add(owner, {})).code, "request_invalid");
    assert.equal((await add(owner, { role: "cashier", role_id: newId() })).code, "request_invalid");
    assert.equal((await add(owner, { role_id: newId() })).code, "role_unknown");
    assert.equal((await add(owner, { role: "cashier", outlet_id: newId() })).code, "outlet_unknown");
    assert.equal(
      (await add(owner, { role: "cashier", outlet_id: stranger.outletId })).code,
      "outlet_unknown",
    );
    assert.equal((await add(cashier, { role: "cashier" })).code, "forbidden");
    for (const unknown of [newId(), stranger.staffId]) {
      assert.equal((await change(owner, unknown, { name: "X" })).code, "staff_unknown");
      assert.equal((await setPin(owner, unknown, "402518")).code, "staff_unknown");
      assert.equal(
        (await program.call("POST", `/api/v1/staff/${unknown}/unblock`, { token: owner })).code,
        "staff_unknown",
      );
    }
  });

  it("a manager manages the cashiers of their outlet, and nobody grants more than they have", async () => {
    const dewi = (await add(manager, { name: "Dewi", role: "cashier" })).body;
    assert.equal(dewi.name, "Dewi");
    assert.equal((await add(manager, { role: "owner" })).code, "rights_beyond_own");
    assert.equal((await add(manager, { role: "manager" })).code, "forbidden");
    assert.equal((await change(manager, dewi.id, { role: "owner" })).code, "rights_beyond_own");
    assert.equal((await change(manager, dewi.id, { role: "manager" })).code, "forbidden");
    assert.equal((await change(manager, ids["Bima"]!, { role: "owner" })).code, "forbidden");
    assert.equal((await change(manager, ids["Ratna"]!, { name: "X" })).code, "forbidden");
    assert.equal((await setPin(manager, ids["Ratna"]!, "402518")).code, "forbidden");
    assert.equal(
      (await program.call("POST", `/api/v1/staff/${ids["Ratna"]}/unblock`, { token: manager })).code,
      "forbidden",
    );
    const branch = (
      await program.call<OutletBody>("POST", "/api/v1/outlets", {
        token: owner,
        body: { name: "Cabang", address: "", phone: "", time_zone: "Asia/Makassar", tax: "none" },
      })
    ).body;
    assert.equal((await add(manager, { role: "cashier", outlet_id: branch.id })).code, "forbidden");
    const tono = (await add(owner, { name: "Tono", role: "cashier", outlet_id: branch.id })).body;
    assert.equal((await change(manager, tono.id, { name: "X" })).code, "staff_unknown");
    assert.ok(!(await staffOf(manager)).some(({ id }) => id === tono.id));
    assert.ok((await staffOf(owner)).some(({ id }) => id === tono.id));
  });

  it("staff who leave, or whose PIN another person sets, are signed out at once", async () => {
    const wawan = (await add(owner, { name: "Wawan", role: "cashier" })).body;
    const till = await openTill(program, wawan.id, "402518");
    assert.equal((await setPin(manager, wawan.id, "730162")).status, 204);
    assert.equal(await statusOf(till.token), 401);
    assert.equal((await tryUnlock(program, till.device, wawan.id, "402518")).code, "pin_wrong");
    const again = await tryUnlock(program, till.device, wawan.id, "730162");
    assert.equal((await change(owner, wawan.id, { is_active: false })).body.is_active, false);
    assert.equal(await statusOf(again.body.token), 401);
    assert.equal((await tryUnlock(program, till.device, wawan.id, "730162")).code, "staff_unknown");
    assert.equal((await change(owner, wawan.id, { is_active: true })).body.is_active, true);
    assert.equal((await tryUnlock(program, till.device, wawan.id, "730162")).status, 200);
  });

  it("one owner always remains, even if the last two demote each other concurrently", async () => {
    assert.equal((await change(owner, ids["Ratna"]!, { role: "cashier" })).code, "last_owner");
    assert.equal((await change(owner, ids["Ratna"]!, { is_active: false })).code, "last_owner");
    assert.equal(
      (await setPin(owner, ids["Ratna"]!, "402518")).code,
      "forbidden",
      "changing your own PIN requires the old one",
    );
    for (let round = 0; round < 5; round += 1) {
      const joint = (await add(owner, { name: "Lestari", role: "owner" })).body;
      const till = await openTill(program, joint.id, "402518");
      const [first, second] = await Promise.all([
        change(owner, joint.id, { role: "manager" }),
        change(till.token, ids["Ratna"]!, { is_active: false }),
      ]);
      // the second finds that it is the last owner, or was signed out or demoted by the first
      assert.equal(
        [first, second].filter(({ status }) => status === 200).length,
        1,
        `${first.code} ${second.code}`,
      );
      const active = (
        await program.database.pool.query(
          `select from staff
             where merchant_id = (select merchant_id from merchant where is_demo) and role = 'owner'
               and is_active`,
        )
      ).rowCount;
      assert.equal(active, 1);
      await program.database.pool.query("update staff set is_active = true where staff_id = $1", [
        ids["Ratna"],
      ]);
      await program.database.pool.query(
        "update staff set is_active = false, role = 'manager' where staff_id = $1",
        [joint.id],
      );
      owner = await program.unlock("Ratna", "333333");
    }
  });
});

describe("roles", () => {
  it("built-in and custom roles are listed, with the grantable rights in two languages", async () => {
    const { body } = await program.call<RolesBody>("GET", "/api/v1/roles", { token: manager });
    assert.deepEqual(
      body.roles.slice(0, 3).map(({ id, name, built_in: builtIn }) => [id, name, builtIn]),
      [
        [null, "owner", true],
        [null, "manager", true],
        [null, "cashier", true],
      ],
    );
    assert.ok(body.grantable.length > 8);
    for (const right of grantable) assert.ok(rightDescriptions[right], `${right} has no words in words.ts`);
  });

  it("rights that make owners or move money can't be granted", () => {
    for (const right of [
      "staff.manage",
      "role.manage",
      "merchant_key.manage",
      "provider.manage",
      "books.read",
      "outlet.manage",
      "transfer.create",
      "refund.create",
      "settlement.act",
    ] as const) {
      assert.ok(OWNER_ONLY.has(right), right);
      assert.ok(!rightsOf("custom", Object.keys(rights)).has(right), right);
    }
  });

  it("a custom role grants its rights, and a change applies from the next request", async () => {
    const role = (await makeRole(owner, "Pelayan", ["sale.create", "sale.read", "catalogue.read"])).body;
    const rani = (await add(owner, { name: "Rani", role_id: role.id })).body;
    assert.deepEqual([rani.role, rani.role_name], ["custom", "Pelayan"]);
    const till = await openTill(program, rani.id, "402518");
    assert.equal(await statusOf(till.token), 200);
    assert.equal(await statusOf(till.token, "/api/v1/till/reports/today"), 403);
    const put = (body: unknown) => program.call("PUT", `/api/v1/roles/${role.id}`, { token: owner, body });
    assert.equal((await put({ name: "Pelayan", rights: ["report.read"] })).status, 200);
    assert.deepEqual(
      [await statusOf(till.token), await statusOf(till.token, "/api/v1/till/reports/today")],
      [403, 200],
    );
    assert.equal(
      (await program.call("DELETE", `/api/v1/roles/${role.id}`, { token: owner })).code,
      "role_in_use",
    );
    assert.equal((await change(owner, rani.id, { role: "cashier" })).body.role_id, null);
    assert.equal((await program.call("DELETE", `/api/v1/roles/${role.id}`, { token: owner })).status, 204);
    assert.equal((await put({ name: "Pelayan", rights: [] })).code, "role_unknown");
  });

  it("a change of roles is refused with the right code", async () => {
    assert.equal((await makeRole(owner, "Bos", ["staff.manage"])).code, "right_not_grantable");
    assert.equal((await makeRole(owner, "Bos", ["till.fly"])).code, "right_not_grantable");
    assert.equal((await makeRole(manager, "Bos", [])).code, "forbidden");
    assert.equal((await makeRole(owner, "Gudang", [])).status, 201);
    assert.equal((await makeRole(owner, "gudang", [])).code, "role_name_taken");
    const theirs = (await makeRole(stranger.token, "Gudang", [])).body;
    assert.equal(
      (await program.call("DELETE", `/api/v1/roles/${theirs.id}`, { token: owner })).code,
      "role_unknown",
    );
    assert.equal((await add(owner, { role_id: theirs.id })).code, "role_unknown");
  });

  it("a role removed while it is being assigned is either kept or not assigned", async () => {
    for (let round = 0; round < 5; round += 1) {
      const role = (await makeRole(owner, `Sementara ${round}`, [])).body;
      const [given, removed] = await Promise.all([
        add(owner, { name: "Rudi", role_id: role.id }),
        program.call("DELETE", `/api/v1/roles/${role.id}`, { token: owner }),
      ]);
      assert.deepEqual([given.status, removed.status], given.status === 201 ? [201, 409] : [404, 204]);
    }
  });
});

describe("sessions of staff", () => {
  const list = async (token: string) =>
    (await program.call<{ sessions: StaffSessionBody[] }>("GET", "/api/v1/staff-sessions", { token })).body
      .sessions;
  const end = (token: string, id: Id) => program.call("DELETE", `/api/v1/staff-sessions/${id}`, { token });

  it("staff see and end their own sessions, owners and managers also others'", async () => {
    const mine = await list(cashier);
    assert.ok(mine.length > 0 && mine.every(({ staff }) => staff.name === "Sari"));
    const bosses = (await list(manager)).find(({ staff }) => staff.name === "Ratna");
    assert.equal((await end(manager, bosses!.id)).code, "forbidden");
    assert.equal((await end(cashier, bosses!.id)).code, "session_unknown");
    assert.equal((await end(stranger.token, bosses!.id)).code, "session_unknown");
    const till = await openTill(program, ids["Sari"]!, "111111");
    const open = (await list(till.token)).find(({ this_session: isThis }) => isThis)!;
    assert.equal((await end(manager, open.id)).status, 204);
    assert.equal(await statusOf(till.token), 401);
    const own = await tryUnlock(program, till.device, ids["Sari"], "111111");
    assert.equal(
      (await end(cashier, (await list(own.body.token)).find(({ this_session: isThis }) => isThis)!.id))
        .status,
      204,
    );
    assert.equal(await statusOf(own.body.token), 401);
  });

  it("a stream ends with its session", async () => {
    const till = await openTill(program, ids["Sari"]!, "111111");
    const answer = await fetch(`${program.url}/api/v1/till/events`, { headers: bearing(till.token) });
    const rest = answer.text();
    await program.call("POST", "/api/v1/till/lock", { token: till.token });
    assert.match(await rest, /^retry: 1000/);
  });
});

describe("outlets", () => {
  const outlet = {
    name: "Cabang Timur",
    address: "Jl. Contoh No. 2",
    phone: "+62 22 5550 0200",
    time_zone: "Asia/Jayapura",
    tax: "pb1_10",
  };
  const make = (token: string, body: unknown) =>
    program.call<OutletBody>("POST", "/api/v1/outlets", { token, body });
  const patch = (token: string, id: Id, body: unknown) =>
    program.call<OutletBody>("PATCH", `/api/v1/outlets/${id}`, { token, body });

  it("the owner makes and changes outlets, and the shop shows it", async () => {
    const made = await make(owner, outlet);
    assert.deepEqual(
      [made.status, made.body.tax, made.body.day_begins, made.body.receipt_code],
      [201, "pb1_10", "00:00", made.body.receipt_code],
    );
    const changed = await patch(owner, DEMO_OUTLET, {
      day_begins: "04:00",
      receipt_footer: "Terima kasih",
      tax: "ppn_added",
    });
    assert.deepEqual(
      [changed.body.day_begins, changed.body.receipt_footer, changed.body.tax, changed.body.name],
      ["04:00", "Terima kasih", "ppn_added", "Kopi Senja Contoh"],
    );
    assert.equal((await program.call<ShopBody>("GET", "/api/v1/till/shop")).body.tax?.included, false);
    const seen = (await program.call<{ outlets: OutletBody[] }>("GET", "/api/v1/outlets", { token: owner }))
      .body.outlets;
    assert.ok(seen.some(({ id }) => id === made.body.id));
    assert.deepEqual(
      (
        await program.call<{ outlets: OutletBody[] }>("GET", "/api/v1/outlets", { token: manager })
      ).body.outlets.map(({ id }) => id),
      [DEMO_OUTLET],
    );
    assert.equal(
      new Set(seen.map(({ receipt_code: code }) => code)).size,
      seen.length,
      "receipt numbers are unique within a merchant",
    );
  });

  it("a change of outlets is refused with the right code", async () => {
    assert.equal((await make(manager, outlet)).code, "forbidden");
    assert.equal((await make(owner, { ...outlet, time_zone: "Asia/Atlantis" })).code, "time_zone_unknown");
    assert.equal((await patch(owner, DEMO_OUTLET, { time_zone: "+07:00" })).code, "time_zone_unknown");
    // a day that begins at noon would put the morning into the day before
    for (const late of ["12:00", "23:00"]) {
      assert.equal((await make(owner, { ...outlet, day_begins: late })).code, "day_begins_late", late);
      assert.equal((await patch(owner, DEMO_OUTLET, { day_begins: late })).code, "day_begins_late", late);
    }
    assert.equal((await patch(owner, DEMO_OUTLET, { day_begins: "11:59" })).status, 200);
    for (const unknown of [newId(), stranger.outletId])
      assert.equal((await patch(owner, unknown, { name: "X" })).code, "outlet_unknown");
  });
});
