import { IDR, isRefusal, money, type Money, type NewOrderBody } from "@onegate/contract";
import { sql } from "kysely";
import { DEMO_MERCHANT } from "../../server/demo/index.ts";
import { inTransaction } from "../../server/kernel/index.ts";
import { cancelOrder, inquirePayment, openPayment, placeOrder } from "../../server/payments/index.ts";
import { SIM_CHANNELS } from "../channels.ts";
import { inquireMoods, openMoods, type OpenMood } from "../provider.ts";
import type { Random } from "../random.ts";
import { anOrder, type KnownOrder, type Stage } from "../stage.ts";
import type { Act } from "./act.ts";
import { deliver } from "./network.ts";

async function place(stage: Stage, random: Random): Promise<string> {
  const { name, minor } = await placeOne(stage, random, false);
  return `${name} ${minor}`;
}

/** Places an order of some goods. */
export async function placeOne(stage: Stage, random: Random, raced: boolean): Promise<KnownOrder> {
  const { world, auditor, orders } = stage;
  const quantity = random.between(1, 4);
  const price = random.chance(5) ? random.between(1, 200) : random.between(1_000, 150_000);
  const orderId = `ORDER-${orders.length + 1}`;
  const body: NewOrderBody = {
    order_id: orderId,
    amount: price * quantity,
    customer_name: "Pelanggan Contoh",
    order_items: [{ name: "Barang", price, quantity }],
  };
  const minor = BigInt(price * quantity) * 100n;
  const order = { orderId, name: orderId, minor, again: body, sale: null, raced };
  orders.push(order);
  const placed = await auditor.answerOf("placeOrder", () =>
    placeOrder(world.process.payments, DEMO_MERCHANT, body),
  );
  if (placed)
    auditor.equal("answer", "placeOrder", isRefusal(placed) ? placed.refusal : placed.amount.minor, minor);
  return order;
}

/** The same order again is the same order; another order under its id is refused. */
async function placeAgain(stage: Stage, random: Random): Promise<string> {
  const order = anOrder(stage, random);
  if (!order?.again) return "nothing";
  const differs = random.chance(50);
  const body = { ...order.again, ...(differs ? { customer_name: "Orang Lain" } : {}) };
  const placed = await stage.auditor.answerOf("placeOrder", () =>
    placeOrder(stage.world.process.payments, DEMO_MERCHANT, body),
  );
  if (placed)
    stage.auditor.equal(
      "answer",
      "placeOrder again",
      isRefusal(placed) ? placed.refusal : "order",
      differs ? "order_differs" : "order",
    );
  return `${order.name} ${differs ? "differs" : "same"}`;
}

const CHANNELS = ["QRIS", ...SIM_CHANNELS.map(({ code }) => code)];

async function open(stage: Stage, random: Random): Promise<string> {
  const order = anOrder(stage, random);
  const channel = random.pick(CHANNELS);
  const mood = random.chance(45) ? "answers" : random.pick(openMoods);
  if (!order) return "nothing";
  const part = random.chance(35) ? aPart(order.minor, random) : undefined;
  const answer = await withMood(stage, order, mood, async () => {
    const payment = await openPayment(
      stage.world.process.payments,
      DEMO_MERCHANT,
      order.orderId,
      channel,
      part,
    );
    return isRefusal(payment) ? payment.refusal : payment.state;
  });
  // an inquiry while the request is still in flight: the provider knows nothing of it
  if (mood === "does it late" && random.chance(50)) await inquireOpen(stage, order.orderId, 0);
  return `${order.name} ${channel}${part ? ` ${part.minor}` : ""}, the provider ${mood}: ${answer}`;
}

/** A part of an order in whole rupiah; sometimes all of it, or more. */
export function aPart(minor: bigint, random: Random): Money {
  const percent = BigInt(random.pick([20, 30, 50, 50, 70, 100, 120]));
  return money(((minor * percent) / 100_00n) * 100n, IDR);
}

