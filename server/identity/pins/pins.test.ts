import { isRefusal, type Id, type ShopBody } from "@onegate/contract";
import assert from "node:assert/strict";
import fc from "fast-check";
import { after, before, describe, it } from "node:test";
import { openTestProgram, type TestProgram } from "../../testing/program.ts";
import { openTill, tryUnlock, type TestTill } from "../../testing/shop.ts";
import { DEMO_MERCHANT } from "../../demo/index.ts";
import { isGuessablePin, judge, PIN_POLICY, type Standing } from "./policy.ts";
import { provePin } from "./prove-pin.ts";

describe("the policy", () => {
  const standing = fc.record({
    isOwner: fc.boolean(),
    isKnown: fc.boolean(),
    pair: fc.record({ wrong: fc.nat(40), waitSeconds: fc.nat(4_000) }),
    device: fc.record({ wrong: fc.nat(80), waitSeconds: fc.nat(4_000) }),
    person: fc.record({ wrong: fc.nat(200) }),
  });

  it("more wrong tries never shorten a wait or lift a block", () => {
    const seconds = (one: Standing) => {
      const verdict = judge(one);
      return "stop" in verdict
        ? verdict.stop === "blocked"
          ? Infinity
          : verdict.seconds
        : verdict.pairDelaySeconds + verdict.deviceDelaySeconds;
    };
    const open = standing.map((one) => ({
      ...one,
      pair: { ...one.pair, waitSeconds: 0 },
      device: { ...one.device, waitSeconds: 0 },
    }));
    fc.assert(
      fc.property(open, (one) => {
        for (const worse of [
          { ...one, pair: { wrong: one.pair.wrong + 1, waitSeconds: 0 } },
          { ...one, device: { wrong: one.device.wrong + 1, waitSeconds: 0 } },
          { ...one, person: { wrong: one.person.wrong + 1 } },
        ]) {
          assert.ok(seconds(worse) >= seconds(one));
        }
      }),
    );
  });

  it("an owner on a known device is never blocked and waits half a minute at most", () => {
    fc.assert(
      fc.property(standing, (any) => {
        const verdict = judge({ ...any, isOwner: true, isKnown: true });
        if ("stop" in verdict) assert.deepEqual(verdict, { stop: "delayed", seconds: any.pair.waitSeconds });
        else assert.ok(verdict.pairDelaySeconds <= 30);
      }),
    );
  });

  it("other staff get five free tries, then pauses that double up to an hour, then a block", () => {
    const delay = (wrong: number) =>
      judge({
        isOwner: false,
        isKnown: true,
        pair: { wrong, waitSeconds: 0 },
        device: { wrong: 0, waitSeconds: 0 },
        person: { wrong: 0 },
      });
    const pauses = [0, 3, 4, 5, 6, 15, 16, 19].map(
      (wrong) => (delay(wrong) as { pairDelaySeconds: number }).pairDelaySeconds,
    );
    assert.deepEqual(pauses, [0, 0, 1, 2, 4, 2_048, 3_600, 3_600]);
    assert.deepEqual(delay(20), { stop: "blocked" });
  });

  it("the commonest PINs are recognized as simple", () => {
    for (const simple of [
      "000000",
      "111111",
      "123456",
      "654321",
      "567890",
      "890123",
      "121212",
      "123123",
      "112233",
      "147258",
    ])
      assert.ok(isGuessablePin(simple), simple);
    for (const sequence of [
      "135791",
      "246810",
      "024680",
      "864208",
      "101112",
      "404142",
      "102030",
      "306090",
      "255075",
      "987654",
      "112358",
      "123321",
    ])
      assert.ok(isGuessablePin(sequence), sequence);
    for (const date of [
      "280519",
      "170845",
      "010100",
      "310199",
      "190528",
      "051728",
      "290200",
      "081990",
      "199008",
      "122024",
    ])
      assert.ok(isGuessablePin(date), date);
    for (const good of ["824613", "961538", "310472", "482915", "593817", "320199", "001390", "141592"])
      assert.ok(!isGuessablePin(good), good);
  });
});

