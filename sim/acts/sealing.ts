import { sql } from "kysely";
import { setTimeout as sleep } from "node:timers/promises";
import { consume } from "../../server/kernel/index.ts";
import { prove, rememberProof, seal } from "../../server/ledger/index.ts";
import type { Random } from "../random.ts";
import type { Stage } from "../stage.ts";
import type { Act } from "./act.ts";

/**
 * The sealer makes some progress, sometimes two of them at once, and sometimes the process dies meanwhile.
 */
async function sealSome(stage: Stage, random: Random): Promise<string> {
  const { world, auditor } = stage;
  const [times, sealers, harm] = [
    random.between(1, 4),
    random.between(1, 2),
    random.pick(["none", "none", "kill", "crash"] as const),
  ];
  for (let time = 1; time <= times; time++) {
    const { database } = world.process;
    const all = Array.from({ length: sealers }, () =>
      harm === "none"
        ? auditor.answerOf("seal", () => consume(database, seal))
        : consume(database, seal).catch(() => undefined),
    );
    if (harm !== "none") {
      await world.moment(random.below(10));
      await (harm === "crash" ? world.crash() : world.killConnections());
    }
    await Promise.all(all);
    await world.settle();
  }
  return `${times} times, ${sealers} at once, ${harm}`;
}

/** How long other databases on the same server may hold the reader back. */
const TIMEOUT_MS = 20_000;

/** Seals until nothing is left, then proves what is new since the last proof. */
export async function sealAll({ world, auditor }: Stage): Promise<void> {
  const since = performance.now();
  let left = 1n;
  while (left > 0n && performance.now() - since < TIMEOUT_MS) {
    while (((await auditor.answerOf("seal", () => consume(world.process.database, seal))) ?? 0) > 0);
    const { rows } = await sql<{ left: bigint }>`
      select (select count(*) from ledger_transfer)
               - (select coalesce(sum(cardinality(ids)), 0)::bigint from ledger_block) as left`.execute(
      world.eye,
    );
    left = rows[0]?.left ?? 0n;
    if (left > 0n) await sleep(5);
  }
  const proof = await prove({ kysely: world.eye }, "new");
  for (const { rule, subject, detail } of proof.breaches)
    auditor.report("breaches", `since the last proof: ${rule}: ${subject} ${detail}`);
  auditor.expect(
    "sealed",
    left === 0n && proof.unsealed === 0n,
    () => `${left} transfers without a seal, ${proof.unsealed} of them announced`,
  );
  if (proof.breaches.length === 0) await rememberProof(world.eye);
}

export const sealActs: readonly Act[] = [{ name: "transfers are sealed", weight: 3, run: sealSome }];
