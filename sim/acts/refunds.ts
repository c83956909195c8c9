import { IDR, isRefusal, money, type Id } from "@onegate/contract";
import { sql } from "kysely";
import { DEMO_MERCHANT } from "../../server/demo/index.ts";
import {
  carryRefundOn,
  decideRefund,
  REFUND,
  refundCase,
  refundPayment,
  sweepRefunds,
  type Refund,
} from "../../server/payments/index.ts";
import type { Random } from "../random.ts";
import { refundMoods, type RefundMood } from "../refund-desk.ts";
import type { KnownOrder, KnownRefund, KnownWord, Stage } from "../stage.ts";
import type { Act } from "./act.ts";
import { RATNA } from "./operator.ts";
import { orStalled } from "./payments.ts";

type Paid = { id: Id; orderId: string; provider: string; minor: bigint; left: bigint };

/** Succeeded payments and what is left of them, in the order in which they were written. */
async function paidPayments({ world }: Stage): Promise<Paid[]> {
  const { rows } = await sql<Omit<Paid, "left">>`
    select payment_id as id, order_id as "orderId", provider, amount as minor
      from payment where merchant_id = ${DEMO_MERCHANT} and state = 'succeeded' order by payment_id`.execute(
    world.eye,
  );
  const { rows: refunds } = await sql<{ payment: Id; minor: bigint }>`
    select payment_id as payment, amount as minor from refund
     where merchant_id = ${DEMO_MERCHANT} and state <> 'failed' and payment_id is not null`.execute(
    world.eye,
  );
  const back = new Map<Id, bigint>();
  for (const { payment, minor } of refunds) back.set(payment, (back.get(payment) ?? 0n) + minor);
  return rows.map((row) => ({ ...row, left: row.minor - (back.get(row.id) ?? 0n) }));
}

/** A paid payment of an order of which it is foretold what becomes of it: mostly one of the last. */
async function aPaidPayment(
  stage: Stage,
  random: Random,
): Promise<{ paid: Paid; order: KnownOrder } | undefined> {
  const back = random.below(8);
  const orders = new Map(stage.orders.filter(({ raced }) => !raced).map((order) => [order.orderId, order]));
  const known = (await paidPayments(stage)).filter(
    ({ orderId, provider }) => orders.has(orderId) && (provider !== "cash" || back === 0),
  );
  const paid = known[Math.max(known.length - 1 - back, 0)];
  const order = paid && orders.get(paid.orderId);
  return paid && order && { paid, order };
}

/** What is asked for: all that is left, a part of the whole in whole rupiah, odd sen, too much, or nothing at all. */
function aSum({ minor }: Paid, random: Random): bigint | null {
  const percent = BigInt(random.between(1, 70));
  return random.pick([
    null,
    null,
    ((minor * percent) / 100_00n) * 100n,
    ((minor * percent) / 100_00n) * 100n,
    (minor * percent) / 100n,
    minor,
    minor + 100n,
    0n,
  ]);
}

/** Remembers a input before it is asked for. */
export function input(stage: Stage, of: KnownRefund["of"], minor: bigint | null): KnownRefund {
  const known: KnownRefund = {
    name: `input ${stage.refunds.length + 1}`,
    of,
    minor,
    key: stage.world.newId(),
    heard: "nothing",
    refundId: null,
  };
  stage.refunds.push(known);
  return known;
}

/** Asks for a refund, as often as one likes: the same key is the same refund. */
export async function ask(stage: Stage, known: KnownRefund): Promise<string> {
  const { auditor, world } = stage;
  if ("caseId" in known.of) {
    const { answer } = await refundCase(
      world.process.payments,
      RATNA,
      known.of.caseId,
      known.name,
      known.key,
    );
    return listen(stage, known, isRefusal(answer) ? answer.refusal : answer.state);
  }
  const { answer } = await refundPayment(
    world.process.payments,
    RATNA,
    {
      paymentId: known.of.paymentId,
      ...(known.minor === null ? {} : { amount: money(known.minor, IDR) }),
      reason: known.name,
    },
    known.key,
  );
  if (isRefusal(answer)) return listen(stage, known, answer.refusal);
  auditor.expect(
    "acknowledged",
    known.refundId === null || known.refundId === answer.refundId,
    () => `${known.name} was ${known.refundId}, now ${answer.refundId}`,
  );
  known.refundId = answer.refundId;
  return listen(stage, known, answer.state);
}

