import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { startTestCluster } from "../server/testing/database.ts";
import type { Violation } from "./auditor.ts";

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url));
/** A seed that has not ended by then never ends. */
const TIMEOUT_MS = 15 * 60_000;
const MAX_SEED = 1_000_000_000;

export type SeedViolation = Violation & { readonly seed: number };
export type Played = {
  readonly seeds: readonly number[];
  readonly steps: number;
  readonly violations: readonly SeedViolation[];
  readonly seconds: number;
};

/** A random seed. */
export const freshSeed = (): number => randomInt(MAX_SEED);

/** `count` seeds: consecutive ones from `first`, or random ones. */
export function seedsOf(count: number, first: number | undefined): number[] {
  if (first !== undefined) return Array.from({ length: count }, (_, index) => first + index);
  const seeds = new Set<number>();
  while (seeds.size < count) seeds.add(freshSeed());
  return [...seeds];
}

/**
 * Plays seeds on all cores, each in its own process and its own database on one PostgreSQL. A process that
 * dies or hangs is a violation too.
 */
export async function play(
  seeds: readonly number[],
  {
    steps,
    canary = false,
    onSeed,
  }: {
    steps: number;
    canary?: boolean;
    onSeed: (seed: number, violations: readonly SeedViolation[], seconds: number) => void;
  },
): Promise<Played> {
  const begun = performance.now();
  const violations: SeedViolation[] = [];
  const own = process.env["ONEGATE_TEST_CLUSTER"] === undefined ? await startTestCluster() : undefined;
  const environment = {
    ...process.env,
    ...(own ? { ONEGATE_TEST_CLUSTER: JSON.stringify(own.cluster.connection) } : {}),
  };
  const left = [...seeds];
  async function work(): Promise<void> {
    for (let seed = left.shift(); seed !== undefined; seed = left.shift()) {
      const since = performance.now();
      const found = await playOne(seed, steps, canary, environment);
      violations.push(...found);
      onSeed(seed, found, (performance.now() - since) / 1_000);
    }
  }
  try {
    await Promise.all(Array.from({ length: Math.min(availableParallelism(), seeds.length) }, work));
  } finally {
    await own?.stop();
  }
  return { seeds, steps, violations, seconds: Math.round((performance.now() - begun) / 100) / 10 };
}

async function playOne(
  seed: number,
  steps: number,
  canary: boolean,
  env: NodeJS.ProcessEnv,
): Promise<SeedViolation[]> {
  const args = [
    MAIN,
    "--seed",
    String(seed),
    "--steps",
    String(steps),
    "--json",
    ...(canary ? ["--canary"] : []),
  ];
  const child = spawn(process.execPath, args, {
    env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: TIMEOUT_MS,
  });
  let [output, errors] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  const end = await new Promise<string>((resolve) => {
    child.once("close", (code, signal) => resolve(signal ?? `code ${code}`));
    child.once("error", (error) => resolve(error.message));
  });
  const violations = readViolations(output);
  return (
    violations?.map((violation) => ({ seed, ...violation })) ?? [
      {
        seed,
        step: 0,
        rule: "a run ends",
        detail: `it ended with ${end}: ${errors.trim().split("\n").slice(-8).join(" | ")}`,
      },
    ]
  );
}

function readViolations(output: string): Violation[] | undefined {
  try {
    return (JSON.parse(output) as { violations: Violation[] }).violations;
  } catch {
    return undefined;
  }
}
