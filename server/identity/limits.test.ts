import { newId, type Problem } from "@onegate/contract";
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import {
  everywhere,
  openDatabase,
  PROGRAM_ROLE,
  STATEMENT_TIMEOUTS_MS,
  withStatementTimeout,
} from "../kernel/index.ts";
import { openTestProgram, type TestProgram } from "../testing/program.ts";
import { demoUser } from "../testing/wallet.ts";
import { createBucket, limits, readLimits } from "./limits.ts";

let program: TestProgram;
before(async () => {
  program = await openTestProgram({ environment: { TRUST_PROXY: "loopback" } });
});
after(() => program.close());

const PASSWORD = "Senja-di-Lembang-77";
const subject = (...parts: string[]) => createHash("sha256").update(parts.join("\u0000")).digest("hex");
const register = (from: string) =>
  program.call<Problem>("POST", "/api/auth/register", {
    body: { username: "x", email: "x", phone: "x", password: PASSWORD },
    headers: { "x-forwarded-for": from },
  });
const refresh = (from: string) =>
  program.call<Problem>("PUT", "/api/auth/refresh", {
    body: { refresh_token: newId() },
    headers: { "x-forwarded-for": from },
  });
/** As if so many had come from a network a moment ago. */
const tried = (name: string, network: string, tries: number, pause: string) =>
  program.database.pool.query(
    `insert into sign_in_try (subject, tries, delayed_until)
      values ($1, $2, clock_timestamp() + $3::interval)`,
    [subject(name, network), tries, pause],
  );

describe("a bucket", () => {
  it("gives a burst, then as many as it fills again, and each network has its own", () => {
    let at = 0;
    const { take } = createBucket({ perSecond: 2, burst: 3 }, () => at);
    assert.deepEqual([take("a"), take("a"), take("a"), take("a"), take("b")], [0, 0, 0, 1, 0]);
    at = 500;
    assert.deepEqual([take("a"), take("a")], [0, 1]);
    at = 10_000;
    assert.deepEqual(
      [take("a"), take("a"), take("a"), take("a")],
      [0, 0, 0, 1],
      "no more than a burst is saved up",
    );
  });
});

describe("a limit", () => {
  it("on registrations counts each request of a network in the database, so over all replicas, and says how long to wait", async () => {
    await tried("registration", "198.51.100.1", limits.registration.free + 1, "0 seconds");
    assert.equal((await register("198.51.100.1")).code, "username_invalid");
    // the pause is over when it is over: here it is made to last until it was looked at
    await program.database.pool.query(
      `update sign_in_try set delayed_until = delayed_until + interval '1 hour'
         where subject = $1 and delayed_until is not null`,
      [subject("registration", "198.51.100.1")],
    );
    const refused = await register("198.51.100.1");
    assert.deepEqual(
      [refused.status, refused.code, refused.headers.get("content-type")],
      [429, "too_many_requests", "application/problem+json"],
    );
    assert.ok(Number(refused.headers.get("retry-after")) >= 1);
    assert.match(JSON.stringify(refused.body), /Terlalu banyak permintaan.*Too many requests/);
    await program.restart();
    assert.equal((await register("198.51.100.1")).code, "too_many_requests");
    assert.equal((await register("198.51.100.2")).code, "username_invalid");
  });

  it("holds for an IPv6 network, whichever of its addresses is used", async () => {
    await tried("registration", "2001:db8:0:7::/64", limits.registration.free, "1 hour");
    assert.equal((await register("2001:db8:0:7::1")).code, "too_many_requests");
    assert.equal((await register("2001:0db8:0000:0007:ffff::2")).code, "too_many_requests");
    assert.equal((await register("2001:db8:0:8::1")).code, "username_invalid");
  });

  it("on refreshes stops a flood at once, and nobody else", async () => {
    const answers: Awaited<ReturnType<typeof refresh>>[] = [];
    while (!answers.some(({ status }) => status === 429))
      answers.push(...(await Promise.all(Array.from({ length: 100 }, () => refresh("198.51.100.3")))));
    const refused = answers.filter(({ status }) => status === 429);
    assert.ok(
      answers.length - refused.length >= limits.refresh.burst,
      `${refused.length} of ${answers.length} were refused`,
    );
    assert.ok(
      refused.every(
        ({ code, headers }) => code === "too_many_requests" && Number(headers.get("retry-after")) >= 1,
      ),
    );
    assert.equal((await refresh("198.51.100.4")).code, "refresh_token_invalid");
  });

  it("counts the address that a proxy saw, not one that a client wrote", async () => {
    await tried("registration", "198.51.100.5", limits.registration.free, "1 hour");
    for (const forged of ["203.0.113.1", "203.0.113.2, 203.0.113.3", "127.0.0.1", "unknown", ""]) {
      assert.equal((await register(`${forged}, 198.51.100.5`)).code, "too_many_requests", forged);
    }
  });

  it("without a proxy that is believed counts the connection's address, whatever a client writes", async () => {
    const alone = await openTestProgram();
    try {
      await alone.database.pool.query(
        "insert into sign_in_try (subject, tries, delayed_until) values ($1, 1, now() + interval '1 hour')",
        [subject("registration", "127.0.0.1")],
      );
      for (const header of ["x-forwarded-for", "forwarded", "x-real-ip", "cf-connecting-ip"]) {
        const { code } = await alone.call("POST", "/api/auth/register", {
          body: { username: "x", email: "x", phone: "x", password: PASSWORD },
          headers: { [header]: "203.0.113.9" },
        });
        assert.equal(code, "too_many_requests", header);
      }
    } finally {
      await alone.close();
    }
  });
});

