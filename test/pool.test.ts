import { newId } from "@onegate/contract";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { readSettings } from "../server/kernel/index.ts";
import { prove } from "../server/ledger/index.ts";
import { startProgram } from "../server/roles.ts";
import { openTestDatabase } from "../server/testing/database.ts";

/** Longer than a statement waits for a row, or a caller for a connection. */
const HELD_MS = 7_000;
/** The longest that anybody may be kept waiting: a batch's patience, and then one statement's. */
const MAX_MS = 20_000;

type Answer = {
  readonly id: string;
  readonly status: number;
  readonly code: unknown;
  readonly retryAfter: string | null;
  readonly ms: number;
};

describe("a pool that is exhausted", () => {
  it("fault 24: somebody holds the balances: callers hear 503 and when to come again, none waits without end, and all is well when they are let go", async () => {
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
        "each says when to come again",
      );
      assert.ok(
        answers.every(({ ms }) => ms < MAX_MS),
        `one waited ${Math.max(...answers.map(({ ms }) => ms))} ms`,
      );
      const atOnce = refused.filter(({ code, ms }) => code === "overloaded" && ms < HELD_MS / 2);
      assert.ok(
        atOnce.length >= 100 - settings.ledgerQueue,
        `${atOnce.length} beyond the queue's bound were told at once`,
      );

      const begun = performance.now();
      assert.deepEqual(
        (await Promise.all(Array.from({ length: 20 }, pay))).map(({ status }) => status),
        Array.from({ length: 20 }, () => 200),
        "whole again",
      );
      assert.ok(performance.now() - begun < 10_000);
      const { rows } = await test.database.pool.query<{ reference: string }>(
        "select reference from ledger_transfer where kind = 'payment'",
      );
      const there = rows.map(({ reference }) => reference);
      assert.equal(new Set(there).size, there.length, "none is there twice");
      assert.deepEqual(
        answers.filter(({ id, status }) => id !== "" && status === 200 && !there.includes(id)),
        [],
        "all that was acknowledged is there",
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
