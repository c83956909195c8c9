import { IDR, isRefusal, money, type Id } from "@onegate/contract";
import { sql } from "kysely";
import { DEMO_MERCHANT } from "../../server/demo/index.ts";
import {
  continueRefund,
  decideRefund,
  REFUND,
  refundCase,
  refundPayment,
  sweepRefunds,
  type Refund,
} from "../../server/payments/index.ts";
import type { Random } from "../random.ts";
import { refundMoods, type RefundMood } from "../refund-desk.ts";
import type { KnownOrder, KnownRefund, KnownDecision, Stage } from "../stage.ts";
import type { Act } from "./act.ts";
import { RATNA } from "./operator.ts";
import { orStalled } from "./payments.ts";

type Paid = { id: Id; orderId: string; provider: string; minor: bigint; left: bigint };

/** Succeeded payments and their refundable rests, in the order in which they were written. */
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

/** A paid payment of an order whose outcome depends on the seed alone: mostly one of the latest. */
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

/** The requested amount: all that is left, a part in whole rupiah, odd sen, too much, or zero. */
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

/** Records a refund request before it is sent. */
export function input(stage: Stage, of: KnownRefund["of"], minor: bigint | null): KnownRefund {
  const known: KnownRefund = {
    name: `request ${stage.refunds.length + 1}`,
    of,
    minor,
    key: stage.world.newId(),
    heard: "nothing",
    refundId: null,
  };
  stage.refunds.push(known);
  return known;
}

/** Requests a refund, any number of times: the same key is the same refund. */
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
  const isRefused = REFUSED.has(answer);
  auditor.expect(
    "acknowledged",
    !isRefused || known.heard !== "yes" || answer === "idempotency_key_in_flight",
    () => `${known.name} was granted, now ${answer}`,
  );
  if (!isRefused) known.heard = "yes";
  else if (known.heard === "nothing" && answer !== "idempotency_key_in_flight") known.heard = "no";
  return answer;
}

/** Runs a verb against the provider's refund desk in a mood; when it stalls, the process dies. */
export async function atDesk(stage: Stage, mood: RefundMood, verb: () => Promise<string>): Promise<string> {
  const { desk } = stage.world.provider;
  desk.mood = mood;
  desk.meanwhile = async () => {
    desk.mood = "answers";
    for (const { id } of await refundsIn(stage, ["created"]))
      await continueRefund(stage.world.process.payments, DEMO_MERCHANT, id, 0);
  };
  const answer = await orStalled(stage, "a refund", desk, verb);
  desk.mood = "answers";
  desk.meanwhile = async () => undefined;
  return answer ?? "thrown";
}

async function refundSome(stage: Stage, random: Random): Promise<string> {
  const mood = random.chance(40) ? "answers" : random.pick(refundMoods);
  const [killed, again] = [random.chance(15), random.chance(50)];
  const found = await aPaidPayment(stage, random);
  if (!found) return "nothing";
  const { paid, order } = found;
  const known = input(stage, { paymentId: paid.id }, aSum(paid, random));
  const expected = expectedAnswer(paid, known.minor);
  const subject = `${order.name} ${known.minor ?? "the rest"} of ${paid.left} left`;
  if (killed) {
    await requestAndCrash(stage, random, known, order.orderId);
    if (expected) stage.auditor.equal("answer", "a refund requested again", known.heard, "no");
    return `${subject}, killed`;
  }
  const answer = await atDesk(stage, mood, () => ask(stage, known));
  const isAnswered = answer !== "stalled";
  if (isAnswered)
    stage.auditor.equal("answer", "a refund", REFUSED.has(answer) ? answer : undefined, expected);
  // a caller without an answer retries, or leaves it to the refund job
  if (again) await stage.auditor.answerOf("a refund again", () => ask(stage, known));
  return `${subject}, the desk ${mood}: ${answer}${again ? ", again" : ""}`;
}

