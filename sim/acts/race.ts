import { isRefusal, type Money } from "@onegate/contract";
import { DEMO_MERCHANT, DEMO_OUTLET } from "../../server/demo/index.ts";
import { inTransaction, messageOf } from "../../server/kernel/index.ts";
import { cancelOrder, openPayment } from "../../server/payments/index.ts";
import { cancelSale } from "../../server/sales/index.ts";
import type { Random } from "../random.ts";
import type { KnownOrder, Stage } from "../stage.ts";
import type { Act } from "./act.ts";
import { RATNA } from "./operator.ts";
import { deliver } from "./network.ts";
import { aPart, inquireOpen, placeOne } from "./payments.ts";
import { heard, ringUp, sell } from "./sales.ts";

type Verb = readonly [name: string, run: () => Promise<unknown>];

/**
 * Concurrent operations on one order: it is paid, inquired about, opened again and cancelled, and sometimes
 * connections die.
 */
async function raceForOrder(stage: Stage, random: Random): Promise<string> {
  const order = await placeOne(stage, random, true);
  const { database } = stage.world.process;
  const cancel: Verb = [
    "cancelOrder",
    () => inTransaction(database, (tx) => cancelOrder(tx, DEMO_MERCHANT, order.orderId)),
  ];
  return race(stage, random, order, [cancel]);
}

async function raceForSale(stage: Stage, random: Random): Promise<string> {
  const { world } = stage;
  const order = ringUp(stage, random, "QRIS", true);
  const { sales } = world.process;
  const key = world.newId();
  return race(stage, random, order, [
    ["createSale", async () => heard(stage, order, await sell(stage, order.sale))],
    [
      "cancelSale",
      async () =>
        heard(
          stage,
          order,
          (
            await cancelSale(
              sales,
              { merchantId: DEMO_MERCHANT, outletId: DEMO_OUTLET, who: RATNA },
              order.orderId,
              key,
            )
          ).answer,
        ),
    ],
  ]);
}

async function race(stage: Stage, random: Random, order: KnownOrder, own: readonly Verb[]): Promise<string> {
  const { world } = stage;
  const { provider, process } = world;
  const open = (channel: string, part?: Money): Verb => [
    "openPayment",
    () => openPayment(process.payments, DEMO_MERCHANT, order.orderId, channel, part),
  ];
  const [copies, paysFirst, paysAfter, killed, turns] = [
    random.below(4),
    random.chance(60),
    random.chance(40),
    random.chance(25),
    random.below(12),
  ];
  const verbs = random.shuffled([
    ...own.filter(() => random.chance(60)),
    ...[open("QRIS"), open("QRIS"), open("BRIVA"), open("MANDIRIVA", aPart(order.minor, random))].filter(() =>
      random.chance(50),
    ),
    ...[["inquirePayment", () => inquireOpen(stage, order.orderId, 1, killed)] as const].filter(() =>
      random.chance(50),
    ),
  ]);
  world.races(order.orderId);
  provider.orderId = order.orderId;
  if (order.sale)
    await attempt(
      stage,
      ["createSale", async () => heard(stage, order, await sell(stage, order.sale!))],
      false,
    );
  else await attempt(stage, open("QRIS"), false);
  const [first] = provider.of(order.orderId);
  if (first && paysFirst) provider.pay(first, first.asked);
  const letters = world.racedLetters.filter(({ transaction }) => transaction === first);
  const deliveries = letters.flatMap((letter) =>
    Array.from({ length: copies }, (): Verb => ["receiveNotification", () => deliver(stage, letter, killed)]),
  );
  const all = [...verbs, ...deliveries].map((verb) => attempt(stage, verb, killed));
  if (killed) {
    await world.moment(turns);
    await world.killConnections();
  }
  await Promise.all(all);
  await world.settle();
  for (const transaction of provider.of(order.orderId))
    if (paysAfter && transaction.status === "pending") provider.pay(transaction, transaction.asked);
  provider.orderId = null;
  const parts = [...verbs.map(([name]) => name), ...(paysFirst ? [`${copies} copies`] : [])];
  return `${order.name}: ${parts.join(", ")}${killed ? ", killed" : ""}`;
}

/** The same cash sale sent several times at once is one sale with one receipt. */
async function sendCashSaleAtOnce(stage: Stage, random: Random): Promise<string> {
  const order = ringUp(stage, random, "CASH", true);
  const times = random.between(2, 5);
  stage.world.races(order.orderId);
  const answers = await Promise.all(
    Array.from({ length: times }, () =>
      stage.auditor.answerOf("createSale", async () => heard(stage, order, await sell(stage, order.sale))),
    ),
  );
  for (const answer of answers) stage.auditor.equal("answer", "a cash sale sent at once", answer, "paid");
  return `${order.name}, ${times} times`;
}

async function attempt({ auditor }: Stage, [name, run]: Verb, disturbed: boolean): Promise<void> {
  try {
    const answer = await run();
    if (isRefusal(answer) && answer.refusal === "internal") auditor.report("answer", `${name}: internal`);
  } catch (error) {
    if (!disturbed) auditor.report("throws", `${name} among others: ${messageOf(error)}`);
  }
}

export const raceActs: readonly Act[] = [
  { name: "a race for an order", weight: 3, run: raceForOrder },
  { name: "a race for a sale", weight: 2, run: raceForSale },
  { name: "the same cash sale at once", weight: 1, run: sendCashSaleAtOnce },
];
