import { newId } from "@onegate/contract";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { readSettings } from "../server/kernel/index.ts";
import { prove } from "../server/ledger/index.ts";
import { startProgram } from "../server/roles.ts";
import { openTestDatabase } from "../server/testing/database.ts";

/** Longer than the timeout of a statement for a lock, and of a caller for a connection. */
const HELD_MS = 7_000;
/** The longest that a caller may wait: the timeout of a batch plus that of one statement. */
const MAX_MS = 20_000;

type Answer = {
  readonly id: string;
  readonly status: number;
  readonly code: unknown;
  readonly retryAfter: string | null;
  readonly ms: number;
};

describe("a pool that is exhausted", () => {
  it("fault 24: while balances are locked, callers get 503 with Retry-After; then all succeed", async () => {
    const test = await openTestDatabase();
    const settings = readSettings({
      PORT: "0",
      LOG_LEVEL: "silent",
      DATABASE_POOL: "4",
      LEDGER_QUEUE: "30",
      LEDGER_LANES: "2",
    });
    const program = await startProgram({
      settings,
      connection: test.connection,
      tripayUrl: "http://127.0.0.1:9",
    });
    const call = async (path: string, body?: { id: string }): Promise<Answer> => {
      const begun = performance.now();
      const response = await fetch(
        `${program.url}${path}`,
        body
          ? { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }
          : {},
      );
      const { code } = (await response.json()) as { code?: unknown };
      return {
        id: body?.id ?? "",
        status: response.status,
        code,
        retryAfter: response.headers.get("retry-after"),
        ms: performance.now() - begun,
      };
    };
    const pay = () => call("/payments", { ...payment, id: newId() });
    const holder = await test.database.pool.connect();
    try {
      assert.equal((await pay()).status, 200);
      await holder.query("begin");
      await holder.query("lock table ledger_balance in access exclusive mode");
      const waiting = Promise.all([
        ...Array.from({ length: 60 }, () => call("/balance/ACC_001")),
        ...Array.from({ length: 100 }, pay),
      ]);
      await sleep(HELD_MS);
      await holder.query("rollback");
      const answers = await waiting;

      assert.deepEqual(
        answers.filter(({ status }) => status !== 200 && status !== 503),
        [],
      );
      const refused = answers.filter(({ status }) => status === 503);
      assert.deepEqual(
        refused.filter(({ retryAfter }) => Number(retryAfter) < 1),
        [],
        "each refusal has a Retry-After",
      );
      assert.ok(
        answers.every(({ ms }) => ms < MAX_MS),
        `a caller waited ${Math.max(...answers.map(({ ms }) => ms))} ms`,
      );
      const atOnce = refused.filter(({ code, ms }) => code === "overloaded" && ms < HELD_MS / 2);
      assert.ok(
        atOnce.length >= 100 - settings.ledgerQueue,
        `only ${atOnce.length} callers beyond the queue's limit were refused at once`,
      );

      const begun = performance.now();
      assert.deepEqual(
        (await Promise.all(Array.from({ length: 20 }, pay))).map(({ status }) => status),
        Array.from({ length: 20 }, () => 200),
        "payments work again",
      );
      assert.ok(performance.now() - begun < 10_000);
      const { rows } = await test.database.pool.query<{ reference: string }>(
        "select reference from ledger_transfer where kind = 'payment'",
      );
      const references = rows.map(({ reference }) => reference);
      assert.equal(new Set(references).size, references.length, "no payment was posted twice");
      assert.deepEqual(
        answers.filter(({ id, status }) => id !== "" && status === 200 && !references.includes(id)),
        [],
        "every acknowledged payment was posted",
      );
      assert.deepEqual((await prove(test.database)).breaches, []);
    } finally {
      holder.release();
      await program.stop();
      await test.close();
    }
  });
});

const payment = {
  currency: "IDR",
  amount: "1.00",
  source_account: "ACC_SRC_ABC",
  destination_account: "ACC_DST_DEF",
};