/** Refunds the newest paid payment of an order in whole or in part. A refund by hand is decided at once. */
export async function giveBackAndDecide(stage: Stage, random: Random, order: KnownOrder): Promise<string> {
  const paid = (await paidPayments(stage)).findLast(({ orderId }) => orderId === order.orderId);
  if (!paid) return "nothing to give back";
  const known = input(stage, { paymentId: paid.id }, aSum(paid, random));
  const answer = await stage.auditor.answerOf("a refund", () => ask(stage, known));
  if (answer !== "manual" || known.refundId === null)
    return `${known.minor ?? "the rest"} back: ${answer ?? "thrown"}`;
  const decision = newDecision(stage, known.refundId, known.minor ?? paid.left, true);
  const decided = await stage.auditor.answerOf("decideRefund", () => decide(stage, decision));
  return `${known.minor ?? "the rest"} back by hand: ${decided ?? "thrown"}`;
}

/** The refusal that a refund request should get; undefined when it should be granted. */
function expectedAnswer({ provider, left }: Paid, minor: bigint | null): string | undefined {
  if (provider === "cash") return "payment_not_refundable";
  if ((minor ?? left) > left || left === 0n) return "refund_exceeds";
  return (minor ?? left) <= 0n ? "amount_not_positive" : undefined;
}

/** The process or its connections die in the middle of a refund; then it is requested again under its key. */
export async function requestAndCrash(
  stage: Stage,
  random: Random,
  known: KnownRefund,
  orderId: string | null,
): Promise<void> {
  const { world, auditor } = stage;
  markRaced(stage, orderId);
  const first = ask(stage, known).catch(() => "lost");
  await world.moment(random.below(25));
  await (random.chance(50) ? world.crash() : world.killConnections());
  await first;
  await world.settle();
  await auditor.answerOf("a refund after a crash", () => ask(stage, known));
}

/** From now on an order's outcome no longer depends on the seed alone. */
export function markRaced({ world, orders }: Stage, orderId: string | null): void {
  const order = orders.find((one) => one.orderId === orderId);
  if (!order) return;
  order.raced = true;
  world.races(order.orderId);
}

/**
 * Several callers request parts of one payment at once, some of them twice; those who refund by hand decide
 * at once too.
 */
async function refundConcurrently(stage: Stage, random: Random): Promise<string> {
  const { world, auditor } = stage;
  const found = await aPaidPayment(stage, random);
  if (!found || found.paid.provider === "cash") return "nothing";
  const { paid, order } = found;
  markRaced(stage, order.orderId);
  const killed = random.chance(25);
  const requests = Array.from({ length: random.between(2, 6) }, () =>
    input(stage, { paymentId: paid.id }, aSum(paid, random)),
  );
  const sent = random.shuffled([...requests, ...requests.filter(() => random.chance(30))]);
  const quietly = (name: string, verb: () => Promise<unknown>) =>
    killed ? verb().catch(() => undefined) : auditor.answerOf(name, verb);
  const all = sent.map((request) => quietly("a refund among others", () => ask(stage, request)));
  if (killed) {
    await world.moment(random.below(25));
    await (random.chance(50) ? world.crash() : world.killConnections());
  }
  await Promise.all(all);
  await world.settle();
  if (killed)
    for (const request of requests)
      await auditor.answerOf("a refund after a crash", () => ask(stage, request));
  await decideConcurrently(stage, random, paid.id);
  return `${order.name}: ${sent.length} requests of ${requests.length} keys${killed ? ", killed" : ""}`;
}

async function decideConcurrently(stage: Stage, random: Random, paymentId: Id): Promise<void> {
  const { rows } = await sql<{ id: Id; minor: bigint }>`
    select refund_id as id, amount as minor from refund
     where merchant_id = ${DEMO_MERCHANT} and payment_id = ${paymentId} and state = 'manual'
     order by refund_id`.execute(stage.world.eye);
  const decisions = rows.flatMap(({ id, minor }) => [
    newDecision(stage, id, minor, random.chance(70)),
    ...(random.chance(40) ? [newDecision(stage, id, minor, random.chance(50))] : []),
  ]);
  await Promise.all(
    decisions.map((decision) => stage.auditor.answerOf("decideRefund", () => decide(stage, decision))),
  );
}

