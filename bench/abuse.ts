import {
  IDR,
  money,
  newId,
  type EnrolledBody,
  type SessionBody,
  type ShopBody,
  type TokensBody,
} from "@onegate/contract";
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { DEMO_MERCHANT } from "../server/demo/index.ts";
import { accountId, createLedger } from "../server/ledger/index.ts";
import type { AttackName, Target } from "./attacks.ts";
import { createSender, openLoop, percentile } from "./open-loop.ts";
import { checkBooks, startBenchServer, type BenchServer } from "./server.ts";
import { openWorld, shopCode, SHOPS, walletCode, WALLETS } from "./world.ts";

const PROGRAM = fileURLToPath(new URL("./program.ts", import.meta.url));
const ATTACKER = fileURLToPath(new URL("./attacks.ts", import.meta.url));
const NAMES = [
  "pipelined",
  "nested",
  "trickled",
  "streams",
  "history",
] as const satisfies readonly AttackName[];
const CONNECTIONS = 64;
const WARM_UP_SECONDS = 2;
/** How long after the start of an attack the measurement begins, while the attacker opens its connections. */
const SETTLE_MS = 1_000;
/** A payment that is not answered within this time counts as failed. */
const TIMEOUT_MS = 15_000;
const SAMPLE_MS = 100;
const HISTORY_ENTRIES = 50_000;
const USER = { username: "andi.contoh", password: "rahasia-demo" } as const;
const OWNER = { name: "Ratna", pin: "333333" } as const;

type Measured = { readonly p50_ms: number; readonly p99_ms: number; readonly failed: number };

/**
 * Measures what one attacker on this machine costs everybody else: wallet payments, open loop at `rate` a
 * second and timed from the moment each was due, without and with each attack, and the peak memory of the
 * server's process. Each attack meets a fresh process. Only loopback is attacked.
 */
export async function benchAbuse({ seconds, rate }: { seconds: number; rate: number }) {
  const server = await startBenchServer(4);
  try {
    const attacks = [];
    for (const name of NAMES)
      attacks.push(await measureAttack(server, name, seconds, rate, attacks.length === 0));
    return {
      bench: "abuse",
      others_per_second: rate,
      seconds,
      attacks,
      books: await checkBooks(server.database),
    };
  } finally {
    await server.close();
  }
}

async function measureAttack(
  server: BenchServer,
  name: AttackName,
  seconds: number,
  rate: number,
  isFirst: boolean,
) {
  const program = fork(PROGRAM, [JSON.stringify(server.cluster.connection)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  let attacker: ChildProcess | undefined;
  try {
    const [url] = (await once(program, "message")) as [string];
    // the first program has created the merchant
    if (isFirst) await openWorld(server.database, DEMO_MERCHANT);
    const target = await signIn(url);
    if (name === "history") await fillHistory(server, target);
    const others = createOthers(url, program);
    await others.run(rate, WARM_UP_SECONDS);
    const calm = await others.run(rate, seconds);
    const idleMb = memoryMb(program);

    attacker = fork(ATTACKER, [JSON.stringify([name, target])], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    const memory = watchMemory(program);
    await sleep(SETTLE_MS);
    const busy = await others.run(rate, seconds);
    const peakMb = memory.stop();
    await end(attacker);
    others.close();
    const survived = program.exitCode === null && program.signalCode === null;
    return {
      attack: name,
      without: calm,
      with: busy,
      p99_ratio: Math.round((busy.p99_ms / calm.p99_ms) * 100) / 100,
      memory_before_mb: idleMb,
      memory_peak_mb: peakMb,
      survived,
    };
  } finally {
    if (attacker) await end(attacker);
    await end(program);
  }
}

/**
 * Sends the payments of many people; each is answered or times out, and those to a stopped server fail at
 * once.
 */
function createOthers(url: string, program: ChildProcess) {
  const sender = createSender(url, CONNECTIONS);
  let failed = 0;
  const pay = async (n: number) => {
    const body = JSON.stringify({
      id: newId(),
      currency: "IDR",
      amount: "1.00",
      source_account: walletCode((n * 7919) % WALLETS),
      destination_account: shopCode(n % SHOPS),
    });
    const timeout = new AbortController();
    const status = await Promise.race([
      sender.send("/payments", body).then(
        (answer) => answer.status,
        () => 0,
      ),
      sleep(TIMEOUT_MS, 0, { signal: timeout.signal }).catch(() => 0),
    ]);
    timeout.abort();
    if (status !== 200) {
      failed += 1;
      // an immediate refusal must not count as a quick answer
      if (program.exitCode === null && program.signalCode === null) await sleep(SAMPLE_MS);
    }
  };
  return {
    async run(rate: number, seconds: number): Promise<Measured> {
      failed = 0;
      const latencies = await openLoop(rate, rate * seconds, pay);
      return { p50_ms: percentile(latencies, 0.5), p99_ms: percentile(latencies, 0.99), failed };
    },
    close: () => sender.close(),
  };
}

async function signIn(url: string): Promise<Target> {
  const call = async <T>(
    path: string,
    init: { body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<T> => {
    const answer = await fetch(
      `${url}${path}`,
      init.body === undefined
        ? {}
        : {
            method: "POST",
            headers: { "content-type": "application/json", ...init.headers },
            body: JSON.stringify(init.body),
          },
    );
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  };
  const device = await call<EnrolledBody>("/api/v1/till/devices", { body: {} });
  const { staff } = await call<ShopBody>("/api/v1/till/shop");
  const session = await call<SessionBody>("/api/v1/till/unlock", {
    body: { staff_id: staff.find(({ name }) => name === OWNER.name)?.id, pin: OWNER.pin },
    headers: { "onegate-device": device.token },
  });
  const user = await call<TokensBody>("/api/auth/login", { body: USER });
  // the first request opens the wallet
  await fetch(`${url}/api/v1/wallet`, { headers: { authorization: `Bearer ${user.access_token}` } });
  return { url, staffToken: session.token, userToken: user.access_token };
}

async function fillHistory(server: BenchServer, { userToken, url }: Target): Promise<void> {
  const { accounts } = (await (
    await fetch(`${url}/api/v1/wallet/accounts`, { headers: { authorization: `Bearer ${userToken}` } })
  ).json()) as { accounts: ReadonlyArray<{ account_id: string }> };
  const debit = accountId(DEMO_MERCHANT, walletCode(0));
  const credit = accounts[0]?.account_id ?? "";
  const ledger = createLedger(server.database, { concurrency: 2, queue: 2 * HISTORY_ENTRIES });
  await ledger.postMany(
    DEMO_MERCHANT,
    Array.from({ length: HISTORY_ENTRIES }, () => ({
      id: newId(),
      kind: "transfer",
      debit,
      credit,
      amount: money(1n, IDR),
    })),
  );
  await server.database.pool.query("vacuum analyze ledger_transfer, ledger_balance");
}

/** Resident memory of a process on Linux, in MB; 0 once it has ended. */
function memoryMb({ pid }: ChildProcess): number {
  try {
    return Math.round(
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024,
    );
  } catch {
    return 0;
  }
}

function watchMemory(process: ChildProcess): { stop(): number } {
  let peak = 0;
  const sample = () => (peak = Math.max(peak, memoryMb(process)));
  const timer = setInterval(sample, SAMPLE_MS);
  return {
    stop() {
      clearInterval(timer);
      sample();
      return peak;
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
