import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { createReadiness, openDatabase, PROGRAM_ROLE, StartFailure } from "./kernel/index.ts";
import { startSimulatorProcess } from "./simulator.ts";
import { openTestDatabase, type TestDatabase } from "./testing/database.ts";
import { openTestProgram, type TestProgram } from "./testing/program.ts";
import { until } from "./testing/until.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
const READY_MS = 30_000;

const payment = (id: string) => ({
  id,
  currency: "IDR",
  amount: "1.00",
  source_account: "ACC_SRC_ABC",
  destination_account: "ACC_DST_DEF",
});

describe("a log that can't be written", () => {
  const root = mkdtempSync(join(tmpdir(), "onegate-full-"));
  const children: ChildProcess[] = [];
  after(() => {
    for (const child of children)
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    rmSync(root, { recursive: true, force: true });
  });

  async function start(
    data: string,
    flags: readonly string[] = [],
  ): Promise<{ readonly child: ChildProcess; readonly url: string; readonly ended: Promise<unknown> }> {
    const port = await freePort();
    // /dev/full is a disk without room: each write to it fails with ENOSPC
    const full = openSync("/dev/full", "w");
    const child = spawn(process.execPath, [...flags, MAIN, "serve"], {
      env: {
        PATH: process.env["PATH"],
        HOME: process.env["HOME"],
        PORT: String(port),
        ONEGATE_SIMULATOR: "off",
        LOG_LEVEL: "info",
        ONEGATE_DATA: data,
      },
      stdio: ["ignore", full, full],
    });
    children.push(child);
    const url = `http://127.0.0.1:${port}`;
    await until(
      async () =>
        child.exitCode === null
          ? (await fetch(`${url}/readyz`).catch(() => undefined))?.status === 200
          : assert.fail(`it ended with ${child.exitCode}`),
      Boolean,
      READY_MS,
    );
    return { child, url, ended: once(child, "exit") };
  }

  it("fails no request and does not stop the program", async () => {
    const data = join(root, "requests");
    const { child, url, ended } = await start(data);
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        const answer = await fetch(`${url}/payments`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(payment(`F-${i}`)),
        });
        return answer.status;
      }),
    );
    assert.deepEqual([...new Set(answers)], [200]);
    const lost = /^log_lines_lost_total ([0-9]+)$/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1];
    assert.ok(Number(lost) >= 50, lost);
    child.kill("SIGINT");
    await ended;
    assert.equal(child.exitCode, 0);
    assert.equal(existsSync(join(data, "postgres", "postmaster.pid")), false, "PostgreSQL stopped too");
  });

  it("lets a bug that ends the program stop PostgreSQL too", async () => {
    const data = join(root, "bug");
    const { child, ended } = await start(data, [
      "--import",
      `data:text/javascript,process.on("SIGUSR2", () => { throw new Error("a bug") })`,
    ]);
    child.kill("SIGUSR2");
    await ended;
    assert.equal(child.exitCode, 1);
    assert.equal(existsSync(join(data, "postgres", "postmaster.pid")), false);
  });
});

describe("a database whose disk is full", () => {
  let program: TestProgram;
  before(async () => void (program = await openTestProgram()));
  after(() => program.close());

  const order = {
    order_id: "FULL-1",
    amount: 28_000,
    customer_name: "Contoh",
    customer_email: "contoh@contoh.invalid",
    order_items: [{ sku: "LATTE", name: "Latte", price: 28_000, quantity: 1 }],
  };
  const open = () => program.call("POST", "/api/v1/payment/create-transaction", { body: order });
  const ready = () => program.call("GET", "/readyz");

  it("refuses orders as storage_full, and is not ready although it answers queries", async () => {
    assert.equal((await ready()).status, 200);
    const restore = await fillDisk(program, "payment_order");
    try {
      const refused = await open();
      assert.deepEqual([refused.status, refused.code], [503, "storage_full"]);
      assert.deepEqual([(await ready()).status, (await ready()).code], [503, "storage_full"]);
    } finally {
      await restore();
    }
    assert.equal((await until(open, ({ status }) => status !== 503)).status, 201);
    await program.assertBooksHold();
  });
});

