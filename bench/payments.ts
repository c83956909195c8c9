import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { DEMO_MERCHANT } from "../server/demo/index.ts";
import { load } from "./load.ts";
import { checkBooks, startBenchServer } from "./server.ts";
import { runTpcb } from "./tpcb.ts";
import { openWorld, SHOPS, WALLETS } from "./world.ts";

const CONNECTIONS = [1, 64, 256];
const PROGRAM = fileURLToPath(new URL("./program.ts", import.meta.url));

/**
 * Payments of 1.00 from random wallets to random shops, each with its own UUIDv7, as clients are advised to
 * send.
 */
const requests = (run: string) => `
local n = 0
math.randomseed(${run.length * 7919})
request = function()
  n = n + 1
  local ms = os.time() * 1000 + n % 1000
  local id = string.format("%08x-%04x-7%03x-8%03x-%04x%08x", math.floor(ms / 65536), ms % 65536, n % 4096,
    math.random(0, 4095), math.random(0, 65535), n)
  return wrk.format("POST", "/payments", {["content-type"] = "application/json"}, string.format(
    '{"id":"%s","currency":"IDR","amount":"1.00","source_account":"W%d","destination_account":"S%d"}',
    id, math.random(0, ${WALLETS - 1}), math.random(0, ${SHOPS - 1})))
end`;

/**
 * Measures durable wallet payments over HTTP, `POST /payments`, closed loop, beside TPC-B; the program runs
 * as a process of its own.
 */
export async function benchPayments({ seconds }: { seconds: number }) {
  const server = await startBenchServer(4);
  const program = fork(PROGRAM, [JSON.stringify(server.cluster.connection)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  try {
    const [url] = (await once(program, "message")) as [string];
    await openWorld(server.database, DEMO_MERCHANT);
    await load(url, requests("warm"), 64, 3);
    const runs = [];
    for (const connections of CONNECTIONS)
      runs.push(await load(url, requests(`c${connections}`), connections, seconds));
    const books = await checkBooks(server.database);
    program.send("stop");
    await once(program, "exit");
    const tpcb = await runTpcb(server, seconds);
    const best = runs.at(-1)?.requests_per_second ?? 0;
    return {
      bench: "payments",
      requests_per_second: best,
      tpcb_tps: Math.round(tpcb),
      ratio: Math.round((best / tpcb) * 100) / 100,
      runs,
      books,
    };
  } finally {
    if (program.exitCode === null) program.kill("SIGKILL");
    await server.close();
  }
}
