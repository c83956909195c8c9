import { sql } from "kysely";
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { everywhere, inTransaction } from "../server/kernel/index.ts";
import { startTestCluster } from "../server/testing/database.ts";
import { checkedToAsked, WrongUse } from "./arguments.ts";
import { rules } from "./auditor.ts";
import { freshSeed, seedsOf } from "./play.ts";
import { namedSeeds } from "./seeds.ts";
import { simulate } from "./simulate.ts";
import { World } from "./world.ts";

/** Enough for every kind of act to occur; long runs are for the command line. */
const SHORT = 130;
/** Longer seeds are skipped: a short one shows the same. */
const MAX_STEPS = 500;
const FRESH_STEPS = 200;

// One PostgreSQL for all worlds of this file, including those of the command line.
let stop = async (): Promise<void> => undefined;
before(async () => {
  if (process.env["ONEGATE_TEST_CLUSTER"]) return;
  const own = await startTestCluster();
  process.env["ONEGATE_TEST_CLUSTER"] = JSON.stringify(own.cluster.connection);
  stop = () => own.stop();
});
after(() => stop());

describe("the simulation", () => {
  for (const [name, { seed, steps, shows }] of Object.entries(namedSeeds)) {
    if (steps > MAX_STEPS) continue;
    it(`breaks no rule on the seed ${name} (${shows})`, async () => {
      const run = await simulate({ seed, steps: Math.min(steps, SHORT) });
      assert.deepEqual(run.violations, []);
    });
  }

  const fresh = freshSeed();
  it(`breaks no rule on a fresh seed: npm run sim -- --seed ${fresh} --steps ${FRESH_STEPS}`, async () => {
    const run = await simulate({ seed: fresh, steps: FRESH_STEPS });
    assert.deepEqual(run.violations, []);
  });

  it("runs the same for the same seed, and differently for another", async () => {
    const [first, second, other] = [
      await simulate({ seed: 7, steps: 50 }),
      await simulate({ seed: 7, steps: 50 }),
      await simulate({ seed: 8, steps: 10 }),
    ];
    assert.deepEqual(second.history, first.history);
    assert.notDeepEqual(other.history, first.history.slice(0, 10));
  });

  it("counts deadlocks, including those whose work was retried", async () => {
    const world = await World.open(5, false);
    try {
      const { database } = world.process;
      const [one, other] = (
        await sql<{ id: string }>`select product_id as id from product limit 2`.execute(world.eye)
      ).rows.map(({ id }) => id);
      const firsts = Promise.withResolvers<void>();
      let waiting = 0;
      const touch = (first: string | undefined, second: string | undefined) =>
        inTransaction(database, async (tx) => {
          // the victim's retry: another round could deadlock once more
          if (waiting === 2) return;
          await sql`update product set rank = rank where product_id = ${first}`.execute(tx);
          waiting += 1;
          if (waiting === 2) firsts.resolve();
          await firsts.promise;
          await sql`update product set rank = rank where product_id = ${second}`.execute(tx);
        });
      await everywhere(() => Promise.all([touch(one, other), touch(other, one)]));
      assert.equal(await world.countDeadlocks(), 1n);
    } finally {
      await world.close();
    }
  });

  it("fails with a ledger that forgets, so the auditor works", async () => {
    const { violations } = await simulate({ seed: 5, steps: 60, canary: true });
    assert.ok(
      violations.some(({ rule }) => rule === rules.acknowledged),
      JSON.stringify(violations),
    );
    assert.ok(
      violations.some(({ rule }) => rule === rules.balances),
      JSON.stringify(violations),
    );
    assert.ok(
      violations.some(({ rule }) => rule === rules.takenBack),
      JSON.stringify(violations),
    );
  });
});

describe("its command line", () => {
  const sim = (...args: string[]) =>
    spawnSync(process.execPath, [fileURLToPath(new URL("main.ts", import.meta.url)), ...args], {
      encoding: "utf8",
    });

  it("prints one JSON line and exits with 1 when a rule is broken", () => {
    const good = sim("--seed", "5", "--steps", "12", "--json");
    assert.equal(good.stdout, `{"seed":5,"steps":12,"violations":[]}\n`, good.stderr);
    assert.equal(good.status, 0);
    const bad = sim("--canary", "--seed", "5", "--steps", "60", "--json");
    assert.equal(bad.status, 1, bad.stderr);
    assert.equal(bad.stdout.split("\n").length, 2);
  });

  it("plays many seeds, each in its own process, and prints those that break a rule", () => {
    const good = sim("--seeds", "2", "--first", "5", "--steps", "12", "--json");
    const { seconds, ...rest } = JSON.parse(good.stdout) as { seconds: number };
    assert.deepEqual(rest, { seeds: 2, steps: 12, violations: [], played: [5, 6] }, good.stderr);
    assert.equal(typeof seconds, "number");
    assert.equal(good.status, 0);
    const bad = sim("--seeds", "1", "--first", "5", "--steps", "60", "--canary");
    assert.equal(bad.status, 1, bad.stderr);
    assert.match(bad.stdout, /^Seed 5, 60 steps: [0-9]+ violations\.\n/);
    assert.match(bad.stdout, /\n1 seeds of 60 steps in [0-9.]+ s: [0-9]+ violations\.\n$/);
  });

  it("takes random seeds when none is given", () => {
    assert.equal(new Set(seedsOf(50, undefined)).size, 50);
    assert.notDeepEqual(seedsOf(5, undefined), seedsOf(5, undefined));
    assert.deepEqual(seedsOf(3, 10), [10, 11, 12]);
  });

  it("refuses invalid arguments in one line", () => {
    for (const args of [
      ["--seed", "x"],
      ["--seed", "-1"],
      ["--steps", "0"],
      ["--named", "nobody"],
      ["--frob"],
      ["more"],
      ["--seeds", "0"],
      ["--first", "1"],
      ["--seeds", "2", "--seed", "1"],
      ["--seeds", "2", "--history"],
    ]) {
      assert.throws(() => checkedToAsked(args), WrongUse, args.join(" "));
    }
    const { status, stdout, stderr } = sim("--steps", "many");
    assert.deepEqual(
      [status, stdout, stderr],
      [2, "", 'sim: --steps must be a whole number from 1, not "many"; see --help\n'],
    );
  });
});