describe("readiness", () => {
  let test: TestDatabase;
  before(async () => void (test = await openTestDatabase()));
  after(() => test.close());

  async function withSetting(
    settings: string,
    work: (database: ReturnType<typeof openDatabase>) => Promise<void>,
  ): Promise<void> {
    await test.database.pool.query(`alter database ${test.connection.database} set ${settings}`);
    const database = openDatabase(test.connection, 1, () => undefined, PROGRAM_ROLE);
    try {
      await work(database);
    } finally {
      await database.close();
      await test.database.pool.query(`alter database ${test.connection.database} reset all`);
    }
  }

  it("depends on whether the disk has room for temporary files", async () => {
    await withSetting("temp_file_limit = '100kB'", async (database) =>
      assert.equal((await createReadiness(database).check())?.refusal, "unavailable"),
    );
    await withSetting("temp_file_limit = -1", async (database) =>
      assert.equal(await createReadiness(database).check(), undefined),
    );
  });

  it("is refused by a read-only server", async () => {
    await withSetting("default_transaction_read_only = on", async (database) =>
      assert.equal((await createReadiness(database).check())?.refusal, "unavailable"),
    );
  });

  it("is refused for a while after a request failed on a full disk, and returns by itself", async () => {
    let now = 0;
    const readiness = createReadiness(test.database, () => now);
    assert.equal(await readiness.check(), undefined);
    readiness.noteFailure(Object.assign(new Error("could not extend file"), { code: "53100" }));
    assert.equal((await readiness.check())?.refusal, "storage_full");
    now += 9_000;
    assert.equal((await readiness.check())?.refusal, "storage_full");
    now += 2_000;
    assert.equal(await readiness.check(), undefined);
  });
});

describe("a simulator that can't read its journal", () => {
  it("stops the start with a remedy that names the file, not the port", async (t) => {
    const data = mkdtempSync(join(tmpdir(), "onegate-journal-"));
    t.after(() => rmSync(data, { recursive: true, force: true }));
    const journal = join(data, "simulator.jsonl");
    const clock = '{"kind":"clock","shiftMs":5}\n';
    writeFileSync(journal, `{"kind":"clo${clock}`);
    appendFileSync(journal, clock);
    await assert.rejects(startSimulatorProcess({ host: "127.0.0.1", port: 0, data }), (error) => {
      assert.ok(error instanceof StartFailure);
      assert.match(error.message, /line 1 of the journal/);
      assert.ok(error.remedy.includes(journal), error.remedy);
      assert.doesNotMatch(error.remedy, /SIMULATOR_PORT/);
      return true;
    });
  });
});

const END_OTHER_SESSIONS = `
  select pg_terminate_backend(pid) from pg_stat_activity
   where datname = current_database() and pid <> pg_backend_pid()`;

/**
 * Replaces a table's empty file with /dev/full, to which no write succeeds. Returns a function that undoes
 * it.
 */
async function fillDisk({ connection, url }: TestProgram, table: string): Promise<() => Promise<void>> {
  const admin = new pg.Client(connection);
  await admin.connect();
  const { rows } = await admin.query<{ file: string }>(
    `select pg_relation_filepath(oid) as file from pg_class
      where oid = $1::regclass and pg_relation_size(oid) = 0`,
    [table],
  );
  assert.ok(rows[0], `${table} is empty`);
  // the host is the data folder, which contains the socket
  const file = join(connection.host, rows[0].file);
  renameSync(file, `${file}.aside`);
  symlinkSync("/dev/full", file);
  // open sessions keep the old file open
  await admin.query(END_OTHER_SESSIONS);
  await until(
    async () => (await fetch(`${url}/readyz`)).status,
    (status) => status === 200,
  );
  return async () => {
    renameSync(`${file}.aside`, file);
    await admin.query(END_OTHER_SESSIONS);
    await admin.end();
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  assert.ok(address !== null && typeof address === "object");
  return address.port;
}
