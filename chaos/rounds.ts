import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { judge, type Found } from "./history.ts";
import { Load } from "./load.ts";
import { isAlive, Program } from "./program.ts";

const KILLS = ["server", "backend", "postmaster"] as const;
export type Kill = (typeof KILLS)[number];

export type Report = {
  readonly rounds: number;
  readonly seed: number;
  readonly asked: number;
  readonly acked: number;
  readonly lost: number;
  readonly doubled: number;
  readonly unsettled: number;
  readonly wrong: number;
  readonly proof: "holds" | "broken";
  readonly kills: Readonly<Record<Kill, number>>;
  readonly longest_outage_ms: number;
  /** Deadlocks since PostgreSQL last recovered from a crash, which resets its statistics. */
  readonly deadlocks: number;
  /** The first things that are wrong: each request with its answer, and what is in the books. */
  readonly faults: readonly string[];
};

/** How long until payments must be accepted again, by what was killed (faults 4, 5 and 24). */
const MAX_OUTAGE_MS: Readonly<Record<Kill, number>> = { server: 30_000, backend: 10_000, postmaster: 30_000 };
const SETTLE_MS = 60_000;
const MAX_FAULTS = 20;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Kills something at a random instant under load, `rounds` times; payments must be accepted again in time.
 * Then the books are compared with what was acknowledged. `say` gets a line per round.
 */