describe("PINs at tills", () => {
  let program: TestProgram;
  let ids: Record<string, Id>;
  let home: TestTill;
  before(async () => {
    program = await openTestProgram();
    ids = Object.fromEntries(
      (await program.call<ShopBody>("GET", "/api/v1/till/shop")).body.staff.map(({ name, id }) => [name, id]),
    );
    home = await openTill(program, ids["Ratna"]!, "333333");
  });
  after(() => program.close());
  const sql = (text: string, values: unknown[] = []) => program.database.pool.query(text, values);
  /** Ends the pauses but keeps the counts. */
  const wait = () =>
    sql("with d as (update device set delayed_until = null) update pin_try set delayed_until = null");
  const forget = () =>
    sql(
      `with d as (update device set delayed_until = null, wrong_pins = 0),
            s as (update staff set wrong_pins = 0)
        delete from pin_try
         where staff_id <> $1`,
      [ids["Ratna"]],
    );

  it("a delay applies to one person on one device only", async () => {
    const device = await program.enrol();
    const codes = (
      await Promise.all(Array.from({ length: 9 }, () => tryUnlock(program, device, ids["Sari"], "900000")))
    ).map(({ code }) => code);
    assert.deepEqual(
      [
        codes.filter((code) => code === "pin_wrong").length,
        codes.filter((code) => code === "pin_delayed").length,
      ],
      [5, 4],
    );
    await sql(
      "update pin_try set delayed_until = now() + interval '1 minute' where delayed_until is not null",
    );
    const delayed = await tryUnlock(program, device, ids["Sari"], "111111");
    assert.ok(delayed.code === "pin_delayed" && Number(delayed.headers.get("retry-after")) >= 1);
    assert.equal((await tryUnlock(program, device, ids["Bima"], "222222")).status, 200);
    assert.equal((await tryUnlock(program, await program.enrol(), ids["Sari"], "111111")).status, 200);
    await forget();
  });

  it("twenty wrong PINs in a row block a person on a device until they unlock elsewhere", async () => {
    const device = await program.enrol();
    const block = async () => {
      assert.equal((await tryUnlock(program, device, ids["Sari"], "900000")).code, "pin_wrong");
      await sql(
        "update pin_try set wrong_pins = $2, delayed_until = null where staff_id = $1 and wrong_pins > 0",
        [ids["Sari"], PIN_POLICY.pair.blocked - 1],
      );
      assert.equal((await tryUnlock(program, device, ids["Sari"], "900000")).code, "pin_wrong");
      assert.equal((await tryUnlock(program, device, ids["Sari"], "111111")).code, "pin_blocked");
    };
    await block();
    const elsewhere = await tryUnlock(program, await program.enrol(), ids["Sari"], "111111");
    assert.equal(elsewhere.status, 200);
    assert.equal((await tryUnlock(program, device, ids["Sari"], "111111")).status, 200);
    await sql("update device set wrong_pins = 0");
    await block();
    const lift = (token: string) => program.call("POST", `/api/v1/staff/${ids["Sari"]}/unblock`, { token });
    assert.equal((await lift(elsewhere.body.token)).code, "forbidden");
    const listed = await program.call<{ staff: Array<{ name: string; blocked_on: Id[] }> }>(
      "GET",
      "/api/v1/staff",
      { token: home.token },
    );
    assert.equal(listed.body.staff.find(({ name }) => name === "Sari")?.blocked_on.length, 1);
    assert.equal((await lift(home.token)).status, 204);
    assert.equal((await tryUnlock(program, device, ids["Sari"], "111111")).status, 200);
    await forget();
  });

  it("thirty wrong PINs on a device delay everyone there except an owner known there", async () => {
    const { device } = await openTill(program, ids["Ratna"]!, "333333");
    await sql("update device set wrong_pins = 30, wrong_since = now() where token_hash = sha256($1)", [
      Buffer.from(device),
    ]);
    assert.equal((await tryUnlock(program, device, ids["Sari"], "900000")).code, "pin_wrong");
    assert.equal((await tryUnlock(program, device, ids["Bima"], "222222")).code, "pin_delayed");
    assert.equal((await tryUnlock(program, device, ids["Ratna"], "333333")).status, 200);
    await sql("update device set wrong_since = now() - interval '61 minutes', delayed_until = null");
    assert.equal((await tryUnlock(program, device, ids["Bima"], "222222")).status, 200);
    await forget();
  });

  it("a right PIN is removed from the counts", async () => {
    const device = await program.enrol();
    for (let i = 0; i < 6; i += 1)
      assert.equal((await tryUnlock(program, device, ids["Sari"], "111111")).status, 200);
    const { rows } = await sql(
      `select (select wrong_pins from device where token_hash = sha256($1)) as device,
               (select wrong_pins from staff where staff_id = $2) as person`,
      [Buffer.from(device), ids["Sari"]],
    );
    assert.deepEqual(rows, [{ device: 0, person: 0 }]);
  });

  it("fault 34: 10,000 PIN tries on 100 devices are stopped, and the owner still gets in", async () => {
    const devices = await Promise.all(
      Array.from({ length: 100 }, () =>
        program.call<{ device: { id: Id } }>("POST", "/api/v1/till/devices", { body: {} }),
      ),
    );
    const seen = new Map<string, number>();
    let next = 0;
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        for (let n = next++; n < 10_000; n = next++) {
          const input = {
            merchantId: DEMO_MERCHANT,
            deviceId: devices[n % 100]!.body.device.id,
            staffId: ids["Ratna"]!,
          };
          const answer = await provePin(program.database, input, String(400_000 + n));
          const code = isRefusal(answer) ? answer.refusal : "right";
          seen.set(code, (seen.get(code) ?? 0) + 1);
          // the guesser waits out every pause
          if (n % 1_000 === 999) await wait();
        }
      }),
    );
    assert.deepEqual(
      [seen.get("right"), seen.get("pin_wrong")],
      [undefined, PIN_POLICY.person.most],
      JSON.stringify([...seen]),
    );
    assert.equal(
      (await tryUnlock(program, home.device, ids["Ratna"], "333333")).status,
      200,
      "the owner on their own till",
    );
    assert.equal(
      (await tryUnlock(program, await program.enrol(), ids["Ratna"], "333333")).code,
      "pin_blocked",
      "on any other device, blocked for today",
    );
    const { rows } = await sql("select max(wrong_pins)::int as most from pin_try");
    assert.ok(rows[0].most < PIN_POLICY.pair.blocked);
    await sql("update staff set wrong_since = now() - interval '25 hours'");
    assert.equal(
      (await tryUnlock(program, await program.enrol(), ids["Ratna"], "333333")).status,
      200,
      "tomorrow",
    );
  });
});