/**
 * Runs a verb against the provider in a mood. When the provider stalls, the process dies and the verb never
 * answers.
 */
export async function withMood(
  stage: Stage,
  order: KnownOrder,
  mood: OpenMood,
  verb: () => Promise<string>,
): Promise<string> {
  const { provider } = stage.world;
  provider.openMood = mood;
  provider.orderId = order.orderId;
  provider.meanwhile = () => deliverAllOf(stage, order);
  const answer = await orStalled(stage, "openPayment", provider, verb);
  provider.openMood = "answers";
  provider.meanwhile = async () => undefined;
  return answer ?? "thrown";
}

/** Runs a verb that calls a peer; when the peer stalls, the process dies. */
export async function orStalled(
  stage: Stage,
  name: string,
  peer: { onStall: () => void },
  verb: () => Promise<string>,
): Promise<string | undefined> {
  const stalled = new Promise<"stalled">((resolve) => (peer.onStall = () => resolve("stalled")));
  const answer = await stage.auditor.answerOf(name, () => Promise.race([verb(), stalled]));
  if (answer === "stalled") await stage.world.crash();
  return answer;
}

async function deliverAllOf(stage: Stage, { orderId }: KnownOrder): Promise<void> {
  for (const letter of stage.world.letters.filter(({ transaction }) => transaction.orderId === orderId))
    await deliver(stage, letter);
}

async function cancel(stage: Stage, random: Random): Promise<string> {
  const order = anOrder(stage, random);
  if (!order || order.sale) return "nothing";
  const { database } = stage.world.process;
  const done = await stage.auditor.answerOf("cancelOrder", () =>
    inTransaction(database, (tx) => cancelOrder(tx, DEMO_MERCHANT, order.orderId)),
  );
  return `${order.name}: ${done?.paid ? "paid" : "cancelled"}`;
}

/** Inquires about an order's open payments, as the job does. */
async function inquire(stage: Stage, random: Random): Promise<string> {
  const order = anOrder(stage, random);
  const mood = random.chance(50) ? "answers" : random.pick(inquireMoods);
  const event = random.below(3);
  if (!order) return "nothing";
  const { provider } = stage.world;
  const [transaction] = provider.of(order.orderId);
  provider.inquireMood = mood;
  provider.meanwhile = async () => {
    if (transaction?.status === "pending" && event === 0) provider.pay(transaction, transaction.asked);
    if (transaction && event === 1) provider.fail(transaction);
    await deliverAllOf(stage, order);
  };
  await inquireOpen(stage, order.orderId, random.below(6));
  provider.inquireMood = "answers";
  provider.meanwhile = async () => undefined;
  return `${order.name}, the provider ${mood}`;
}

/**
 * Inquires about the open payments of all orders, or of one order including its cancelled ones; returns how
 * many there were.
 */
export async function inquireOpen(
  stage: Stage,
  orderId: string | null,
  tries: number,
  disturbed = false,
): Promise<number> {
  const { rows } = await sql<{ id: string }>`
    select payment_id as id from payment
     where merchant_id = ${DEMO_MERCHANT} and (${orderId}::text is null or order_id = ${orderId}::text)
       and (state in ('created', 'pending', 'unknown')
            or state = 'cancelled' and ${orderId}::text is not null)
     order by payment_id`.execute(stage.world.eye);
  for (const { id } of rows) {
    const inquiry = () => inquirePayment(stage.world.process.payments, DEMO_MERCHANT, id, tries);
    await (disturbed ? inquiry().catch(() => undefined) : stage.auditor.answerOf("inquirePayment", inquiry));
  }
  return rows.length;
}

export const paymentActs: readonly Act[] = [
  { name: "place an order", weight: 8, run: place },
  { name: "place it again", weight: 1, run: placeAgain },
  { name: "open a payment", weight: 16, run: open },
  { name: "cancel", weight: 3, run: cancel },
  { name: "inquire", weight: 6, run: inquire },
];
