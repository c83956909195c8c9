import { newId } from "@onegate/contract";
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { DEMO_MERCHANT } from "../server/demo/index.ts";
import { readSettings, startCluster, type Clock } from "../server/kernel/index.ts";
import { balanceByCode, prove } from "../server/ledger/index.ts";
import { startProgram, type Program } from "../server/roles.ts";
import { openTestDatabase, type TestDatabase } from "../server/testing/database.ts";
import { until } from "../server/testing/until.ts";
import { bearing, rememberDevice } from "../server/testing/session.ts";

type Answer = { readonly status: number; readonly headers: Headers; readonly body: Record<string, unknown> };

async function send(
  program: Program,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${program.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}

const payment = (id = newId(), amount = "1.00") => ({
  id,
  currency: "IDR",
  amount,
  source_account: "ACC_SRC_ABC",
  destination_account: "ACC_DST_DEF",
});

describe("two replicas on one database", () => {
  let test: TestDatabase;
  const running: Program[] = [];
  before(async () => {
    test = await openTestDatabase();
  });
  after(async () => {
    for (const program of running) await program.stop();
    await test.close();
  });

  async function start(clock?: Clock): Promise<Program> {
    const settings = readSettings({ PORT: "0", LOG_LEVEL: "silent", DATABASE_POOL: "6" });
    const program = await startProgram({
      settings,
      connection: test.connection,
      tripayUrl: "http://127.0.0.1:9",
      ...(clock ? { clock } : {}),
    });
    running.push(program);
    return program;
  }
  const posted = async () =>
    (await balanceByCode(test.database.kysely, DEMO_MERCHANT, "ACC_DST_DEF"))?.posted ?? 0n;

  it("start at the same moment on an empty database, and only one creates the demo data", async () => {
    const [one, other] = await Promise.all([start(), start()]);
    assert.notEqual(one.url, other.url);
    const { rows } = await test.database.pool.query("select 1 from merchant");
    assert.equal(rows.length, 1);
  });

  it("fault 3: a retry at the other replica gets the lost answer, and one id is posted once", async () => {
    const [one, other] = running as [Program, Program];
    const atFirst = await posted();
    const input = payment();
    const lost = await send(one, "/payments", input);
    const retried = await send(other, "/payments", input);
    assert.deepEqual([retried.status, retried.body], [200, lost.body]);
    assert.equal(retried.headers.get("idempotent-replayed"), "true");
    assert.equal((await posted()) - atFirst, 100n);
    // fifty identical requests at once, over both replicas
    const twin = payment();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) => send(i % 2 ? one : other, "/payments", twin)),
    );
    assert.equal(new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size, 1);
    assert.equal((await posted()) - atFirst, 200n);
    assert.equal(
      (await send(other, "/payments", { ...twin, amount: "2.00" })).body["code"],
      "idempotency_key_reused",
    );
    assert.deepEqual((await prove(test.database)).breaches, []);
  });

  it("fault 26: ids, holds and sessions are right although clocks are wrong or step back", async () => {
    let ahead = 10 * 60_000;
    const early = await start({ now: () => Date.now() - 10 * 60_000 });
    const late = await start({ now: () => Date.now() + ahead });
    const login = async (program: Program) =>
      (await send(program, "/api/auth/login", { username: "citra.contoh", password: "rahasia-demo" }))
        .body as { access_token: string; refresh_token: string };
    const session = await login(late);
    const statusOf = async (program: Program, path: string, token: string) =>
      (await fetch(`${program.url}${path}`, { headers: bearing(token) })).status;
    // tokens are valid for 15 minutes on both replicas, although their clocks are 20 minutes apart
    for (const signer of [early, late]) {
      const { access_token: token } = await login(signer);
      for (const program of [early, late])
        assert.equal(await statusOf(program, "/api/v1/wallet", token), 200);
      const { iat = 0, exp = 0 } = JSON.parse(
        Buffer.from(token.split(".")[1] ?? "", "base64url").toString(),
      ) as { iat?: number; exp?: number };
      assert.ok(Math.abs(iat - Date.now() / 1000) < 60 && exp - iat === 900, `issued ${iat}, until ${exp}`);
    }
    // staff sessions don't depend on the clock of the replica that opened them either
    const shop = (await (await fetch(`${early.url}/api/v1/till/shop`)).json()) as {
      staff: ReadonlyArray<{ id: string; name: string }>;
    };
    const enrolled = await send(early, "/api/v1/till/devices", {});
    for (const [opener, other] of [
      [early, late],
      [late, early],
    ] as const) {
      const { body } = await send(
        opener,
        "/api/v1/till/unlock",
        { staff_id: shop.staff.find(({ name }) => name === "Ratna")?.id, pin: "333333" },
        { "onegate-device": String(enrolled.body["token"]) },
      );
      rememberDevice(String(body["token"]), String(enrolled.body["token"]));
      assert.equal(
        await statusOf(other, "/api/v1/till/reports/today", String(body["token"])),
        200,
        JSON.stringify(body),
      );
    }
    ahead = -5 * 60_000;
    assert.equal(
      await statusOf(late, "/api/v1/wallet", session.access_token),
      200,
      "after its signer's clock stepped back",
    );
    const key = (token: string) => ({ ...bearing(token), "idempotency-key": newId() });
    // the expiry of a refresh token is checked by the database's clock
    const refreshed = await fetch(`${early.url}/api/auth/refresh`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ refresh_token: session.refresh_token }),
    });
    assert.equal(refreshed.status, 200);
    const token = (await login(early)).access_token;
    const held = await send(
      early,
      "/api/v1/wallet/holds",
      { amount: "10.00", currency: "IDR", destination_account: "ACC_DST_DEF", expires_in: 60 },
      key(token),
    );
    assert.equal(held.status, 201, JSON.stringify(held.body));
    // a minute by the database's clock, although the replica's clock is ten minutes behind
    const { rows } = await test.database.pool.query<{ seconds: number }>(
      `select extract(epoch from expires_at - clock_timestamp())::float8 as seconds
       from ledger_hold order by reserved_at desc limit 1`,
    );
    assert.ok(rows[0] && rows[0].seconds > 50 && rows[0].seconds <= 60, `${rows[0]?.seconds} s`);
    // a replica whose clock is ahead doesn't expire it early, and expires a hold of one second on time
    ahead = 10 * 60_000;
    const short = await send(
      late,
      "/api/v1/wallet/holds",
      { amount: "10.00", currency: "IDR", destination_account: "ACC_DST_DEF", expires_in: 1 },
      key(token),
    );
    assert.equal(short.status, 201, JSON.stringify(short.body));
    const states = async () => {
      await test.database.pool.query("select graphile_worker.add_job('ledger:expire_holds')");
      const { rows: holds } = await test.database.pool.query<{ state: string }>(
        "select state from ledger_hold order by reserved_at desc limit 2",
      );
      return holds.map(({ state }) => state);
    };
    await until(states, ([newest]) => newest !== "open", 10_000);
    assert.deepEqual(await states(), ["expired", "open"]);
    const input = payment();
    assert.equal((await send(early, "/payments", input)).status, 200);
    assert.deepEqual((await send(late, "/payments", input)).headers.get("idempotent-replayed"), "true");
    const { rows: order } = await test.database.pool.query<{ falls: boolean }>(
      `select bool_or(posted_at < before) as falls
       from (
         select posted_at, lag(posted_at) over (partition by account_id order by version) as before
         from ledger_entry
       ) e`,
    );
    assert.equal(order[0]?.falls, false, "an account's entries are in the order of their times");
    assert.deepEqual((await prove(test.database)).breaches, []);
  });
});

