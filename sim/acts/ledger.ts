import { IDR, isRefusal, money, type Id } from "@onegate/contract";
import { inTransaction } from "../../server/kernel/index.ts";
import type { Ledger, Result } from "../../server/ledger/index.ts";
import type { Move, Word } from "../book.ts";
import type { Random } from "../random.ts";
import type { Stage } from "../stage.ts";
import type { Act } from "./act.ts";

type Asked = Parameters<Ledger["post"]>[1];

export function toTransfer({ id, debit, credit, minor }: Move): Asked {
  return { id, kind: "payment", debit, credit, amount: money(minor, IDR) };
}

export function word(result: Result): Word {
  return isRefusal(result) ? result.refusal : result.posted;
}

/**
 * A transfer: mostly valid, sometimes beyond the funds, invalid, under an id that is taken, or to an unknown
 * account.
 */
function aMove({ world, book, accounts, mint }: Stage, random: Random): Move {
  const account = () => (random.chance(8) ? mint : random.pick(accounts));
  const odd = random.below(100);
  const known = [...book.transfers.values()];
  if (odd < 12 && known.length > 0) {
    const again = known[known.length - 1 - random.below(Math.min(known.length, 20))]!;
    return odd < 6
      ? { id: again.id, debit: again.debit, credit: again.credit, minor: again.minor }
      : { ...again, minor: again.minor + 1n };
  }
  return {
    id: world.newId(),
    debit: account(),
    credit: odd < 15 ? world.newId() : account(),
    minor:
      odd < 18
        ? BigInt(-random.below(2))
        : odd < 26
          ? BigInt(random.between(30_000_00, 90_000_00))
          : BigInt(random.between(1, 9_000_00)),
  };
}

async function post(stage: Stage, random: Random): Promise<string> {
  const move = aMove(stage, random);
  return agree(stage, "post", stage.book.post(move), () =>
    stage.world.process.ledger.post(stage.merchant, toTransfer(move)).then(word),
  );
}

async function postMany(stage: Stage, random: Random): Promise<string> {
  const moves = Array.from({ length: random.between(2, 12) }, () => aMove(stage, random));
  const expected = moves.map((move) => stage.book.post(move)).join(" ");
  return agree(stage, "postMany", expected, async () =>
    (await stage.world.process.ledger.postMany(stage.merchant, moves.map(toTransfer))).map(word).join(" "),
  );
}

async function postLinked(stage: Stage, random: Random): Promise<string> {
  const moves = [
    ...new Map(
      Array.from({ length: random.between(2, 5) }, () => aMove(stage, random)).map((move) => [move.id, move]),
    ).values(),
  ];
  const expected = stage.book.postLinked(moves);
  return agree(stage, "postLinked", expected, async () => {
    const done = await stage.world.process.ledger.postLinked(stage.merchant, moves.map(toTransfer));
    return isRefusal(done) ? done.refusal : "now";
  });
}

/** A transaction that posts and is then rolled back: nothing may remain. */
async function postAndRollBack(stage: Stage, random: Random): Promise<string> {
  const { process } = stage.world;
  const moves = [aMove(stage, random)];
  await inTransaction(process.database, async (tx) => {
    await process.ledger.postIn(tx, stage.merchant, moves.map(toTransfer));
    throw new Error("given up");
  }).catch(() => undefined);
  return "rolled back";
}

async function reserve(stage: Stage, random: Random): Promise<string> {
  const known = [...stage.book.holds.values()];
  const again = known.length > 0 && random.chance(15) ? random.pick(known) : undefined;
  const hold = again ?? { ...aMove(stage, random), id: stage.world.newId(), overdue: random.chance(20) };
  const expiresAt = hold.overdue
    ? new Date(Date.UTC(2020, 0, 1))
    : random.chance(50)
      ? new Date(Date.UTC(2120, 0, 1))
      : undefined;
  return agree(stage, "reserve", stage.book.reserve(hold), async () =>
    word(
      await stage.world.process.ledger.reserve(stage.merchant, {
        id: hold.id,
        debit: hold.debit,
        credit: hold.credit,
        amount: money(hold.minor, IDR),
        ...(expiresAt ? { expiresAt } : {}),
      }),
    ),
  );
}

