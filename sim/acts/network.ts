import { isRefusal } from "@onegate/contract";
import { messageOf } from "../../server/kernel/index.ts";
import { receiveNotification } from "../../server/payments/index.ts";
import { SIM_PROVIDER } from "../provider.ts";
import type { Random } from "../random.ts";
import type { Stage } from "../stage.ts";
import type { Letter } from "../world.ts";
import type { Act } from "./act.ts";

/**
 * Delivers a notification. The provider keeps it until it is accepted; undisturbed, accepting it must not
 * fail.
 */
export async function deliver(stage: Stage, letter: Letter, disturbed = false): Promise<boolean> {
  const { world, auditor } = stage;
  try {
    const outcome = await receiveNotification(world.process.payments, SIM_PROVIDER, letter.raw);
    if (isRefusal(outcome))
      auditor.report("answer", `a genuine notification was refused: ${outcome.refusal}`);
    world.took(letter);
    return true;
  } catch (error) {
    if (!disturbed) auditor.report("throws", `receiveNotification: ${messageOf(error)}`);
    return false;
  }
}

async function deliverSome(stage: Stage, random: Random): Promise<string> {
  const letters = random.shuffled(stage.world.letters).slice(0, random.between(1, 6));
  for (const letter of letters) {
    // a copy that is delivered again much later
    const stays = random.chance(25);
    await deliver(stage, letter);
    if (stays) stage.world.letters.push(letter);
  }
  return namesOf(letters);
}

/** Delivers the same notifications several times at once; sometimes the connections die meanwhile. */
async function deliverAtOnce(stage: Stage, random: Random): Promise<string> {
  const { world } = stage;
  const letters = random.shuffled(world.letters).slice(0, random.between(1, 4));
  const copies = random.shuffled(
    letters.flatMap((letter) => Array.from({ length: random.between(1, 3) }, () => letter)),
  );
  const killed = random.chance(40);
  const all = copies.map((letter) => deliver(stage, letter, killed));
  if (killed) {
    await world.moment(random.below(12));
    await world.killConnections();
  }
  await Promise.all(all);
  await world.settle();
  for (const letter of letters) if (world.letters.includes(letter)) await deliver(stage, letter);
  return `${copies.length} copies of ${namesOf(letters)}${killed ? ", killed" : ""}`;
}

/** An attacker without the secret reports an order as paid, or changes a byte of a notification. */
async function forge(stage: Stage, random: Random): Promise<string> {
  const { world, auditor } = stage;
  if (world.letters.length === 0) return "nothing";
  const letter = random.pick(world.letters);
  const { raw } = letter;
  const body = Uint8Array.from(raw.body);
  const place = random.below(body.length);
  body[place] = (body[place] ?? 0) ^ 1;
  const forged = random.chance(50) ? { ...raw, body } : { headers: {}, body: raw.body };
  const outcome = await auditor.answerOf("receiveNotification", () =>
    receiveNotification(world.process.payments, SIM_PROVIDER, forged),
  );
  auditor.expect(
    "forged",
    isRefusal(outcome) && outcome.refusal === "notification_signature_wrong",
    () => `it was answered ${JSON.stringify(outcome)}`,
  );
  return namesOf([letter]);
}

const namesOf = (letters: readonly Letter[]) => letters.map(({ name }) => name).join(" ");

export const networkActs: readonly Act[] = [
  { name: "notifications arrive", weight: 10, run: deliverSome },
  { name: "notifications arrive at once", weight: 4, run: deliverAtOnce },
  { name: "a notification is forged", weight: 1, run: forge },
];
