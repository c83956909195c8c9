import type { Random } from "../random.ts";
import { anOrder, type Stage } from "../stage.ts";
import type { Act } from "./act.ts";

const SECOND = 1_000;

/** A payer pays one of the order's transactions, whatever its state: the requested amount, less, or more. */
async function pay(stage: Stage, random: Random): Promise<string> {
  const order = anOrder(stage, random);
  const how = random.pick(["exactly", "exactly", "exactly", "short", "over"] as const);
  const off = BigInt(random.between(1, 900)) * 100n;
  const place = random.below(4);
  if (!order) return "nothing";
  const { provider } = stage.world;
  const unpaid = provider.of(order.orderId).filter(({ status }) => status !== "paid");
  const transaction = unpaid[place % Math.max(unpaid.length, 1)];
  if (!transaction) return "nothing";
  const was = transaction.status;
  provider.pay(
    transaction,
    how === "exactly"
      ? transaction.asked
      : how === "short"
        ? transaction.asked - off
        : transaction.asked + off,
  );
  return `${order.name} (${was}) ${how}`;
}

async function payAgain(stage: Stage, random: Random): Promise<string> {
  const order = anOrder(stage, random);
  const paid = order && stage.world.provider.of(order.orderId).find(({ status }) => status === "paid");
  if (!paid) return "nothing";
  stage.world.provider.payAgain(paid);
  return order.name;
}

async function payUnasked(stage: Stage, random: Random): Promise<string> {
  const minor = BigInt(random.between(10_000, 90_000)) * 100n;
  stage.world.provider.payUnasked(minor, random);
  return String(minor);
}

async function fail(stage: Stage, random: Random): Promise<string> {
  const order = anOrder(stage, random);
  const transaction =
    order && stage.world.provider.of(order.orderId).find(({ status }) => status === "pending");
  if (!transaction) return "nothing";
  stage.world.provider.fail(transaction);
  return order.name;
}

async function timePasses(stage: Stage, random: Random): Promise<string> {
  const seconds = random.pick([2, 8, 15, 40, 120, 700, 2_000]) + random.below(5);
  await stage.world.advance(seconds * SECOND);
  return `${seconds} s`;
}

async function channelsGo(stage: Stage, random: Random): Promise<string> {
  const { provider } = stage.world;
  provider.channelsDown = random.chance(40);
  return provider.channelsDown ? "down" : "up";
}

async function crash(stage: Stage): Promise<string> {
  await stage.world.crash();
  return "restarted";
}

export const payerActs: readonly Act[] = [
  { name: "a payer pays", weight: 12, run: pay },
  { name: "a payer pays the same code again", weight: 1, run: payAgain },
  { name: "unrequested money arrives", weight: 1, run: payUnasked },
  { name: "a payment fails", weight: 3, run: fail },
  { name: "time passes", weight: 6, run: timePasses },
  { name: "the list of channels", weight: 1, run: channelsGo },
  { name: "the process dies", weight: 1, run: crash },
];
