import { isRefusal, newId, refuse, type Id } from "@onegate/contract";
import { sql } from "kysely";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openTestDatabase, type TestDatabase } from "../testing/database.ts";
import { until } from "../testing/until.ts";
import {
  announce,
  consume,
  createLog,
  derivedId,
  inTransaction,
  onAnnounced,
  latestCursor,
  mask,
  once,
  readEvents,
  readSettings,
  START,
  StartFailure,
  type OutboxEvent,
  type Tx,
} from "./index.ts";

let test: TestDatabase;
before(async () => {
  test = await openTestDatabase(20);
});
after(() => test.close());

describe("prepared statements", () => {
  it("are parsed once per connection, and a failed one does not affect the next", async () => {
    await test.database.kysely.connection().execute(async (connection) => {
      const plus = (a: number, b: number) =>
        sql<{ sum: number }>`select ${a}::int / ${b}::int as sum`.execute(connection);
      const prepared = async () =>
        (
          await sql<{
            statement: string;
          }>`
            select statement from pg_prepared_statements
             where statement like ${"select $1::int / $2::int as sum"}`.execute(connection)
        ).rows;
      assert.equal((await plus(6, 3)).rows[0]?.sum, 2);
      await assert.rejects(plus(6, 0), /division by zero/);
      assert.equal((await plus(6, 2)).rows[0]?.sum, 3);
      assert.equal((await prepared()).length, 1);
    });
  });
});

/** Announces an event whose topic and payload don't matter here. */
const happen = (tx: Tx, merchantId: Id, subject: string) =>
  announce(tx, merchantId, "staff_session.ended", subject, { session_id: newId() });

describe("the outbox", () => {
  it("wakes its readers after a commit that announced something, and at no other time", async () => {
    const merchantId = newId();
    let wakes = 0;
    const unsubscribe = onAnnounced(test.database, () => void (wakes += 1));
    await inTransaction(test.database, async (tx) => {
      await happen(tx, merchantId, "1");
      assert.equal(wakes, 0, "nothing is committed yet");
    });
    assert.equal(wakes, 1);
    await inTransaction(test.database, (tx) => sql`select 1`.execute(tx));
    const rolledBack = inTransaction(test.database, async (tx) => {
      await happen(tx, merchantId, "2");
      throw new Error("given up");
    });
    await assert.rejects(rolledBack, /given up/);
    unsubscribe();
    await inTransaction(test.database, (tx) => happen(tx, merchantId, "3"));
    assert.equal(wakes, 1);
  });

  it("shows no event of a transaction that is rolled back", async () => {
    const merchantId = newId();
    await assert.rejects(
      inTransaction(test.database, async (tx) => {
        await happen(tx, merchantId, "1");
        throw new Error("no");
      }),
    );
    assert.deepEqual(await readEvents(test.database.kysely, START, 10, { merchantId }), []);
  });

  it("skips no event whose transaction began earlier and committed later", async () => {
    const merchantId = newId();
    const gate = Promise.withResolvers<void>();
    const written = Promise.withResolvers<void>();
    const slow = inTransaction(test.database, async (tx) => {
      await happen(tx, merchantId, "slow");
      written.resolve();
      await gate.promise;
    });
    await written.promise;
    await inTransaction(test.database, (tx) => happen(tx, merchantId, "quick"));
    assert.deepEqual(
      await readEvents(test.database.kysely, START, 10, { merchantId }),
      [],
      "the quick event waits behind the slow one",
    );
    gate.resolve();
    await slow;
    const events = await until(
      () => readEvents(test.database.kysely, START, 10, { merchantId }),
      ({ length }) => length === 2,
    );
    assert.deepEqual(
      events.map(({ subject }) => subject),
      ["slow", "quick"],
    );
    assert.deepEqual(await readEvents(test.database.kysely, events[0]!.cursor, 10, { merchantId }), [
      events[1],
    ]);
  });

  it("orders transaction ids as numbers, not as text", async () => {
    const merchantId = newId();
    for (const xid of ["100", "9", "99", "10"]) {
      await sql`
        insert into outbox_event (merchant_id, xid, topic, subject, payload)
        values (${merchantId}, ${xid}::xid8, 'test.grown', ${xid}, '{}')`.execute(test.database.kysely);
    }
    const read: string[] = [];
    for (let cursor = START; ; ) {
      const [event] = await readEvents(test.database.kysely, cursor, 1, { merchantId });
      if (!event) break;
      read.push(event.subject);
      cursor = event.cursor;
    }
    assert.deepEqual(read, ["9", "10", "99", "100"]);
    assert.ok(
      (await latestCursor(test.database.kysely)).xid > 100n,
      "the latest cursor has the real transaction id, which is higher",
    );
  });

  it("fault 27: each event is handled once by two workers, even if one is killed in the middle", async () => {
    const merchantId = newId();
    await sql`create table acted (subject text)`.execute(test.database.kysely);
    const wanted = Array.from({ length: 200 }, (_, i) => String(i));
    await Promise.all(
      wanted.map((subject) => inTransaction(test.database, (tx) => happen(tx, merchantId, subject))),
    );
    let deaths = 3;
    const consumer = {
      name: "counter",
      topics: [""],
      async handle(tx: Tx, events: readonly OutboxEvent[]) {
        const mine = events.filter(({ merchantId: of }) => of === merchantId).map(({ subject }) => subject);
        await sql`insert into acted select unnest(${mine}::text[])`.execute(tx);
        if (deaths-- > 0) throw new Error("killed after the work, before the commit");
      },
    };
    const work = () => consume(test.database, consumer).catch(() => 0);
    const acted = async () =>
      (await sql<{ subject: string }>`select subject from acted`.execute(test.database.kysely)).rows;
    const rows = await until(
      async () => {
        await Promise.all([work(), work()]);
        return acted();
      },
      ({ length }) => length >= wanted.length,
    );
    assert.deepEqual(
      rows.map(({ subject }) => Number(subject)).sort((a, b) => a - b),
      wanted.map(Number),
    );
  });
});