function aHold({ book, world }: Stage, random: Random): Id {
  const holds = [...book.holds.keys()];
  return holds.length === 0 || random.chance(4)
    ? world.newId()
    : holds[holds.length - 1 - random.below(Math.min(holds.length, 8))]!;
}

async function settle(stage: Stage, random: Random): Promise<string> {
  const hold = aHold(stage, random);
  const held = stage.book.holds.get(hold);
  const settled = [...stage.book.transfers.values()].filter((transfer) => transfer.hold === hold);
  const again = settled.length > 0 && random.chance(20) ? random.pick(settled) : undefined;
  const max = Number(held?.minor ?? 1_000n);
  const move = {
    id: again?.id ?? stage.world.newId(),
    hold,
    minor: again?.minor ?? BigInt(random.between(0, Math.ceil(max * 1.1))),
    rest: random.pick(["keep", "release"] as const),
  };
  return agree(stage, `settle, ${move.rest} the rest`, stage.book.settle(move), async () =>
    word(
      await stage.world.process.ledger.settle(stage.merchant, {
        id: move.id,
        hold,
        kind: "capture",
        amount: money(move.minor, IDR),
        rest: move.rest,
      }),
    ),
  );
}

async function release(stage: Stage, random: Random): Promise<string> {
  const hold = aHold(stage, random);
  return agree(stage, "release", stage.book.release(hold), async () =>
    word(await stage.world.process.ledger.release(stage.merchant, hold)),
  );
}

async function expireHolds(stage: Stage): Promise<string> {
  return agree(stage, "expireHolds", String(stage.book.expire()), async () =>
    String(await stage.world.process.ledger.expireHolds()),
  );
}

/**
 * The answer is lost because the connections or the whole process die somewhere on the way. The client
 * retries.
 */
async function postAndLoseTheAnswer(stage: Stage, random: Random): Promise<string> {
  const { world, auditor } = stage;
  // A transfer refused for lack of funds may pass when it is retried, because money came in. That is not
  // predictable.
  const requested = Array.from({ length: random.between(1, 8) }, () => aMove(stage, random)).map((move) => ({
    move,
    expected: stage.book.post(move),
  }));
  const predictable = requested.filter(({ expected }) => expected !== "insufficient_funds");
  const [moves, expected] = [
    predictable.map(({ move }) => move),
    predictable.map(({ expected }) => expected),
  ];
  const crash = random.chance(50);
  const { ledger } = world.process;
  const first = Promise.all(
    moves.map((move) => ledger.post(stage.merchant, toTransfer(move)).then(word, () => "lost")),
  );
  await world.moment(random.below(6));
  await (crash ? world.crash() : world.killConnections());
  const answers = await first;
  await world.settle();
  for (const [index, move] of moves.entries()) {
    const found = await auditor.answerOf("post again", () =>
      world.process.ledger.post(stage.merchant, toTransfer(move)).then(word),
    );
    const [before, wanted] = [answers[index], expected[index]];
    // after an acknowledgement the second answer is "before"; after a lost answer, either
    const right =
      wanted === "now" ? found === "before" || (found === "now" && before === "lost") : found === wanted;
    auditor.expect(
      "answer",
      right,
      () =>
        `post again after ${crash ? "a crash" : "lost connections"}: ` +
        `${found}, first ${before}, the books say ${wanted}`,
    );
  }
  return `${crash ? "crash" : "kill"}: ${expected.join(" ")}`;
}

async function agree(
  stage: Stage,
  verb: string,
  expected: string,
  run: () => Promise<string>,
): Promise<string> {
  const found = await stage.auditor.answerOf(verb, run);
  if (found !== undefined) stage.auditor.equal("answer", verb, found, expected);
  return found ?? "thrown";
}

export const ledgerActs: readonly Act[] = [
  { name: "post", weight: 10, run: post },
  { name: "post many", weight: 4, run: postMany },
  { name: "post linked", weight: 5, run: postLinked },
  { name: "post and roll back", weight: 1, run: postAndRollBack },
  { name: "reserve", weight: 5, run: reserve },
  { name: "settle", weight: 5, run: settle },
  { name: "release", weight: 2, run: release },
  { name: "expire holds", weight: 1, run: expireHolds },
  { name: "post and lose the answer", weight: 2, run: postAndLoseTheAnswer },
];