function newDecision(stage: Stage, refundId: Id, minor: bigint, done: boolean): KnownDecision {
  const known: KnownDecision = { refundId, minor, done, key: stage.world.newId(), heard: "nothing" };
  stage.words.push(known);
  return known;
}

async function decide({ auditor, world }: Stage, decision: KnownDecision): Promise<string> {
  const { answer } = await decideRefund(
    world.process.payments,
    RATNA,
    decision.refundId,
    decision.done
      ? { done: true, reference: `HAND-${decision.key.slice(-8)}` }
      : { done: false, note: "the account is closed" },
    decision.key,
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
    refusal === undefined || decision.heard !== "yes",
    () => `the decision on ${decision.refundId} was accepted, now ${refusal}`,
  );
  decision.heard = refusal === undefined ? "yes" : "no";
  return refusal ?? (answer as Refund).state;
}

/** A person decides that a refund by hand is done, or can't be; sometimes the process dies meanwhile. */
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
  const decision = newDecision(stage, refund.id, refund.minor, done);
  if (killed) {
    const first = decide(stage, decision).catch(() => "lost");
    await world.moment(random.below(15));
    await (random.chance(50) ? world.crash() : world.killConnections());
    await first;
    await world.settle();
  }
  const answer = await auditor.answerOf("decideRefund", () => decide(stage, decision));
  auditor.equal("answer", "a person's decision", answer, done ? "succeeded" : "failed");
  if (again)
    auditor.equal(
      "answer",
      "a person's decision again",
      await auditor.answerOf("decideRefund", () => decide(stage, decision)),
      done ? "succeeded" : "failed",
    );
  return `${refund.minor} ${done ? "done" : "not done"}${killed ? ", killed" : ""}`;
}

export type RefundSeen = {
  readonly id: Id;
  readonly minor: bigint;
  /** Whether its outcome depends on the seed alone. */
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

/**
 * Runs the jobs that are due, like a worker that may die: then the job is gone, and only the sweep finds the
 * refund again.
 */
async function continueRefunds(stage: Stage, random: Random): Promise<string> {
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
  const happened = [unknown && "knows nothing yet", swept && "swept before", twice && "twice at once"];
  return [`the desk ${mood}`, ...happened.filter((part) => part !== false)].join(", ");
}

/** Continues refunds whose job is due; returns how many there were. */
export async function workDueRefunds(
  stage: Stage,
  mood: RefundMood = "answers",
  tries = 0,
  times = 1,
): Promise<number> {
  const { rows } = await sql<{ key: string }>`
    select key from graphile_worker.jobs
     where task_identifier = ${REFUND} and run_at <= (select at from sim.clock)
     order by key`.execute(stage.world.eye);
  const due = new Set(rows.map(({ key }) => key));
  const refunds = (
    await refundsIn(stage, ["created", "pending", "unknown", "manual", "succeeded", "failed"])
  ).filter(({ id }) => due.has(`refund:${id}`));
  for (const { id, foretold } of refunds) {
    await sql`select graphile_worker.remove_job(${`refund:${id}`})`.execute(stage.world.eye);
    const carry = () => continueRefund(stage.world.process.payments, DEMO_MERCHANT, id, tries);
    await atDesk(stage, foretold ? mood : "answers", async () => {
      await Promise.all(Array.from({ length: times }, carry));
      return "carried on";
    });
  }
  return refunds.length;
}

/** Callers without an answer retry at the end. */
export async function retryUnanswered(stage: Stage): Promise<void> {
  for (const known of stage.refunds)
    if (known.heard === "nothing")
      await stage.auditor.answerOf("a refund requested at the end", () => ask(stage, known));
}

export const refundActs: readonly Act[] = [
  { name: "a payment is refunded", weight: 8, run: refundSome },
  { name: "a payment is refunded concurrently", weight: 3, run: refundConcurrently },
  { name: "a person decides on a refund", weight: 4, run: decideOne },
  { name: "refunds are continued", weight: 3, run: continueRefunds },
];