export async function play(
  rounds: number,
  seed: number,
  say: (line: string) => void = () => undefined,
): Promise<Report> {
  // the load draws in the order of its answers; a generator of its own keeps the rounds the same for the same
  // seed
  const random = seeded(seed);
  const data = mkdtempSync(join(tmpdir(), "onegate-chaos-"));
  let program: Program | undefined;
  const end = async () => {
    await program?.stop();
    // the last processes of a killed PostgreSQL may still be writing
    rmSync(data, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  };
  let stopping: Promise<void> | undefined;
  const stop = () => (stopping ??= end());
  const interrupted = () => void stop().finally(() => process.exit(130));
  // a second signal changes nothing: npm passes on the Ctrl-C that the terminal has already sent
  for (const signal of SIGNALS) process.on(signal, interrupted);
  try {
    program = await Program.make(data);
    await program.begin();
    const load = new Load(program.url, seeded(seed + 1));
    load.start();
    const kills: Record<Kill, number> = { server: 0, backend: 0, postmaster: 0 };
    let longest = 0;
    for (let round = 1; round <= rounds; round++) {
      await sleep(100 + random() * 500);
      const kill = KILLS[Math.floor(random() * KILLS.length)] ?? "server";
      kills[kill] += 1;
      const outage = await strike(program, load, data, kill, random);
      longest = Math.max(longest, outage);
      say(`round ${round}: ${kill} killed, payments accepted again after ${Math.round(outage)} ms`);
    }
    await load.finish(SETTLE_MS);
    const found = await readLedger(data);
    const verdict = judge(load.asked, found);
    const proof = JSON.parse(await program.proof()) as { proof: "holds" | "broken"; breaches: unknown[] };
    for (const id of [
      ...verdict.lost,
      ...verdict.doubled,
      ...verdict.wrong,
      ...verdict.stray,
      ...verdict.unsettled,
    ].slice(0, 20))
      say(
        JSON.stringify({
          asked: load.asked.find((one) => one.id === id),
          found: found.filter(({ reference }) => reference === id),
        }),
      );
    const ids = [
      ...verdict.lost,
      ...verdict.doubled,
      ...verdict.wrong,
      ...verdict.stray,
      ...verdict.unsettled,
    ].slice(0, MAX_FAULTS);
    const faults = ids.map((id) =>
      JSON.stringify({
        asked: load.asked.find((one) => one.id === id),
        found: found.filter(({ reference }) => reference === id),
      }),
    );
    return {
      rounds,
      seed,
      asked: load.asked.length,
      acked: verdict.acked,
      lost: verdict.lost.length,
      doubled: verdict.doubled.length,
      unsettled: verdict.unsettled.length,
      wrong: verdict.wrong.length + verdict.stray.length,
      proof: proof.proof,
      kills,
      longest_outage_ms: Math.round(longest),
      deadlocks: await countDeadlocks(data),
      faults:
        proof.proof === "holds"
          ? faults
          : [...faults, ...proof.breaches.slice(0, MAX_FAULTS).map((breach) => JSON.stringify(breach))],
    };
  } finally {
    await stop();
    for (const signal of SIGNALS) process.off(signal, interrupted);
  }
}

/**
 * Kills, and waits until the victim is gone and a payment is acknowledged after that; returns the longest
 * time between two acknowledgements, in ms.
 */
async function strike(
  program: Program,
  load: Load,
  data: string,
  kill: Kill,
  random: () => number,
): Promise<number> {
  load.takeLongestGap();
  const begun = performance.now();
  const within = async (isSo: () => boolean) => {
    while (!isSo()) {
      if (performance.now() - begun > MAX_OUTAGE_MS[kill])
        throw new Error(`no payment was accepted for ${MAX_OUTAGE_MS[kill]} ms after the ${kill} was killed`);
      await sleep(5);
    }
  };
  if (kill === "server") {
    await program.killServer();
    await program.begin();
  } else if (kill === "postmaster") {
    const killed = program.killPostmaster();
    await within(() => ![undefined, killed].includes(program.postmaster()));
  } else {
    const killed = await killBackend(data, random);
    await within(() => !isAlive(killed));
  }
  // an answer may still have been in flight
  await sleep(50);
  const quiet = performance.now();
  await within(() => load.lastAck > quiet);
  return load.takeLongestGap();
}

async function open(data: string): Promise<pg.Client> {
  for (let tries = 0; ; tries++) {
    const client = new pg.Client({
      host: join(data, "postgres"),
      user: "onegate",
      database: "onegate",
      application_name: "chaos",
    });
    client.on("error", () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      if (tries === 200) throw error;
      await sleep(50);
    }
  }
}

/**
 * Kills one of the PostgreSQL backends that serve the program, most likely an active one; returns its process
 * id.
 */
async function killBackend(data: string, random: () => number): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const client = await open(data);
    const { rows } = await client.query<{ pid: number }>(
      `select pid from pg_stat_activity where application_name = 'onegate'
        order by state = 'active' desc, pid limit 6`,
    );
    await client.end();
    const pid = rows[Math.floor(random() * rows.length)]?.pid;
    if (pid !== undefined) {
      process.kill(pid, "SIGKILL");
      return pid;
    }
    // after a restart the program may not have reconnected yet
    await sleep(50);
  }
  throw new Error("the program has no connection");
}

async function countDeadlocks(data: string): Promise<number> {
  const client = await open(data);
  try {
    const { rows } = await client.query<{ deadlocks: string }>(
      "select deadlocks from pg_stat_database where datname = current_database()",
    );
    return Number(rows[0]?.deadlocks ?? 0);
  } finally {
    await client.end();
  }
}

async function readLedger(data: string): Promise<Found[]> {
  const client = await open(data);
  try {
    const { rows } = await client.query<Found>(
      `select t.reference, (t.amount / 100)::text || '.' || lpad((t.amount % 100)::text, 2, '0') as amount,
              d.code as debit, c.code as credit
         from ledger_transfer t
         join ledger_account d on d.merchant_id = t.merchant_id and d.account_id = t.debit_account_id
         join ledger_account c on c.merchant_id = t.merchant_id and c.account_id = t.credit_account_id
        where t.kind = 'payment' and t.reference is not null`,
    );
    return rows;
  } finally {
    await client.end();
  }
}

/**
 * A small generator of numbers from 0 to 1, for choices by seed (mulberry32, Tommy Ettinger, public domain).
 */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
