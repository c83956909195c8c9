import { isRefusal, type Id } from "@onegate/contract";
import { sql } from "kysely";
import { DEMO_MERCHANT } from "../../server/demo/index.ts";
import { applyCase } from "../../server/payments/index.ts";
import type { Random } from "../random.ts";
import { refundMoods } from "../refund-desk.ts";
import { anOrder, type KnownApplied, type KnownOrder, type Stage } from "../stage.ts";
import type { Act } from "./act.ts";
import { RATNA } from "./operator.ts";
import { ask, requestAndCrash, atDesk, markRaced, input } from "./refunds.ts";

type Case = { id: Id; reference: string; minor: bigint; orderId: string | null };

/** Open cases whose outcome depends on the seed alone, in the order of the provider's transactions. */
async function openCases({ world, orders, racedCases }: Stage): Promise<Case[]> {
  const { rows } = await sql<Case>`
    select c.case_id as id, c.reference, c.amount as minor, p.order_id as "orderId"
      from suspense_case c
      left join payment p on p.merchant_id = c.merchant_id and p.payment_id = c.payment_id
     where c.merchant_id = ${DEMO_MERCHANT} and c.state = 'open'`.execute(world.eye);
  const raced = new Set(orders.filter((order) => order.raced).map(({ orderId }) => orderId));
  const open = new Map(
    rows
      .filter(({ id, orderId }) => !raced.has(orderId ?? "") && !racedCases.has(id))
      .map((row) => [row.reference, row]),
  );
  return world.provider.transactions.flatMap(({ reference }) => open.get(reference) ?? []);
}

async function aCase(stage: Stage, random: Random): Promise<Case | undefined> {
  const place = random.below(1_000);
  const cases = await openCases(stage);
  return cases[place % Math.max(cases.length, 1)];
}

/** An order that the money may be for: that of its payment, one that is large enough, or any. */
async function anOrderFor(
  stage: Stage,
  random: Random,
  { orderId, minor }: Case,
): Promise<KnownOrder | undefined> {
  const how = random.below(3);
  const any = anOrder(stage, random);
  const known = stage.orders.filter((order) => !order.raced);
  if (how === 0) return known.find((order) => order.orderId === orderId) ?? any;
  return how === 1 ? (known.findLast((order) => order.minor >= minor) ?? any) : any;
}

function remember(stage: Stage, { id }: Case, { orderId }: KnownOrder): KnownApplied {
  const known: KnownApplied = { caseId: id, orderId, key: stage.world.newId(), heard: "nothing" };
  stage.applied.push(known);
  return known;
}

async function applyOnce({ auditor, world }: Stage, known: KnownApplied): Promise<string> {
  const { answer } = await applyCase(world.process.payments, RATNA, known.caseId, known.orderId, known.key);
  if (isRefusal(answer)) {
    if (answer.refusal === "idempotency_key_in_flight") return answer.refusal;
    auditor.expect(
      "acknowledged",
      known.heard !== "yes",
      () => `case ${known.caseId} was applied, now ${answer.refusal}`,
    );
    known.heard = "no";
    return answer.refusal;
  }
  known.heard = "yes";
  return answer.state;
}

/** What applying the money to an order should answer. */
async function expectedAnswer(
  { world }: Stage,
  { minor }: Case,
  { orderId, minor: whole }: KnownOrder,
): Promise<string> {
  const { rows } = await sql<{ there: boolean; cancelled: boolean; paid: bigint }>`
    select true as there, cancelled_at is not null as cancelled,
           coalesce((select sum(amount) from payment p
                      where p.merchant_id = o.merchant_id and p.order_id = o.order_id
                        and p.state = 'succeeded'), 0)::bigint as paid
      from payment_order o where merchant_id = ${DEMO_MERCHANT} and order_id = ${orderId}`.execute(world.eye);
  const [order] = rows;
  if (!order) return "order_unknown";
  if (order.cancelled) return "order_cancelled";
  return minor > whole - order.paid ? "case_does_not_fit" : "applied";
}

async function settle(stage: Stage, random: Random): Promise<string> {
  const { world, auditor } = stage;
  const [back, killed, again] = [random.chance(35), random.chance(15), random.chance(30)];
  const mood = random.chance(40) ? "answers" : random.pick(refundMoods);
  const one = await aCase(stage, random);
  if (!one) return "nothing";
  if (back) {
    const known = input(stage, { caseId: one.id }, null);
    if (killed) {
      stage.racedCases.add(one.id);
      await requestAndCrash(stage, random, known, one.orderId);
      auditor.equal("answer", "a case refunded", known.heard, "yes");
      return `${one.minor} refunded, killed`;
    }
    const answer = await atDesk(stage, mood, () => ask(stage, known));
    auditor.expect(
      "answer",
      ["refunding", "refunded", "open", "stalled"].includes(answer),
      () => `an open case refunded: ${answer}`,
    );
    if (again) await auditor.answerOf("a case refunded again", () => ask(stage, known));
    return `${one.minor} refunded, the desk ${mood}: ${answer}`;
  }
  const order = await anOrderFor(stage, random, one);
  if (!order) return "nothing";
  const expected = await expectedAnswer(stage, one, order);
  const known = remember(stage, one, order);
  if (killed) {
    const first = applyOnce(stage, known).catch(() => "lost");
    await world.moment(random.below(20));
    await (random.chance(50) ? world.crash() : world.killConnections());
    await first;
    await world.settle();
  }
  const answer = await auditor.answerOf("applyCase", () => applyOnce(stage, known));
  auditor.equal("answer", "money applied to an order", answer, expected);
  if (again)
    auditor.equal(
      "answer",
      "money applied to an order again",
      await auditor.answerOf("applyCase", () => applyOnce(stage, known)),
      expected,
    );
  return `${one.minor} for ${order.name}${killed ? ", killed" : ""}: ${answer}`;
}

/** Several settle one case at the same moment: for two orders, and back to the payer. */
async function settleConcurrently(stage: Stage, random: Random): Promise<string> {
  const { auditor } = stage;
  const one = await aCase(stage, random);
  if (!one) return "nothing";
  const orders = [await anOrderFor(stage, random, one), await anOrderFor(stage, random, one)].filter(
    (order) => order !== undefined,
  );
  stage.racedCases.add(one.id);
  for (const orderId of [one.orderId, ...orders.map((order) => order.orderId)]) markRaced(stage, orderId);
  const [applied, requests] = [
    orders.map((order) => remember(stage, one, order)),
    [input(stage, { caseId: one.id }, null), input(stage, { caseId: one.id }, null)].slice(
      0,
      random.between(1, 2),
    ),
  ];
  const verbs = random.shuffled([
    ...applied.map((known) => () => applyOnce(stage, known)),
    ...requests.map((known) => () => ask(stage, known)),
  ]);
  await Promise.all(verbs.map((verb) => auditor.answerOf("a case settled among others", verb)));
  return `${one.minor}: ${verbs.length} at once`;
}

export const caseActs: readonly Act[] = [
  { name: "a case is settled", weight: 6, run: settle },
  { name: "a case is settled concurrently", weight: 2, run: settleConcurrently },
];
