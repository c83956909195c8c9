import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { startSimulator, type SimulatorOptions } from "./index.ts";

/** Sends a request to a simulator at one of this machine's addresses, with a host name. */
function ask(
  url: string,
  path: string,
  { at, host, key, method = "GET" }: { at?: string; host?: string; key?: string; method?: string },
): Promise<{ status: number; text: string }> {
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    const headers = {
      host: host ?? `${at ?? "127.0.0.1"}:${port}`,
      ...(key === undefined ? {} : { "x-simulator-key": key }),
    };
    const sent = request({ host: at ?? "127.0.0.1", port, path, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
      );
    });
    sent.on("error", reject).end();
  });
}

async function start(t: TestContext, options: SimulatorOptions = {}) {
  const simulator = await startSimulator({ host: "0.0.0.0", seed: 7, ...options });
  t.after(() => simulator.close());
  return simulator;
}

const LEVERS = ["/control/transactions", "/control/snap/settings", "/control/clock", "/", "/?x=1"];
/** An address at which other machines reach this one, so that its callers are not known to be local. */
const outside = Object.values(networkInterfaces())
  .flat()
  .find((one) => one?.family === "IPv4" && !one.internal)?.address;

describe("the control API and the list", () => {
  it("are open to this machine, but not under another host name", async (t) => {
    const { url } = await start(t);
    for (const path of LEVERS) {
      for (const host of ["127.0.0.1:1", "localhost", "[::1]:8090"])
        assert.equal((await ask(url, path, { host })).status, 200, `${path} as ${host}`);
      for (const host of [
        "evil.example",
        "evil.example:8090",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
      ]) {
        const { status, text } = await ask(url, path, { host });
        assert.deepEqual([status, text.includes("PRIVATE KEY")], [421, false], `${path} as ${host}`);
      }
    }
    assert.equal((await ask(url, "/next", { host: "evil.example", method: "POST" })).status, 421);
  });

  it("are closed to other machines without the key, and payers' pages are open", {
    skip: outside === undefined && "this machine has no address but loopback",
  }, async (t) => {
    const at = outside ?? "";
    const [open, keyed] = [await start(t), await start(t, { controlKey: "kunci" })];
    for (const path of LEVERS) {
      assert.equal((await ask(open.url, path, { at })).status, 403, path);
      assert.equal((await ask(open.url, path, { at, key: "" })).status, 403, path);
      assert.deepEqual(
        [
          (await ask(keyed.url, path, { at, key: "kunci" })).status,
          (await ask(keyed.url, path, { at, key: "kunc" })).status,
        ],
        [200, 403],
        path,
      );
    }
    assert.equal((await ask(open.url, "/checkout/DEV-NOBODY", { at })).status, 404);
    assert.equal((await ask(open.url, "/clothes.css", { at })).status, 200);
  });
});

describe("the journal", () => {
  it("is readable by its owner only, and an older one becomes so", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "simulator-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const [fresh, old] = [join(folder, "new", "simulator.jsonl"), join(folder, "old.jsonl")];
    writeFileSync(old, "");
    chmodSync(old, 0o644);
    for (const data of [fresh, old]) {
      const simulator = await startSimulator({ data, seed: 7 });
      await simulator.close();
      assert.equal(statSync(data).mode & 0o777, 0o600, data);
    }
    assert.equal(statSync(join(folder, "new")).mode & 0o777, 0o700);
  });
});
