import { IDR, isRefusal, money, toWire, type NewSaleBody, type Refusal } from "@onegate/contract";
import { DEMO_MERCHANT, DEMO_OUTLET } from "../../server/demo/index.ts";
import { derivedId } from "../../server/kernel/index.ts";
import { cancelSale, createSale, type Sale } from "../../server/sales/index.ts";
import { openMoods } from "../provider.ts";
import type { Random } from "../random.ts";
import { anOrder, type KnownOrder, type KnownSale, type Stage } from "../stage.ts";
import type { Act } from "./act.ts";
import { RATNA } from "./operator.ts";
import { withMood } from "./payments.ts";

const CASHIER = {
  merchantId: DEMO_MERCHANT,
  outletId: DEMO_OUTLET,
  staffId: derivedId("demo", "staff", "Sari"),
};
/** The shop's coins: cash is rounded down to a hundred rupiah. */
const COIN = 100_00n;

/**
 * Rings up a sale as the till does: PPN of 11/111 is included in the price, rounded half up to the rupiah;
 * cash is rounded down to the coin.
 */
export function ringUp(
  { world, products, orders }: Stage,
  random: Random,
  method: "CASH" | "QRIS",
  raced = false,
): KnownOrder & { sale: KnownSale } {
  const lines = Array.from({ length: random.between(1, 5) }, () => ({
    product: random.pick(products),
    quantity: random.between(1, 3),
  }));
  const total = lines.reduce((sum, { product, quantity }) => sum + product.price * BigInt(quantity), 0n);
  const tax = ((total * 11n * 2n + 111n * 100n) / (2n * 111n * 100n)) * 100n;
  const rounding = method === "CASH" ? -(total % COIN) : 0n;
  const wire = (minor: bigint) => toWire(money(minor, IDR));
  const body: NewSaleBody = {
    id: world.newId(),
    lines: lines.map(({ product, quantity }) => ({
      product_id: product.productId,
      quantity,
      unit_price: wire(product.price),
    })),
    total: wire(total),
    tender:
      method === "CASH"
        ? { method, tendered: wire(total + BigInt(random.below(3)) * 5_000_00n) }
        : { method },
  };
  const order = {
    orderId: body.id,
    name: `SALE-${orders.length + 1}`,
    minor: total + rounding,
    again: null,
    raced,
    sale: { body, total, tax, rounding, receipt: null },
  };
  orders.push(order);
  return order;
}

/** Sends a sale, any number of times: its id is its key. */
export const sell = (stage: Stage, { body }: KnownSale): Promise<Sale | Refusal> =>
  createSale(stage.world.process.sales, CASHIER, body, body.id).then(({ answer }) => answer);

async function sellForCash(stage: Stage, random: Random): Promise<string> {
  const order = ringUp(stage, random, "CASH");
  const { world, auditor } = stage;
  const killed = random.chance(20);
  const first = sell(stage, order.sale).then(
    (sale) => heard(stage, order, sale),
    () => "lost",
  );
  if (killed) {
    await world.moment(random.below(20));
    await (random.chance(50) ? world.crash() : world.killConnections());
  }
  const answer = await first;
  await world.settle();
  if (!killed) auditor.equal("answer", "a cash sale", answer, "paid");
  if (killed || random.chance(20))
    auditor.equal(
      "answer",
      "a cash sale sent again",
      await auditor.answerOf("createSale", async () => heard(stage, order, await sell(stage, order.sale))),
      "paid",
    );
  return `${order.name} ${order.minor}${killed ? ", killed" : ""}`;
}

async function sellForQris(stage: Stage, random: Random): Promise<string> {
  const order = ringUp(stage, random, "QRIS");
  const mood = random.chance(45) ? "answers" : random.pick(openMoods);
  const answer = await withMood(stage, order, mood, async () =>
    heard(stage, order, await sell(stage, order.sale)),
  );
  return `${order.name} ${order.minor}, the provider ${mood}: ${answer}`;
}

/** A till without an answer sends the same sale again, sometimes much later. */
async function sendAgain(stage: Stage, random: Random): Promise<string> {
  const order = anOrder(stage, random);
  const mood = random.chance(70) ? "answers" : random.pick(openMoods);
  if (!order?.sale) return "nothing";
  const { sale } = order;
  const answer = await withMood(stage, order, mood, async () => heard(stage, order, await sell(stage, sale)));
  return `${order.name}, the provider ${mood}: ${answer}`;
}

async function cancel(stage: Stage, random: Random): Promise<string> {
  const order = anOrder(stage, random);
  if (!order?.sale) return "nothing";
  const key = stage.world.newId();
  const answer = await stage.auditor.answerOf("cancelSale", async () =>
    heard(
      stage,
      order,
      (
        await cancelSale(
          stage.world.process.sales,
          { merchantId: DEMO_MERCHANT, outletId: DEMO_OUTLET, who: RATNA },
          order.orderId,
          key,
        )
      ).answer,
    ),
  );
  return `${order.name}: ${answer ?? "thrown"}`;
}

/** Records the receipt that a cashier sees, and checks that it never changes. */
export function heard(stage: Stage, { name, sale: known }: KnownOrder, sale: Sale | Refusal): string {
  if (isRefusal(sale)) return sale.refusal;
  if (!known) return sale.state;
  stage.auditor.expect(
    "receipts",
    known.receipt === null || known.receipt === sale.receiptNumber,
    () => `${name} changed from ${known.receipt} to ${sale.receiptNumber}`,
  );
  known.receipt = sale.receiptNumber;
  return sale.state;
}

export const saleActs: readonly Act[] = [
  { name: "sell for cash", weight: 6, run: sellForCash },
  { name: "sell for QRIS", weight: 8, run: sellForQris },
  { name: "send a sale again", weight: 3, run: sendAgain },
  { name: "cancel a sale", weight: 3, run: cancel },
];
