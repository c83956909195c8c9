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
/** Simulates `tries` made by a network a moment ago. */
const tried = (name: string, network: string, tries: number, pause: string) =>
  program.database.pool.query(
    `insert into sign_in_try (subject, tries, delayed_until)
      values ($1, $2, clock_timestamp() + $3::interval)`,
    [subject(name, network), tries, pause],
  );

describe("a bucket", () => {
  it("a bucket allows a burst, then its refill rate, for each network separately", () => {
    let at = 0;
    const { take } = createBucket({ perSecond: 2, burst: 3 }, () => at);
    assert.deepEqual([take("a"), take("a"), take("a"), take("a"), take("b")], [0, 0, 0, 1, 0]);
    at = 500;
    assert.deepEqual([take("a"), take("a")], [0, 1]);
    at = 10_000;
    assert.deepEqual(
      [take("a"), take("a"), take("a"), take("a")],
      [0, 0, 0, 1],
      "a bucket never holds more than a burst",
    );
  });
});

describe("a limit", () => {
  it("the registration limit counts across replicas and says how long to wait", async () => {
    await tried("registration", "198.51.100.1", limits.registration.free + 1, "0 seconds");
    assert.equal((await register("198.51.100.1")).code, "username_invalid");
    // lengthens the pause, so that it cannot end before it is checked
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

  it("a limit holds for a whole IPv6 network", async () => {
    await tried("registration", "2001:db8:0:7::/64", limits.registration.free, "1 hour");
    assert.equal((await register("2001:db8:0:7::1")).code, "too_many_requests");
    assert.equal((await register("2001:0db8:0000:0007:ffff::2")).code, "too_many_requests");
    assert.equal((await register("2001:db8:0:8::1")).code, "username_invalid");
  });

  it("the refresh limit stops a flood at once and delays no other network", async () => {
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

  it("a limit counts the address that a trusted proxy saw, not one that the client sent", async () => {
    await tried("registration", "198.51.100.5", limits.registration.free, "1 hour");
    for (const forged of ["203.0.113.1", "203.0.113.2, 203.0.113.3", "127.0.0.1", "unknown", ""]) {
      assert.equal((await register(`${forged}, 198.51.100.5`)).code, "too_many_requests", forged);
    }
  });

  it("without a trusted proxy a limit counts the connection's address", async () => {
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
  it("reads are limited by person, from any address, and delay nobody else", async () => {
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
  it("a statement that exceeds its route's time limit is cancelled: 503, nothing is changed", async () => {
    const { pool } = program.database;
    const user = await demoUser(program, "citra.contoh");
    const cursor = Buffer.from(`2099-01-01T00:00:00.000000Z ${newId()} 0`).toString("base64url");
    const page = `/api/v1/wallet/history?cursor=${cursor}`;
    const { rows } = await pool.query<{ definition: string }>(
      "select pg_get_functiondef('ledger_version_at'::regproc) as definition",
    );
    await pool.query(
      `create or replace function ledger_version_at(m uuid, account uuid, at timestamptz) returns bigint
         language plpgsql stable as $$ begin perform pg_sleep(20); return 0; end $$`,
    );
    const slow = await user.get(page);
    await pool.query(rows[0]?.definition ?? "");
    assert.deepEqual([slow.status, slow.code], [503, "overloaded"]);
    assert.equal((await user.get(page)).status, 200, "the connection serves the next request");
  });

  it("a request's statements have a time limit; a job's have none", async () => {
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
  it("an oversized body from an unknown caller is refused before it is read", async () => {
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
