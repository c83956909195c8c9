import {
  newId,
  type DeviceBody,
  type DeviceCodeBody,
  type EnrolledBody,
  type Id,
  type ShopBody,
  type StaffSessionBody,
} from "@onegate/contract";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { DEMO_MERCHANT, DEMO_OUTLET } from "../../demo/index.ts";
import { readSettings } from "../../kernel/index.ts";
import { startProgram, type Program } from "../../roles.ts";
import { openTestProgram, type TestProgram } from "../../testing/program.ts";
import { openStranger, openTill, tryUnlock } from "../../testing/shop.ts";
import { codeHash } from "./code.ts";
import { bearing } from "../../testing/session.ts";

let program: TestProgram;
let owner: string;
let manager: string;
let cashier: string;
let ids: Record<string, Id>;
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
});
after(() => program.close());

const newCode = (token: string, outletId = DEMO_OUTLET) =>
  program.call<DeviceCodeBody>("POST", "/api/v1/devices/codes", {
    token,
    body: { outlet_id: outletId, name: "Kasir 2" },
  });
const enrol = (code: string) =>
  program.call<EnrolledBody>("POST", "/api/v1/till/devices", { body: { code } });
const shopOf = (device?: string) =>
  program.call<ShopBody>(
    "GET",
    "/api/v1/till/shop",
    device === undefined ? {} : { headers: { "onegate-device": device } },
  );
const revoke = (token: string, id: Id, reason = "replaced") =>
  program.call<DeviceBody>("POST", `/api/v1/devices/${id}/revoke`, { token, body: { reason } });
const statusOf = (token: string) => program.call("GET", "/api/v1/till/catalogue", { token });

/** Opens a till's event stream, and reports when it ends. */
async function listen(url: string, token: string): Promise<{ ended: Promise<void> }> {
  const answer = await fetch(`${url}/api/v1/till/events`, { headers: bearing(token) });
  assert.equal(answer.status, 200);
  const reader = answer.body!.getReader();
  await reader.read();
  const ended = (async () => {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read());
  })();
  return { ended };
}

