import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import pg from "pg";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
const READY_MS = 30_000;

/** Only its owner may enter a mkdtemp folder. */
const root = mkdtempSync(join(tmpdir(), "onegate-start-"));
const started: ChildProcess[] = [];
after(() => {
  for (const child of started)
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
  rmSync(root, { recursive: true, force: true });
});

type Run = {
  child: ChildProcess;
  words: () => string;
  ended: Promise<{ code: number | null; words: string }>;
};

function onegate(
  environment: Record<string, string>,
  args: string[] = ["serve"],
  as: { uid?: number; gid?: number } = {},
): Run {
  const child = spawn(process.execPath, [MAIN, ...args], {
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      PORT: "0",
      SIMULATOR_PORT: "0",
      ...environment,
    },
    stdio: ["ignore", "pipe", "pipe"],
    ...as,
  });
  started.push(child);
  let words = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => (words += chunk.toString()));
  return {
    child,
    words: () => words,
    ended: once(child, "close").then(() => ({ code: child.exitCode, words })),
  };
}

async function ready(run: Run): Promise<string> {
  const deadline = Date.now() + READY_MS;
  while (Date.now() < deadline && run.child.exitCode === null) {
    const url = /Till\s+(\S+)/.exec(run.words())?.[1];
    if (url && /Ctrl-C/.test(run.words())) return url.replace("localhost", "127.0.0.1");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`not ready: ${run.words()}`);
}

async function stop(run: Run): Promise<void> {
  run.child.kill("SIGINT");
  assert.equal((await run.ended).code, 0, run.words());
}

/** Asserts that the run failed with one line that states the problem and the remedy. */
async function refused(run: Run, pattern: RegExp): Promise<void> {
  const { code, words } = await run.ended;
  assert.match(words, pattern);
  assert.equal(words.trim().split("\n").length, 1, words);
  assert.match(words, /^onegate: /);
  assert.equal(code, 1);
}

const post = (url: string, id: string) =>
  fetch(`${url}/payments`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      id,
      currency: "IDR",
      amount: "1.00",
      source_account: "ACC_SRC_ABC",
      destination_account: "ACC_DST_DEF",
    }),
  });
const balance = async (url: string) =>
  ((await (await fetch(`${url}/balance/ACC_DST_DEF`)).json()) as { balance: string }).balance;