describe("reading", () => {
  it("is limited by person, whatever addresses the person reads from, and nobody else waits", async () => {
    const [andi, citra] = [await demoUser(program, "andi.contoh"), await demoUser(program, "citra.contoh")];
    const read = (n: number) =>
      program.call("GET", "/api/auth/profile", {
        token: andi.token,
        headers: { "x-forwarded-for": `198.51.100.${n % 250}` },
      });
    const answers: Awaited<ReturnType<typeof read>>[] = [];
    while (!answers.some(({ status }) => status === 429))
      answers.push(...(await Promise.all(Array.from({ length: 100 }, (_, n) => read(n)))));
    const refused = answers.filter(({ status }) => status === 429);
    assert.ok(
      answers.length - refused.length >= readLimits.user.burst,
      `${refused.length} of ${answers.length} were refused`,
    );
    assert.ok(
      refused.every(
        ({ code, headers }) => code === "too_many_requests" && Number(headers.get("retry-after")) >= 1,
      ),
    );
    assert.equal((await citra.get("/api/v1/wallet/history")).status, 200);
  });
});

describe("a statement", () => {
  it("may run as long as its route's kind says, and is then ended: 503, and nothing was done", async () => {
    const { pool } = program.database;
    const user = await demoUser(program, "citra.contoh");
    const page = `/api/v1/wallet/history?cursor=${Buffer.from(`2099-01-01T00:00:00.000000Z ${newId()} 0`).toString("base64url")}`;
    const { rows } = await pool.query<{ definition: string }>(
      "select pg_get_functiondef('ledger_version_at'::regproc) as definition",
    );
    await pool.query(
      `create or replace function ledger_version_at(m uuid, account uuid,
          at timestamptz) returns bigint language plpgsql stable as $$ begin perform pg_sleep(20); return 0; end $$`,
    );
    const slow = await user.get(page);
    await pool.query(rows[0]?.definition ?? "");
    assert.deepEqual([slow.status, slow.code], [503, "overloaded"]);
    assert.equal((await user.get(page)).status, 200, "the connection is good for the next");
  });

  it("of a request has a limit; of a job it has none", async () => {
    const opened = openDatabase(program.connection, 2, () => undefined, PROGRAM_ROLE);
    try {
      const shown = async () =>
        (await opened.pool.query<{ statement_timeout: string }>("show statement_timeout")).rows[0]
          ?.statement_timeout;
      assert.equal(await everywhere(shown), "0");
      for (const [kind, ms] of Object.entries(STATEMENT_TIMEOUTS_MS))
        assert.equal(
          await withStatementTimeout(ms, () => everywhere(shown)),
          `${ms / 1_000}s`.replace("60s", "1min"),
          kind,
        );
      assert.equal(await everywhere(shown), "0", "the same connection, for other work");
    } finally {
      await opened.close();
    }
  });
});

describe("a body", () => {
  it("of somebody unknown is refused by its size before it is read", async () => {
    for (const [method, path] of [
      ["POST", "/api/auth/login"],
      ["POST", "/api/auth/register"],
      ["PUT", "/api/auth/refresh"],
      ["POST", "/api/v1/till/unlock"],
    ] as const) {
      const { status, code } = await program.call(method, path, {
        body: { username: "andi.contoh", password: "x".repeat(1_000_000) },
      });
      assert.deepEqual([status, code], [413, "request_too_large"], path);
    }
  });
});
