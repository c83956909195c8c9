import { isRefusal, type Money } from "@onegate/contract";
import { DEMO_MERCHANT } from "../../server/demo/index.ts";
import { openPayment } from "../../server/payments/index.ts";
import type { Random } from "../random.ts";
import type { KnownOrder, Stage } from "../stage.ts";
import type { Act } from "./act.ts";
import { deliver } from "./network.ts";
import { aPart, placeOne, withMood } from "./payments.ts";
import { giveBackAndDecide } from "./refunds.ts";
import { heard, ringUp, sell } from "./sales.ts";

const CHANNELS = ["BRIVA", "MANDIRIVA", "ALFAMART"];

/** Several payers share an order or a sale; sometimes one of them is refunded before the last has paid. */
async function payInParts(stage: Stage, random: Random): Promise<string> {
  const order = random.chance(40) ? await placeOne(stage, random, false) : ringUp(stage, random, "QRIS");
  const { sale } = order;
  if (sale) await withMood(stage, order, "answers", async () => heard(stage, order, await sell(stage, sale)));
  const happened: string[] = [];
  for (const channel of random.shuffled(CHANNELS)) {
    const isLast = happened.length >= 2 || random.chance(30);
    happened.push(await payOne(stage, order, channel, isLast ? undefined : aPart(order.minor, random)));
    if (random.chance(40)) happened.push(await giveBackAndDecide(stage, random, order));
    if (isLast) break;
  }
  return `${order.name} ${order.minor}: ${happened.join("; ")}`;
}

/** One payer opens a payment for a part, or for the rest, and pays it at once. */
async function payOne(
  stage: Stage,
  order: KnownOrder,
  channel: string,
  part: Money | undefined,
): Promise<string> {
  const { provider } = stage.world;
  const answer = await withMood(stage, order, "answers", async () => {
    const payment = await openPayment(
      stage.world.process.payments,
      DEMO_MERCHANT,
      order.orderId,
      channel,
      part,
    );
    return isRefusal(payment) ? payment.refusal : payment.state;
  });
  const transaction = provider
    .of(order.orderId)
    .findLast((one) => one.status === "pending" && one.channel === channel);
  if (!transaction) return `${part?.minor ?? "the rest"} ${answer}`;
  provider.pay(transaction, transaction.asked);
  for (const letter of stage.world.letters.filter((one) => one.transaction === transaction))
    await deliver(stage, letter);
  return `${part?.minor ?? "the rest"} paid`;
}

export const partActs: readonly Act[] = [{ name: "several pay together", weight: 4, run: payInParts }];