describe("a database that restarts under load", () => {
  it("fault 24: callers get 503 with Retry-After, and payments work again within ten seconds", async () => {
    const data = mkdtempSync(join(tmpdir(), "onegate-restart-"));
    let cluster = await startCluster({ data, settings: { fsync: "off" } });
    const settings = readSettings({
      PORT: "0",
      LOG_LEVEL: "silent",
      DATABASE_POOL: "4",
      LEDGER_QUEUE: "30",
      LEDGER_LANES: "1",
    });
    const program = await startProgram({
      settings,
      connection: cluster.connection,
      tripayUrl: "http://127.0.0.1:9",
    });
    try {
      const acked: string[] = [];
      const refused: Answer[] = [];
      let stopped = false;
      const call = async () => {
        while (!stopped) {
          const input = payment();
          const answer = await send(program, "/payments", input).catch(() => undefined);
          if (answer?.status === 200) acked.push(input.id);
          else if (answer) {
            refused.push(answer);
            await sleep(20);
          }
        }
      };
      const callers = Array.from({ length: 60 }, call);
      await sleep(400);
      await cluster.stop();
      const down = performance.now();
      await sleep(1_500);
      cluster = await startCluster({ data, settings: { fsync: "off" } });
      const up = performance.now();
      const count = acked.length;
      await until(
        async () => acked.length,
        (now) => now > count + 50,
        10_000,
      );
      assert.ok(performance.now() - up < 10_000);
      stopped = true;
      await Promise.all(callers);
      assert.ok(
        refused.length > 0 &&
          refused.every(({ status, headers }) => status === 503 && headers.get("retry-after") !== null),
        JSON.stringify(refused.find(({ status }) => status !== 503)),
      );
      assert.ok(
        refused.some(({ body }) => body["code"] === "overloaded"),
        "requests beyond the queue's limit are refused at once",
      );
      assert.ok(up - down > 1_000);
      const client = new pg.Client(cluster.connection);
      await client.connect();
      const { rows } = await client.query<{ reference: string }>(
        "select reference from ledger_transfer where kind = 'payment'",
      );
      await client.end();
      const references = new Set(rows.map(({ reference }) => reference));
      assert.equal(references.size, rows.length, "no payment was posted twice");
      assert.deepEqual(
        acked.filter((id) => !references.has(id)),
        [],
        "every acknowledged payment was posted",
      );
    } finally {
      await program.stop();
      await cluster.stop();
      rmSync(data, { recursive: true, force: true });
    }
  });
});
