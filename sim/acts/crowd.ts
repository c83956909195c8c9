import { setTimeout as sleep } from "node:timers/promises";
import type { Move } from "../book.ts";
import type { Random } from "../random.ts";
import type { Stage } from "../stage.ts";
import type { Act } from "./act.ts";
import { toTransfer, word } from "./ledger.ts";

/**
 * Many concurrent transfers, with duplicates among them, while connections are killed or the process dies.
 * Their order is not predictable. But what is acknowledged exists once, what is refused does not exist, and a
 * lost answer is settled by a retry.
 */
async function crowd(stage: Stage, random: Random): Promise<string> {
  const { world, auditor, crowdMerchant, crowdBook } = stage;
  const moves: Move[] = Array.from({ length: random.between(10, 60) }, () => {
    const [debit, credit] = random.shuffled(stage.crowd) as [string, string];
    return { id: world.newId(), debit, credit, minor: BigInt(random.between(1, 60_00)) };
  });
  const requested = random.shuffled([...moves, ...moves.filter(() => random.chance(20))]);
  const harm = random.pick(["none", "kill", "kill", "crash"] as const);
  const { crowdedLedger } = world.process;
  const answers = new Map<string, string[]>();
  const record = (id: string, answer: string) => void answers.set(id, [...(answers.get(id) ?? []), answer]);
  const send = (move: Move, ledger = crowdedLedger) =>
    ledger.post(crowdMerchant, toTransfer(move)).then(
      (result) => record(move.id, word(result)),
      () => record(move.id, "lost"),
    );
  const all = requested.map((move) => send(move));
  if (harm !== "none") {
    await sleep(random.below(8));
    await (harm === "crash" ? world.crash() : world.killConnections());
  }
  await Promise.all(all);
  await world.settle();
  for (const move of moves.filter(({ id }) => answers.get(id)?.every((answer) => answer === "lost")))
    await send(move, world.process.crowdedLedger);

  for (const move of moves) {
    const heard = answers.get(move.id) ?? [];
    const done = heard.some((answer) => answer === "now" || answer === "before");
    const unexpected = heard.filter(
      (answer) => !["now", "before", "lost", "insufficient_funds"].includes(answer),
    );
    auditor.expect("answer", unexpected.length === 0, () => `among many: ${unexpected.join(" ")}`);
    auditor.expect(
      "acknowledged",
      heard.filter((answer) => answer === "now").length < 2,
      () => `among many: acknowledged as new twice`,
    );
    auditor.expect(
      "answer",
      heard.some((answer) => answer !== "lost"),
      () => "among many: a retry is not answered",
    );
    if (done) crowdBook.transfers.set(move.id, { ...move, hold: null });
    for (const [account, sum] of done
      ? ([
          [move.debit, -move.minor],
          [move.credit, move.minor],
        ] as const)
      : [])
      crowdBook.accounts.get(account)!.posted += sum;
  }
  return `${moves.length} transfers, ${requested.length - moves.length} duplicates, ${harm}`;
}

export const crowdActs: readonly Act[] = [{ name: "a crowd", weight: 2, run: crowd }];