describe("a device", () => {
  it("a code enrols one device, which determines the shop", async () => {
    const { status, body, headers } = await newCode(manager);
    assert.equal(status, 201, JSON.stringify(body));
    assert.match(body.code, /^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
    assert.equal(headers.get("cache-control"), "no-store");
    assert.ok(body.url.endsWith(`/#enrol=${body.code}`));
    const enrolled = await enrol(body.code.toLowerCase().replace("-", " "));
    assert.deepEqual(
      [enrolled.status, enrolled.body.device.name, enrolled.body.device.outlet_id],
      [201, "Kasir 2", DEMO_OUTLET],
    );
    assert.match(enrolled.body.token, /^[A-Za-z0-9_-]{43}$/);
    assert.equal((await shopOf(enrolled.body.token)).body.outlet.id, DEMO_OUTLET);
    assert.equal((await enrol(body.code)).code, "device_code_unknown");
  });

  it("two concurrent uses of a code enrol one device", async () => {
    const { code } = (await newCode(owner)).body;
    const tries = await Promise.all(Array.from({ length: 6 }, () => enrol(code)));
    assert.deepEqual(
      [
        tries.filter(({ status }) => status === 201).length,
        tries.filter(({ code: refusal }) => refusal === "device_code_unknown").length,
      ],
      [1, 5],
    );
    await program.database.pool.query("delete from sign_in_try");
  });

  it("an expired code is unknown; guesses are counted before the look-up and delayed", async () => {
    const { code } = (await newCode(owner)).body;
    await program.database.pool.query("update device_code set expires_at = now() where code_hash = $1", [
      codeHash(code),
    ]);
    assert.equal((await enrol(code)).code, "device_code_unknown");
    const good = (await newCode(owner)).body.code;
    const tries = await Promise.all(Array.from({ length: 20 }, () => enrol("0000-0000")));
    assert.equal(tries.filter(({ code: refusal }) => refusal === "device_code_unknown").length, 10);
    assert.equal((await enrol(good)).code, "sign_in_delayed", "even the right code is delayed for a moment");
    await program.database.pool.query("delete from sign_in_try");
    assert.equal((await enrol(good)).status, 201);
  });

  it("owners and managers make codes, for the outlets they may act at", async () => {
    assert.equal((await newCode(cashier)).code, "forbidden");
    const stranger = await openStranger(program);
    assert.equal((await newCode(owner, stranger.outletId)).code, "outlet_unknown");
    assert.equal((await newCode(stranger.token)).code, "outlet_unknown");
    const other = newId();
    await program.database.pool.query(
      `insert into outlet (merchant_id, outlet_id, name, address, phone, receipt_code)
        values ($1, $2, 'Cabang', '', '', 'KS2')`,
      [DEMO_MERCHANT, other],
    );
    assert.equal((await newCode(manager, other)).code, "outlet_unknown");
    const branch = await enrol((await newCode(owner, other)).body.code);
    assert.equal(branch.body.device.outlet_id, other);
    assert.deepEqual(
      (await shopOf(branch.body.token)).body.staff.map(({ name }) => name),
      ["Ratna"],
      "an owner may act at every outlet",
    );
    assert.equal((await tryUnlock(program, branch.body.token, ids["Sari"], "111111")).code, "staff_unknown");
    assert.equal((await revoke(manager, branch.body.device.id)).code, "device_not_found");
    const session = await tryUnlock(program, branch.body.token, ids["Ratna"], "333333");
    const seenBy = async (token: string) =>
      (await program.call<{ sessions: StaffSessionBody[] }>("GET", "/api/v1/staff-sessions", { token })).body
        .sessions;
    const there = (await seenBy(owner)).find(({ device }) => device.outlet_id === other);
    assert.ok(there && !(await seenBy(manager)).some(({ device }) => device.outlet_id === other));
    assert.equal(
      (await program.call("DELETE", `/api/v1/staff-sessions/${there.id}`, { token: manager })).code,
      "session_unknown",
    );
    assert.equal(session.status, 200);
    const seen = await program.call<{ devices: DeviceBody[] }>("GET", "/api/v1/devices", {
      token: session.body.token,
    });
    assert.ok(
      seen.body.devices.some(
        (one) =>
          one.this_device &&
          one.outlet_id === other &&
          one.last_address === "127.0.0.1" &&
          one.enrolled_by === ids["Ratna"],
      ),
    );
    assert.ok(
      (
        await program.call<{ devices: DeviceBody[] }>("GET", "/api/v1/devices", { token: manager })
      ).body.devices.every(({ outlet_id }) => outlet_id === DEMO_OUTLET),
    );
  });

  it("nothing unlocks without the device's own token and session", async () => {
    assert.equal(
      (await program.call("POST", "/api/v1/till/unlock", { body: { staff_id: ids["Sari"], pin: "111111" } }))
        .code,
      "device_unknown",
    );
    assert.equal((await tryUnlock(program, "A".repeat(43), ids["Sari"], "111111")).code, "device_unknown");
    assert.equal((await shopOf("A".repeat(43))).code, "device_unknown");
    const till = await openTill(program, ids["Sari"]!, "111111");
    const otherDevice = await program.enrol();
    const elsewhere = await program.call("GET", "/api/v1/till/catalogue", {
      token: till.token,
      headers: { "onegate-device": otherDevice },
    });
    assert.equal(elsewhere.code, "unauthenticated", "a session used on another device");
    for (const headers of [{}, { "onegate-device": "" }, { "onegate-device": "x" }]) {
      const alone = await fetch(`${program.url}/api/v1/till/catalogue`, {
        headers: { authorization: `Bearer ${till.token}`, ...headers },
      });
      assert.equal(alone.status, 401, `a session used without its device: ${JSON.stringify(headers)}`);
    }
    assert.equal(
      (
        await program.call("GET", "/api/v1/till/catalogue", {
          token: till.token,
          headers: { "onegate-device": till.device },
        })
      ).status,
      200,
    );
  });

  it("another merchant's device shows and opens that merchant only", async () => {
    const stranger = await openStranger(program, "Toko Kedua");
    const till = await openTill(program, stranger.staffId, "824613", stranger);
    assert.equal((await shopOf(till.device)).body.merchant.name, "Toko Kedua");
    assert.equal((await tryUnlock(program, till.device, ids["Ratna"], "333333")).code, "staff_unknown");
    assert.equal(
      (await revoke(stranger.token, (await openTill(program, ids["Sari"]!, "111111")).deviceId)).code,
      "device_not_found",
    );
    assert.equal((await revoke(owner, till.deviceId)).code, "device_not_found");
    assert.deepEqual(
      (await program.call<{ products: unknown[] }>("GET", "/api/v1/till/catalogue", { token: till.token }))
        .body.products,
      [],
    );
  });
});

describe("a revoked device", () => {
  let second: Program;
  before(async () => {
    const settings = readSettings({ PORT: "0", LOG_LEVEL: "silent" });
    second = await startProgram({
      settings,
      connection: program.connection,
      tripayUrl: `${program.simulator.url}/api-sandbox`,
      simulatorUrl: program.simulator.url,
    });
  });
  after(() => second.stop());

  it("revoking a device ends its token, sessions and open streams at once, on every replica", async () => {
    const till = await openTill(program, ids["Sari"]!, "111111");
    const streams = await Promise.all([program.url, second.url].map((url) => listen(url, till.token)));
    assert.equal((await revoke(cashier, till.deviceId)).code, "forbidden");
    const revoked = await revoke(manager, till.deviceId, "other");
    assert.deepEqual([revoked.status, revoked.body.revoked_reason], [200, "other"]);
    await Promise.all(streams.map(({ ended }) => ended));
    assert.equal((await statusOf(till.token)).code, "unauthenticated");
    assert.equal((await shopOf(till.device)).code, "device_revoked");
    assert.equal((await tryUnlock(program, till.device, ids["Sari"], "111111")).code, "device_revoked");
    assert.equal(
      (await revoke(owner, till.deviceId, "lost")).body.revoked_reason,
      "other",
      "revoking again changes nothing",
    );
    const found = await program.call<{ devices: DeviceBody[] }>("GET", "/api/v1/devices", { token: owner });
    assert.ok(found.body.devices.at(-1)?.revoked_at);
  });

  it("no session outlives a concurrent revocation", async () => {
    for (let round = 0; round < 5; round += 1) {
      const till = await openTill(program, ids["Sari"]!, "111111");
      const [opened] = await Promise.all([
        tryUnlock(program, till.device, ids["Sari"], "111111"),
        revoke(owner, till.deviceId),
      ]);
      if (opened.status === 200) assert.equal((await statusOf(opened.body.token)).status, 401);
      else assert.equal(opened.code, "device_revoked");
    }
  });

  it("people who unlocked a lost device must first change their PIN at the next unlock", async () => {
    const stranger = await openStranger(program, "Toko Ketiga");
    const tablet = await openTill(program, stranger.staffId, "824613", stranger);
    const counter = await openTill(program, stranger.staffId, "824613", stranger);
    assert.equal((await revoke(counter.token, tablet.deviceId, "lost")).status, 200);
    assert.equal((await statusOf(counter.token)).status, 200, "sessions on other devices continue");
    const { body } = await tryUnlock(program, counter.device, stranger.staffId, "824613");
    assert.equal(body.must_change_pin, true);
    assert.deepEqual(
      body.rights.filter((right) => ["sale.create", "staff.manage", "pin.change"].includes(right)),
      ["pin.change"],
    );
    assert.equal((await statusOf(body.token)).code, "pin_change_needed");
    const set = (pin: string, newPin: string) =>
      program.call<{ rights: string[] }>("PUT", "/api/v1/staff/me/pin", {
        token: body.token,
        body: { pin, new_pin: newPin },
      });
    assert.equal((await set("824613", "824613")).code, "pin_unchanged");
    assert.equal((await set("824613", "123456")).code, "pin_too_simple");
    assert.equal((await set("824614", "961538")).code, "pin_wrong");
    const done = await set("824613", "961538");
    assert.ok(done.status === 200 && done.body.rights.includes("staff.manage"), JSON.stringify(done.body));
    assert.equal((await statusOf(body.token)).status, 200, "the session has become an ordinary one");
    assert.equal((await statusOf(counter.token)).status, 401, "the other sessions ended");
    assert.equal(
      (await tryUnlock(program, counter.device, stranger.staffId, "961538")).body.must_change_pin,
      false,
    );
  });
});

describe("a code", () => {
  it("a code is read in any common spelling, and other text is refused", () => {
    assert.deepEqual(codeHash("7k4m-q2xz"), codeHash("7K4M Q2XZ"));
    assert.deepEqual(codeHash("O1I0-LLLL"), codeHash("0110-1111"));
    for (const none of ["", "7K4M", "7K4M-Q2XU", "7K4M-Q2XZ-0", "é".repeat(8)])
      assert.equal(codeHash(none), undefined);
  });
});