describe("the first start and the next", () => {
  const data = join(root, "data");

  it("starts from nothing, keeps its data, and stops cleanly on Ctrl-C", async () => {
    const first = onegate({ ONEGATE_DATA: data });
    const url = await ready(first);
    assert.match(first.words(), /SANDBOX/);
    assert.match(first.words(), /Sari \(cashier\) 111111/);
    assert.equal((await post(url, "A-1")).status, 200);
    await stop(first);
    assert.equal(existsSync(join(data, "postgres", "postmaster.pid")), false, "PostgreSQL stopped too");

    const second = onegate({ ONEGATE_DATA: data });
    assert.equal(await balance(await ready(second)), "1.00");
    await stop(second);
  });

  it("after kill -9 under load, the next start adopts PostgreSQL; nothing is lost or doubled", async () => {
    const first = onegate({ ONEGATE_DATA: data });
    const url = await ready(first);
    const acked: string[] = [];
    const load = Array.from({ length: 200 }, async (_, i) => {
      const answer = await post(url, `K-${i}`).catch(() => undefined);
      if (answer?.ok) acked.push(`K-${i}`);
      if (acked.length === 20) first.child.kill("SIGKILL");
    });
    await Promise.all(load);
    await first.ended;
    const second = onegate({ ONEGATE_DATA: data });
    const again = await ready(second);
    assert.match(second.words(), /taken over/);
    assert.ok(acked.length >= 20);
    for (let i = 0; i < 200; i++) assert.equal((await post(again, `K-${i}`)).status, 200, "a retry succeeds");
    assert.equal(await balance(again), "201.00");
    await stop(second);
    assert.equal(existsSync(join(data, "postgres", "postmaster.pid")), false);
  });

  it("refuses the data folder of a running Onegate without disturbing it", async () => {
    const first = onegate({ ONEGATE_DATA: data });
    const url = await ready(first);
    await refused(onegate({ ONEGATE_DATA: data }), /in use by another Onegate.*ONEGATE_DATA/);
    assert.equal((await post(url, "B-1")).status, 200);
    const books = onegate({ ONEGATE_DATA: data }, ["proof", "--json"]);
    const proof = JSON.parse((await books.ended).words) as Record<string, unknown>;
    assert.deepEqual([proof["proof"], proof["breaches"]], ["holds", []]);

    await refused(
      onegate({ ONEGATE_DATA: join(root, "other"), PORT: new URL(url).port }),
      /Port [0-9]+ is taken.*PORT/,
    );
    await stop(first);
  });

  it("uses the server in DATABASE_URL instead", async () => {
    const first = onegate({ ONEGATE_DATA: data });
    await ready(first);
    const admin = new pg.Client({ host: join(data, "postgres"), user: "onegate", database: "postgres" });
    await admin.connect();
    await admin.query("create database elsewhere");
    const socketFolder = encodeURIComponent(join(data, "postgres"));
    const second = onegate({
      ONEGATE_DATA: join(root, "unused"),
      DATABASE_URL: `postgresql://onegate@localhost/elsewhere?host=${socketFolder}`,
    });
    assert.equal(await balance(await ready(second)), "0.00");
    assert.equal(existsSync(join(root, "unused", "postgres")), false);
    await stop(second);
    await admin.end();
    await stop(first);
  });

  it("refuses data of a newer Onegate", async () => {
    const first = onegate({ ONEGATE_DATA: data });
    await ready(first);
    const admin = new pg.Client({ host: join(data, "postgres"), user: "onegate", database: "onegate" });
    await admin.connect();
    await admin.query(
      `insert into flyway_schema_history values
         (9999, '9999', 'from the future', 'SQL', 'V9999__from_the_future.sql',
          0, 'onegate', now(), 0, true)`,
    );
    await admin.end();
    await stop(first);
    await refused(onegate({ ONEGATE_DATA: data }), /newer Onegate.*Nothing was changed/);
  });

  it("refuses data of another PostgreSQL version, damaged data, and a read-only folder", async () => {
    const version = join(data, "postgres", "PG_VERSION");
    writeFileSync(version, "19\n");
    await refused(onegate({ ONEGATE_DATA: data }), /newer version of PostgreSQL \(19/);
    rmSync(version);
    await refused(onegate({ ONEGATE_DATA: data }), /damaged.*Nothing was changed/);
    writeFileSync(version, "18\n");
    const control = join(data, "postgres", "global", "pg_control");
    const whole = readFileSync(control);
    writeFileSync(control, Buffer.alloc(whole.length));
    await refused(onegate({ ONEGATE_DATA: data }), /PostgreSQL does not start.*may be damaged/);
    writeFileSync(join(root, "file"), "");
    await refused(onegate({ ONEGATE_DATA: join(root, "file") }), /can't be written.*ONEGATE_DATA/);
  });

  it("refuses a wrong setting or command before it changes anything", async () => {
    await refused(
      onegate({ ONEGATE_DATA: join(root, "none"), PORT: "eighty" }),
      /PORT: "eighty" is not a port number/,
    );
    await refused(onegate({ ONEGATE_DATA: join(root, "none") }, ["dance"]), /no command dance.*help/);
    await refused(
      onegate({ ONEGATE_DATA: join(root, "none"), ONEGATE_MODE: "production" }),
      /production mode/,
    );
    assert.equal(existsSync(join(root, "none")), false);
  });

  it("refuses data with the demo shop in production", async () => {
    const demo = join(root, "demo");
    const first = onegate({ ONEGATE_DATA: demo });
    await ready(first);
    await stop(first);
    const production = {
      ONEGATE_DATA: demo,
      ONEGATE_MODE: "production",
      ONEGATE_ANONYMOUS: "off",
      ONEGATE_SIMULATOR: "off",
      PUBLIC_URL: "https://bayar.contoh.invalid",
      ONEGATE_SECRET_KEY: "5e".repeat(32),
    };
    await refused(onegate(production), /holds the demo shop/);
    const empty = onegate({ ...production, ONEGATE_DATA: join(root, "empty") });
    const url = await ready(empty);
    assert.equal((await fetch(`${url}/balance/ACC_001`)).status, 401, "no route is anonymous");
    await stop(empty);
  });
});

describe("a user without root rights", () => {
  it("can start Onegate", async () => {
    const data = mkdtempSync(join(tmpdir(), "onegate-user-"));
    // root runs it as nobody, who may neither write the checkout nor enter root's folders
    const nobody = process.getuid?.() === 0 && canEnter() ? { uid: 65_534, gid: 65_534 } : {};
    if (nobody.uid) chownSync(data, nobody.uid, nobody.gid);
    try {
      const run = onegate({ ONEGATE_DATA: data, HOME: data }, ["serve"], nobody);
      assert.equal((await post(await ready(run), "N-1")).status, 200);
      await stop(run);
    } finally {
      rmSync(data, { recursive: true, force: true });
    }
  });
});

/** Whether another user can reach this checkout at all. */
function canEnter(): boolean {
  return (
    spawnSync(process.execPath, ["--version"], { uid: 65_534, gid: 65_534 }).status === 0 &&
    spawnSync("ls", [MAIN], { uid: 65_534, gid: 65_534 }).status === 0
  );
}