describe("an idempotency key", () => {
  const scope = (key: string) => ({ merchantId: derivedId("kernel test"), route: "test", key });

  it("runs its effect once for concurrent requests and for a retry", async () => {
    let effects = 0;
    const ask = () => once(test.database, scope("a"), { sum: 1 }, async () => ({ number: (effects += 1) }));
    const answers = await Promise.all(Array.from({ length: 10 }, ask));
    assert.equal(effects, 1);
    assert.deepEqual(new Set(answers.map(({ answer }) => JSON.stringify(answer))), new Set(['{"number":1}']));
    assert.equal(answers.filter(({ replayed }) => !replayed).length, 1);
    assert.equal((await ask()).replayed, true);
  });

  it("refuses another body, but ignores the order of fields", async () => {
    await once(test.database, scope("b"), { a: 1, b: { c: 2, d: 3 } }, async () => ({ done: true }));
    const same = await once(test.database, scope("b"), { b: { d: 3, c: 2 }, a: 1 }, async () => ({
      done: false,
    }));
    assert.deepEqual(same, { answer: { done: true }, replayed: true });
    const other = await once(test.database, scope("b"), { a: 1, b: { c: 2, d: 4 } }, async () => ({
      done: false,
    }));
    assert.ok(isRefusal(other.answer) && other.answer.refusal === "idempotency_key_reused");
  });

  it("stays free after a refusal and after a crash, with nothing left of the effect", async () => {
    const merchantId = newId();
    const effect = (end: () => unknown) => async (tx: Tx) => {
      await happen(tx, merchantId, "1");
      return end() as { done: true };
    };
    const refused = await once(
      test.database,
      scope("c"),
      {},
      effect(() => refuse("cart_empty")),
    );
    assert.ok(isRefusal(refused.answer));
    await assert.rejects(
      once(
        test.database,
        scope("c"),
        {},
        effect(() => {
          throw new Error("crash");
        }),
      ),
    );
    assert.deepEqual(await readEvents(test.database.kysely, START, 10, { merchantId }), []);
    assert.deepEqual(
      await once(
        test.database,
        scope("c"),
        {},
        effect(() => ({ done: true })),
      ),
      { answer: { done: true }, replayed: false },
    );
    await until(
      () => readEvents(test.database.kysely, START, 10, { merchantId }),
      ({ length }) => length === 1,
    );
  });
});

