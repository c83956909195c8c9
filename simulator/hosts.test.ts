import assert from "node:assert/strict";
import { request } from "node:http";
import { describe, it } from "node:test";
import { startSimulator } from "./index.ts";

/** The status of an answer to a request with any host name. */
function ask(url: string, method: string, path: string, headers: Record<string, string>): Promise<number> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, method, path, headers, agent: false }, (answer) =>
      resolve(answer.resume().statusCode ?? 0),
    )
      .on("error", reject)
      .end();
  });
}

describe("a page of another site", () => {
  it("can't reach anything by its own host name, nor change anything by a form", async (t) => {
    const simulator = await startSimulator({
      publicUrl: "https://bayar.contoh.invalid",
      hosts: ["simulator.internal"],
    });
    t.after(() => simulator.close());
    for (const [method, path] of [
      ["GET", "/control/transactions"],
      ["DELETE", "/control/faults"],
      ["GET", "/"],
      ["POST", "/api-sandbox/transaction/create"],
    ] as const) {
      for (const host of ["jahat.contoh.invalid", "localhost.jahat.invalid:8090", "127.0.0.1.jahat.invalid"])
        assert.equal(await ask(simulator.url, method, path, { host }), 421, `${method} ${path} as ${host}`);
    }
    for (const origin of ["https://jahat.contoh.invalid", "null"]) {
      assert.equal(await ask(simulator.url, "DELETE", "/control/faults", { origin }), 403);
      assert.equal(
        await ask(simulator.url, "POST", "/next", {
          origin,
          "content-type": "application/x-www-form-urlencoded",
        }),
        403,
      );
    }
    // the levers answer this machine's own names; payers and programs may use every known one
    const own = ["localhost:8090", "127.0.0.1", "[::1]:8090"];
    for (const host of [...own, "192.168.1.20:8090", "bayar.contoh.invalid", "simulator.internal:8090"]) {
      const levers = await ask(simulator.url, "DELETE", "/control/faults", {
        host,
        origin: `http://${host}`,
      });
      assert.equal(levers, own.includes(host) ? 200 : 403, host);
      assert.notEqual(await ask(simulator.url, "GET", "/checkout/unknown", { host }), 421, host);
    }
  });
});
