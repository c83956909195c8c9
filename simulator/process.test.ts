import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { DEMO_CREDENTIAL } from "./tripay/credential.ts";
import { ask, createBody, openInbox, openShop, START, TestClock } from "./tripay/testing/shop.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));

function journalPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "simulator-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return join(folder, "deep", "journal.jsonl");
}

/** Starts a process and waits for its first line, or for its end. */
async function run(t: TestContext, ...flags: string[]) {
  const child = spawn(process.execPath, [MAIN, "--port", "0", ...flags], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  t.after(() => child.kill("SIGKILL"));
  let [out, err] = ["", ""];
  child.stderr?.on("data", (chunk: Buffer) => (err += chunk.toString()));
  // not "close", which is never emitted after a disconnect from this side
  const heard = new Promise<void>((resolve) => child.stderr?.once("close", resolve));
  const ended = new Promise<number | null>((resolve) =>
    child.once("exit", (code) => void heard.then(() => resolve(code))),
  );
  await new Promise<void>((resolve) => {
    child.stdout?.on("data", (chunk: Buffer) => {
      out += chunk.toString();
      if (out.includes("\n")) resolve();
    });
    void ended.then(() => resolve());
  });
  return {
    child,
    ended,
    url: /^simulator ready (\S+)\n$/.exec(out)?.[1] ?? "",
    out: () => out,
    err: () => err,
  };
}

const headers = { authorization: `Bearer ${DEMO_CREDENTIAL.apiKey}`, "content-type": "application/json" };
const create = (url: string) =>
  ask(`${url}/api/transaction/create`, { method: "POST", headers, body: JSON.stringify(createBody()) });
const detail = (url: string, reference: unknown) =>
  ask(`${url}/api/transaction/detail?reference=${String(reference)}`, { headers });

describe("the simulator's process", () => {
  it("keeps after a kill -9 everything that it answered, and continues its numbers", async (t) => {
    const data = journalPath(t);
    const first = await run(t, "--data", data);
    const { data: created } = await create(first.url);
    await ask(`${first.url}/control/transactions/${String(created["reference"])}/pay`, { method: "POST" });
    first.child.kill("SIGKILL");
    await first.ended;
    appendFileSync(data, '{"kind":"transaction","transa');

    const second = await run(t, "--data", data);
    assert.equal((await detail(second.url, created["reference"])).data["status"], "PAID");
    const { data: next } = await create(second.url);
    assert.match(String(next["reference"]), /^DEV-T0001000002/);
    assert.ok(readFileSync(data, "utf8").endsWith("}\n"));
  });

  it("leaves out a damaged last line, with or without a line end", async (t) => {
    const data = journalPath(t);
    const first = await run(t, "--data", data);
    const { data: created } = await create(first.url);
    first.child.kill("SIGKILL");
    await first.ended;
    const whole = readFileSync(data, "utf8");
    appendFileSync(data, '{"kind":"transaction","transa\n');

    const second = await run(t, "--data", data);
    assert.equal((await detail(second.url, created["reference"])).data["status"], "UNPAID");
    assert.equal(readFileSync(data, "utf8"), whole);
  });

  it("names the journal and the line that can't be read", async (t) => {
    const data = journalPath(t);
    mkdirSync(dirname(data), { recursive: true });
    const clock = '{"kind":"clock","shiftMs":5}\n';
    writeFileSync(data, `${clock}{"kind":"clock","sh${clock}`);
    appendFileSync(data, clock);
    const { ended, err } = await run(t, "--data", data);
    assert.equal(await ended, 1);
    assert.equal(
      err(),
      `simulator: line 2 of the journal ${data} can't be read; ` +
        "remove that line, or move the file away to begin with an empty one\n",
    );
  });

  it("prints one line and ends on SIGTERM", async (t) => {
    const { child, ended, out, url } = await run(t);
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
    child.kill("SIGTERM");
    assert.equal(await ended, 0);
    assert.equal(out().split("\n").length, 2);
  });

  it("ends when its parent process is gone", async (t) => {
    const { child, ended } = await run(t);
    child.disconnect();
    assert.equal(await ended, 0);
  });

  it("says in one line that its port is taken", async (t) => {
    const { simulator } = await openShop(t);
    const port = new URL(simulator.url).port;
    const { ended, err } = await run(t, "--port", port);
    assert.equal(await ended, 1);
    assert.equal(err(), `simulator: port ${port} is taken; give another with --port\n`);
  });

  it("says what is wrong with a flag", async (t) => {
    const { ended, err } = await run(t, "--fee-payer", "nobody");
    assert.equal(await ended, 1);
    assert.equal(err(), "simulator: --fee-payer is merchant or customer\n");
  });
});

describe("a restart", () => {
  it("sends callbacks that were still due, and keeps the shift of the clock", async (t) => {
    const data = journalPath(t);
    const clock = new TestClock();
    const inbox = await openInbox(t, { status: 500, body: "" });
    const first = await openShop(t, { data, clock });
    await first.control("PUT", "clock", { shift_ms: 3_600_000 });
    const { data: created } = await first.create({ callback_url: inbox.url });
    await first.control("POST", `transactions/${String(created["reference"])}/pay`);
    await first.simulator.tick();
    await first.simulator.close();
    assert.equal(inbox.calls.length, 1);

    const second = await openShop(t, { data, clock });
    assert.equal((await second.control("GET", "clock")).data["shift_ms"], 3_600_000);
    clock.ms += 120_000;
    await second.simulator.tick();
    assert.equal(inbox.calls.length, 2);
    assert.equal(inbox.calls[0]?.body, inbox.calls[1]?.body);
  });

  it("reads a journal from when Tripay was the only provider", async (t) => {
    const data = journalPath(t);
    const inbox = await openInbox(t);
    const customer = { name: "Sari", email: "sari@contoh.id", phone: null };
    const items = [
      {
        sku: null,
        name: "Kopi",
        price: 12_500,
        quantity: 1,
        subtotal: 12_500,
        product_url: null,
        image_url: null,
      },
    ];
    const transaction = {
      reference: "DEV-T0001000001ABCDE",
      sequence: 1,
      merchantCode: "T0001",
      merchantRef: "INV1",
      channel: "QRIS2",
      customer,
      callbackUrl: inbox.url,
      returnUrl: null,
      amount: 12_500,
      feeMerchant: 838,
      feeCustomer: 0,
      amountReceived: 11_662,
      payCode: null,
      qrString: "00020101",
      items,
      status: "PAID",
      createdAt: START,
      expiresAt: START + 900,
      paidAt: START,
      note: null,
      faults: {},
    };
    const delivery = {
      id: "DEV-T0001000001ABCDE/1",
      reference: transaction.reference,
      event: "payment_status",
      url: inbox.url,
      body: "{}",
      signature: "00",
      state: "waiting",
      dueAt: 0,
      attempts: [],
    };
    mkdirSync(dirname(data), { recursive: true });
    writeFileSync(
      data,
      [
        { kind: "transaction", transaction },
        { kind: "delivery", delivery },
      ]
        .map((entry) => `${JSON.stringify(entry)}\n`)
        .join(""),
    );
    const { detail, simulator } = await openShop(t, { data });
    const row = await detail(transaction.reference);
    assert.deepEqual(
      [row["status"], row["customer_name"], row["amount_received"], (row["order_items"] as unknown[]).length],
      ["PAID", "Sari", 11_662, 1],
    );
    await simulator.tick();
    assert.deepEqual(
      [inbox.calls[0]?.headers["x-callback-event"], inbox.calls[0]?.headers["x-callback-signature"]],
      ["payment_status", "00"],
    );
    assert.match(await (await fetch(simulator.url)).text(), /QRIS2/);
  });
});