describe("settings", () => {
  it("are checked, and the error names the variable and the remedy", () => {
    for (const [name, value] of [
      ["PORT", "80800"],
      ["PORT", "http"],
      ["ONEGATE_MODE", "live"],
      ["DATABASE_URL", "mysql://x"],
      ["DATABASE_POOL", "0"],
      ["ONEGATE_SIMULATOR", "yes"],
      ["PUBLIC_URL", "onegate"],
      ["ONEGATE_SECRET_KEY", "5e5e"],
      ["TRUST_PROXY", "10.0.0.0/8, proxy"],
    ] as const) {
      assert.throws(
        () => readSettings({ [name]: value }),
        (error: unknown) =>
          error instanceof StartFailure &&
          error.message.startsWith(`${name}:`) &&
          error.remedy.includes(name),
      );
    }
  });

  it("are reported all at once: wrong ones, ones missing for a bank, ones missing for production", () => {
    const refusedFor = (environment: Record<string, string>) => {
      try {
        readSettings(environment);
      } catch (error) {
        if (error instanceof StartFailure) return error;
      }
      return assert.fail("it starts");
    };
    const wrong = refusedFor({ PORT: "http", ONEGATE_MODE: "live", DATABASE_POOL: "0" });
    for (const name of ["PORT", "ONEGATE_MODE", "DATABASE_POOL"])
      assert.ok(wrong.message.includes(`${name}:`) && wrong.remedy.includes(name), name);
    const bank = refusedFor({ SNAP_URL: "https://bank.contoh.invalid", SNAP_PARTNER_ID: "p" });
    for (const name of [
      "SNAP_PRIVATE_KEY",
      "SNAP_CHANNEL_ID",
      "SNAP_MERCHANT_ID",
      "SNAP_CLIENT_KEY",
      "SNAP_CLIENT_SECRET",
    ])
      assert.ok(bank.message.includes(name) && bank.remedy.includes(name), name);
    const production = refusedFor({ ONEGATE_MODE: "production", TRIPAY_URL: "https://tripay.co.id/api" });
    for (const name of [
      "ONEGATE_ANONYMOUS=off",
      "ONEGATE_SIMULATOR=off",
      "TRIPAY_API_KEY",
      "ONEGATE_SECRET_KEY",
      "PUBLIC_URL",
    ])
      assert.ok(production.remedy.includes(name), name);
    assert.doesNotMatch(production.message + production.remedy, /\n/);
  });

  it("never show a secret's value", () => {
    assert.throws(
      () => readSettings({ DATABASE_URL: "mysql://onegate:s3cret@db" }),
      (error: unknown) => error instanceof StartFailure && !error.message.includes("s3cret"),
    );
  });

  it("are refused in production if only a sandbox may have them", () => {
    const good = {
      ONEGATE_MODE: "production",
      ONEGATE_ANONYMOUS: "off",
      ONEGATE_SIMULATOR: "off",
      TRIPAY_URL: "https://tripay.co.id/api",
      TRIPAY_API_KEY: "k",
      TRIPAY_PRIVATE_KEY: "p",
      TRIPAY_MERCHANT_CODE: "T1",
      PUBLIC_URL: "https://bayar.contoh.invalid",
      ONEGATE_SECRET_KEY: "5e".repeat(32),
    };
    assert.equal(readSettings(good).mode, "production");
    for (const name of [
      "ONEGATE_ANONYMOUS",
      "ONEGATE_SIMULATOR",
      "TRIPAY_API_KEY",
      "TRIPAY_PRIVATE_KEY",
      "PUBLIC_URL",
      "ONEGATE_SECRET_KEY",
    ]) {
      assert.throws(
        () => readSettings({ ...good, [name]: "" }),
        (error: unknown) => error instanceof StartFailure && error.message.startsWith("production mode:"),
        name,
      );
    }
    // only a configured provider needs credentials; there may be none if merchants have accounts of their own
    assert.equal(
      readSettings({ ...good, TRIPAY_URL: "", TRIPAY_API_KEY: "", TRIPAY_PRIVATE_KEY: "" }).tripayUrl,
      "",
    );
    const on = {
      ...good,
      MIDTRANS_URL: "https://api.midtrans.com",
      MIDTRANS_SERVER_KEY: "k",
      XENDIT_URL: "https://api.xendit.co",
      XENDIT_SECRET_KEY: "s",
      XENDIT_CALLBACK_TOKEN: "t",
    };
    assert.deepEqual(
      [readSettings(good).midtransUrl, readSettings(on).xenditUrl],
      ["", "https://api.xendit.co"],
    );
    for (const name of ["MIDTRANS_SERVER_KEY", "XENDIT_SECRET_KEY", "XENDIT_CALLBACK_TOKEN"]) {
      assert.throws(
        () => readSettings({ ...on, [name]: "" }),
        (error: unknown) => error instanceof StartFailure && error.remedy.includes(name),
        name,
      );
    }
  });
});

describe("logs", () => {
  it("fault 36: contain no secret and no personal data, in fields or in free text", () => {
    assert.equal(
      mask("andi@contoh.id called +62 812-3456-7890 with Bearer abc.def or eyJh.eyJz.x-y"),
      "[email] called [phone] with Bearer [hidden] or [token]",
    );
    const lines: string[] = [];
    const log = createLog("info", { write: (line) => lines.push(line) });
    log.info(
      {
        pin: "CANARY1",
        body: { password: "CANARY2", customer_phone: "CANARY3" },
        request: { headers: { authorization: "CANARY4" } },
      },
      "hello",
    );
    log.error({ err: new Error("no route to canary@contoh.id") }, "failed");
    assert.equal(lines.length, 2);
    assert.match(lines[0] ?? "", /hello/);
    assert.doesNotMatch(lines.join(""), /CANARY|canary@/);
  });
});
