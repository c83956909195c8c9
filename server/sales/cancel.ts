import { isId, isRefusal, refuse, type Id, type Refusal } from "@onegate/contract";
import { announceAudit, type Who } from "../identity/index.ts";
import { announce, once, type Once, type Tx } from "../kernel/index.ts";
import { cancelOrder } from "../payments/index.ts";
import type { Sales } from "./context.ts";
import { next, type Sale } from "./sale.ts";
import { markState, selectSale } from "./store.ts";

/** Gives up a sale that waits for its payment. Refuses `sale_unknown`, `sale_not_waiting`. */
export async function cancelSale(
  sales: Sales,
  { merchantId, outletId, who }: { merchantId: Id; outletId: Id; who: Who },
  saleId: Id,
  key: string,
): Promise<Once<Sale>> {
  // before the key is looked at, so that no other outlet is given what it answered
  const seen = await selectSale(sales.database.kysely, merchantId, saleId);
  if (seen?.outletId !== outletId) return { answer: refuse("sale_unknown"), replayed: false };
  const { answer, replayed } = await once(
    sales.database,
    { merchantId, route: "till.sales.cancel", key },
    { saleId },
    async (tx) => {
      const given = await giveUp(tx, merchantId, saleId);
      if (!isRefusal(given)) await announceAudit(tx, who, { action: "sale.cancelled", subject: saleId });
      return given;
    },
  );
  if (isRefusal(answer)) return { answer, replayed };
  return {
    answer: (await selectSale(sales.database.kysely, merchantId, saleId)) ?? refuse("sale_unknown"),
    replayed,
  };
}

/** Gives a waiting sale and its order up, within the caller's transaction. The order's row comes first, as in a notification. */
export async function giveUp(tx: Tx, merchantId: Id, saleId: Id): Promise<{ sale_id: Id } | Refusal> {
  const { paid } = await cancelOrder(tx, merchantId, saleId);
  const sale = await selectSale(tx, merchantId, saleId, "for update of s");
  if (!sale) return refuse("sale_unknown");
  const cancelled = !paid && (await markCancelled(tx, sale));
  return cancelled ? { sale_id: saleId } : refuse("sale_not_waiting");
}

/** An operator gave an order up: the sale that waits for it, if it is one's, is given up with it. */
export async function onSaleCancelled(tx: Tx, merchantId: Id, orderId: string): Promise<void> {
  const sale = isId(orderId) ? await selectSale(tx, merchantId, orderId, "for update of s") : undefined;
  if (sale) await markCancelled(tx, sale);
}

async function markCancelled(tx: Tx, sale: Sale): Promise<boolean> {
  const { merchantId, saleId, outletId } = sale;
  const state = next(sale.state, "cancel");
  if (!state) return false;
  await markState(tx, sale, state);
  await announce(tx, merchantId, "sale.cancelled", saleId, { sale_id: saleId, outlet_id: outletId });
  return true;
}