const REFUSED = new Set([
  "payment_not_refundable",
  "refund_exceeds",
  "amount_not_positive",
  "case_settled",
  "idempotency_key_in_flight",
]);

function listen({ auditor }: Stage, known: KnownRefund, answer: string): string {
  const no = REFUSED.has(answer);
  auditor.expect(
    "acknowledged",
    !no || known.heard !== "yes" || answer === "idempotency_key_in_flight",
    () => `${known.name} was granted, now ${answer}`,
  );
  if (!no) known.heard = "yes";
  else if (known.heard === "nothing" && answer !== "idempotency_key_in_flight") known.heard = "no";
  return answer;
}

/** Lets a verb reach the provider's desk in a mood; a stall is the end of the process. */
export async function atDesk(stage: Stage, mood: RefundMood, verb: () => Promise<string>): Promise<string> {
  const { desk } = stage.world.provider;
  desk.mood = mood;
  desk.meanwhile = async () => {
    desk.mood = "answers";
    for (const { id } of await refundsIn(stage, ["created"]))
      await carryRefundOn(stage.world.process.payments, DEMO_MERCHANT, id, 0);
  };
  const answer = await orStalled(stage, "a refund", desk, verb);
  desk.mood = "answers";
  desk.meanwhile = async () => undefined;
  return answer ?? "thrown";
}

async function giveBack(stage: Stage, random: Random): Promise<string> {
  const mood = random.chance(40) ? "answers" : random.pick(refundMoods);
  const [killed, again] = [random.chance(15), random.chance(50)];
  const found = await aPaidPayment(stage, random);
  if (!found) return "nothing";
  const { paid, order } = found;
  const known = input(stage, { paymentId: paid.id }, aSum(paid, random));
  const expected = wordOn(paid, known.minor);
  const asked = `${order.name} ${known.minor ?? "the rest"} of ${paid.left} left`;
  if (killed) {
    await askAndDie(stage, random, known, order.orderId);
    if (expected) stage.auditor.equal("answer", "a refund asked for again", known.heard, "no");
    return `${asked}, killed`;
  }
  const answer = await atDesk(stage, mood, () => ask(stage, known));
  const told = answer !== "stalled";
  if (told) stage.auditor.equal("answer", "a refund", REFUSED.has(answer) ? answer : undefined, expected);
  // who never heard asks again, or leaves it to whoever carries refunds on
  if (again) await stage.auditor.answerOf("a refund again", () => ask(stage, known));
  return `${asked}, the desk ${mood}: ${answer}${again ? ", again" : ""}`;
}

/** The newest paid payment of an order goes back in whole or in part, and where a person does it, that is done at once. */
export async function giveBackAndDecide(stage: Stage, random: Random, order: KnownOrder): Promise<string> {
  const paid = (await paidPayments(stage)).findLast(({ orderId }) => orderId === order.orderId);
  if (!paid) return "nothing to give back";
  const known = input(stage, { paymentId: paid.id }, aSum(paid, random));
  const answer = await stage.auditor.answerOf("a refund", () => ask(stage, known));
  if (answer !== "manual" || known.refundId === null)
    return `${known.minor ?? "the rest"} back: ${answer ?? "thrown"}`;
  const said = word(stage, known.refundId, known.minor ?? paid.left, true);
  return `${known.minor ?? "the rest"} back by hand: ${(await stage.auditor.answerOf("decideRefund", () => decide(stage, said))) ?? "thrown"}`;
}

/** What the books say to a input: nothing when it is granted. */
function wordOn({ provider, left }: Paid, minor: bigint | null): string | undefined {
  if (provider === "cash") return "payment_not_refundable";
  if ((minor ?? left) > left || left === 0n) return "refund_exceeds";
  return (minor ?? left) <= 0n ? "amount_not_positive" : undefined;
}

/** The process dies, or its connections, in the middle of a refund; then it is asked for again under its key. */
export async function askAndDie(
  stage: Stage,
  random: Random,
  known: KnownRefund,
  orderId: string | null,
): Promise<void> {
  const { world, auditor } = stage;
  noLongerForetold(stage, orderId);
  const first = ask(stage, known).catch(() => "lost");
  await world.moment(random.below(25));
  await (random.chance(50) ? world.crash() : world.killConnections());
  await first;
  await world.settle();
  await auditor.answerOf("a refund after a crash", () => ask(stage, known));
}

