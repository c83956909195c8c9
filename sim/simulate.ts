import { sweepRefunds } from "../server/payments/index.ts";
import { deliver } from "./acts/network.ts";
import { inquireOpen } from "./acts/payments.ts";
import { retryUnanswered, workDueRefunds } from "./acts/refunds.ts";
import { sealAll } from "./acts/sealing.ts";
import { auditLedger } from "./audit-ledger.ts";
import { auditPayments } from "./audit-payments.ts";
import { auditRefunds } from "./audit-refunds.ts";
import { auditSales } from "./audit-sales.ts";
import type { Violation } from "./auditor.ts";
import { setStage, type Stage } from "./stage.ts";
import { nextAct } from "./workload.ts";
import { World } from "./world.ts";

export type Run = {
  readonly seed: number;
  readonly steps: number;
  readonly violations: readonly Violation[];
  /** What happened, one line per step; the same seed gives the same lines. */
  readonly history: readonly string[];
};

/**
 * How often, in steps, the auditor checks, and how often the world calms down so that nothing may be missing.
 */
const AUDIT_EVERY = 25;
const CALM_EVERY = 200;
const HOUR = 3_600_000;
/**
 * Inquiries that a payment may need until it is final: the first answer may be lost, then the payment may
 * expire.
 */
const MAX_ROUNDS = 6;

/**
 * Runs one seed for `steps` steps over the real ledger, payments and sales; returns what the auditor found.
 */
export async function simulate({
  seed,
  steps,
  canary = false,
}: {
  seed: number;
  steps: number;
  canary?: boolean;
}): Promise<Run> {
  const world = await World.open(seed, canary);
  try {
    const stage = await setStage(world);
    const history: string[] = [];
    for (let step = 1; step <= steps; step++) {
      stage.auditor.step = step;
      const random = world.random.fork(`step ${step}`);
      const act = nextAct(random);
      history.push(`${step} ${act.name}: ${await act.run(stage, random)}`);
      if (step % CALM_EVERY === 0 || step === steps) await calmDown(stage);
      else if (step % AUDIT_EVERY === 0) await audit(stage, false);
    }
    const deadlocks = await world.countDeadlocks();
    stage.auditor.expect("deadlocks", deadlocks === 0n, () => `${deadlocks} deadlocks`);
    return { seed, steps, violations: stage.auditor.violations, history };
  } finally {
    await world.close();
  }
}

/**
 * No new acts: notifications arrive, payments expire, open payments and refunds are inquired about,
 * everything is sealed. Then everything must add up.
 */
async function calmDown(stage: Stage): Promise<void> {
  const { world, auditor } = stage;
  const left = () => [...world.letters, ...world.racedLetters];
  world.provider.channelsDown = false;
  await retryUnanswered(stage);
  for (let round = 1; round <= MAX_ROUNDS; round++) {
    await world.advance(HOUR);
    for (const letter of world.random.fork(`calm ${auditor.step} ${round}`).shuffled(world.letters))
      await deliver(stage, letter);
    for (const letter of world.racedLetters) await deliver(stage, letter);
    const inquired = await inquireOpen(stage, null, round);
    const forgotten =
      (await auditor.answerOf("sweepRefunds", () => sweepRefunds(world.process.payments))) ?? 0;
    const carried = await workDueRefunds(stage);
    if (inquired + forgotten + carried === 0 && left().length === 0) break;
  }
  for (const { transaction } of left())
    auditor.report(
      "undelivered",
      `${transaction.reference} of ${transaction.orderId ?? "nobody"}: ${transaction.status}`,
    );
  await sealAll(stage);
  await audit(stage, true);
}

async function audit(stage: Stage, calm: boolean): Promise<void> {
  await auditLedger(stage);
  await auditPayments(stage, calm);
  await auditRefunds(stage, calm);
  await auditSales(stage);
}