/** What becomes of an order from now on is not the seed's to say. */
export function noLongerForetold({ world, orders }: Stage, orderId: string | null): void {
  const order = orders.find((one) => one.orderId === orderId);
  if (!order) return;
  order.raced = true;
  world.races(order.orderId);
}

/** Several at the same moment want parts of one payment, some of them twice, and the persons who give back decide at the same moment too. */
async function giveBackAtOnce(stage: Stage, random: Random): Promise<string> {
  const { world, auditor } = stage;
  const found = await aPaidPayment(stage, random);
  if (!found || found.paid.provider === "cash") return "nothing";
  const { paid, order } = found;
  noLongerForetold(stage, order.orderId);
  const killed = random.chance(25);
  const wishes = Array.from({ length: random.between(2, 6) }, () =>
    input(stage, { paymentId: paid.id }, aSum(paid, random)),
  );
  const asked = random.shuffled([...wishes, ...wishes.filter(() => random.chance(30))]);
  const quietly = (name: string, verb: () => Promise<unknown>) =>
    killed ? verb().catch(() => undefined) : auditor.answerOf(name, verb);
  const all = asked.map((one) => quietly("a refund among others", () => ask(stage, one)));
  if (killed) {
    await world.moment(random.below(25));
    await (random.chance(50) ? world.crash() : world.killConnections());
  }
  await Promise.all(all);
  await world.settle();
  if (killed)
    for (const one of wishes) await auditor.answerOf("a refund after a crash", () => ask(stage, one));
  await decideAtOnce(stage, random, paid.id);
  return `${order.name}: ${asked.length} wishes of ${wishes.length} keys${killed ? ", killed" : ""}`;
}

async function decideAtOnce(stage: Stage, random: Random, paymentId: Id): Promise<void> {
  const { rows } = await sql<{ id: Id; minor: bigint }>`
    select refund_id as id, amount as minor from refund where merchant_id = ${DEMO_MERCHANT} and payment_id = ${paymentId} and state = 'manual' order by refund_id`.execute(
    stage.world.eye,
  );
  const said = rows.flatMap(({ id, minor }) => [
    word(stage, id, minor, random.chance(70)),
    ...(random.chance(40) ? [word(stage, id, minor, random.chance(50))] : []),
  ]);
  await Promise.all(said.map((one) => stage.auditor.answerOf("decideRefund", () => decide(stage, one))));
}

function word(stage: Stage, refundId: Id, minor: bigint, done: boolean): KnownWord {
  const known: KnownWord = { refundId, minor, done, key: stage.world.newId(), heard: "nothing" };
  stage.words.push(known);
  return known;
}

async function decide({ auditor, world }: Stage, said: KnownWord): Promise<string> {
  const { answer } = await decideRefund(
    world.process.payments,
    RATNA,
    said.refundId,
    said.done
      ? { done: true, reference: `HAND-${said.key.slice(-8)}` }
      : { done: false, note: "the account is closed" },
    said.key,
  );
  const refusal = isRefusal(answer) ? answer.refusal : undefined;
  if (refusal === "idempotency_key_in_flight") return refusal;
  auditor.expect(
    "answer",
    refusal === undefined || refusal === "refund_not_manual",
    () => `decideRefund: ${refusal}`,
  );
  auditor.expect(
    "acknowledged",
    refusal === undefined || said.heard !== "yes",
    () => `a word on ${said.refundId} was taken, now ${refusal}`,
  );
  said.heard = refusal === undefined ? "yes" : "no";
  return refusal ?? (answer as Refund).state;
}

/** A person says of a refund made by hand that it is done, or can't be; perhaps the process dies over it. */
async function decideOne(stage: Stage, random: Random): Promise<string> {
  const { world, auditor } = stage;
  const [back, done, killed, again] = [
    random.below(4),
    random.chance(70),
    random.chance(20),
    random.chance(30),
  ];
  const manual = (await refundsIn(stage, ["manual"])).filter(({ foretold }) => foretold);
  const refund = manual[Math.max(manual.length - 1 - back, 0)];
  if (!refund) return "nothing";
  const said = word(stage, refund.id, refund.minor, done);
  if (killed) {
    const first = decide(stage, said).catch(() => "lost");
    await world.moment(random.below(15));
    await (random.chance(50) ? world.crash() : world.killConnections());
    await first;
    await world.settle();
  }
  const answer = await auditor.answerOf("decideRefund", () => decide(stage, said));
  auditor.equal("answer", "a person's word", answer, done ? "succeeded" : "failed");
  if (again)
    auditor.equal(
      "answer",
      "a person's word again",
      await auditor.answerOf("decideRefund", () => decide(stage, said)),
      done ? "succeeded" : "failed",
    );
  return `${refund.minor} ${done ? "done" : "not done"}${killed ? ", killed" : ""}`;
}

export type RefundSeen = {
  readonly id: Id;
  readonly minor: bigint /** What becomes of it is the seed's to say. */;
  readonly foretold: boolean;
};

/** Refunds in these states, oldest first. */
export async function refundsIn(stage: Stage, states: readonly string[]): Promise<RefundSeen[]> {
  const { rows } = await sql<{ id: Id; minor: bigint; order: string | null; case: Id | null }>`
    select r.refund_id as id, r.amount as minor, coalesce(p.order_id, r.order_id) as order, r.case_id as case
      from refund r left join payment p on p.merchant_id = r.merchant_id and p.payment_id = r.payment_id
     where r.merchant_id = ${DEMO_MERCHANT} and r.state = any (${[...states]}) order by r.refund_id`.execute(
    stage.world.eye,
  );
  const raced = new Set(stage.orders.filter((order) => order.raced).map(({ orderId }) => orderId));
  return rows.map((row) => ({
    id: row.id,
    minor: row.minor,
    foretold: !raced.has(row.order ?? "") && !stage.racedCases.has(row.case ?? ""),
  }));
}

/** Works the jobs that are due, as a worker does that may die: then the job is gone, and only the sweep finds the refund again. */
async function carryOn(stage: Stage, random: Random): Promise<string> {
  const mood = random.chance(40) ? "answers" : random.pick(refundMoods);
  const [swept, unknown, twice, tries] = [
    random.chance(50),
    random.chance(25),
    random.chance(30),
    random.below(6),
  ];
  const { desk } = stage.world.provider;
  desk.inquireMood = unknown ? "unknown" : "answers";
  if (swept) await stage.auditor.answerOf("sweepRefunds", () => sweepRefunds(stage.world.process.payments));
  await workDueRefunds(stage, mood, tries, twice ? 2 : 1);
  desk.inquireMood = "answers";
  return `the desk ${mood}${unknown ? ", knows nothing yet" : ""}${swept ? ", swept before" : ""}${twice ? ", twice at once" : ""}`;
}

/** Carries refunds on whose job is due; answers how many there were. */
export async function workDueRefunds(
  stage: Stage,
  mood: RefundMood = "answers",
  tries = 0,
  times = 1,
): Promise<number> {
  const { rows } = await sql<{ key: string }>`
    select key from graphile_worker.jobs where task_identifier = ${REFUND} and run_at <= (select at from sim.clock) order by key`.execute(
    stage.world.eye,
  );
  const due = new Set(rows.map(({ key }) => key));
  const refunds = (
    await refundsIn(stage, ["created", "pending", "unknown", "manual", "succeeded", "failed"])
  ).filter(({ id }) => due.has(`refund:${id}`));
  for (const { id, foretold } of refunds) {
    await sql`select graphile_worker.remove_job(${`refund:${id}`})`.execute(stage.world.eye);
    const carry = () => carryRefundOn(stage.world.process.payments, DEMO_MERCHANT, id, tries);
    await atDesk(stage, foretold ? mood : "answers", async () => {
      await Promise.all(Array.from({ length: times }, carry));
      return "carried on";
    });
  }
  return refunds.length;
}

/** Whoever never heard asks again at last. */
export async function inquireOfAllAgain(stage: Stage): Promise<void> {
  for (const known of stage.refunds)
    if (known.heard === "nothing")
      await stage.auditor.answerOf("a refund asked for at last", () => ask(stage, known));
}

export const refundActs: readonly Act[] = [
  { name: "a payment is given back", weight: 8, run: giveBack },
  { name: "a payment is given back at once", weight: 3, run: giveBackAtOnce },
  { name: "a person decides on a refund", weight: 4, run: decideOne },
  { name: "refunds are carried on", weight: 3, run: carryOn },
];
