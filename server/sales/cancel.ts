import { isId, isRefusal, refuse, type Id, type Refusal } from "@onegate/contract";
import { announceAudit, type Who } from "../identity/index.ts";
import { announce, once, type Once, type Tx } from "../kernel/index.ts";
import { cancelOrder } from "../payments/index.ts";
import type { Sales } from "./context.ts";
import { next, type Sale } from "./sale.ts";
import { markState, selectSale } from "./store.ts";

/** Cancels a sale that waits for its payment, once per key. Refuses `sale_unknown`, `sale_not_waiting`. */
export async function cancelSale(
  sales: Sales,
  { merchantId, outletId, who }: { merchantId: Id; outletId: Id; who: Who },
  saleId: Id,
  key: string,
): Promise<Once<Sale>> {
  // checked before the idempotency key, so that no other outlet receives this outlet's answer
  const seen = await selectSale(sales.database.kysely, merchantId, saleId);
  if (seen?.outletId !== outletId) return { answer: refuse("sale_unknown"), replayed: false };
  const { answer, replayed } = await once(
    sales.database,
    { merchantId, route: "till.sales.cancel", key },
    { saleId },
    async (tx) => {
      const cancelled = await giveUp(tx, merchantId, saleId);
      if (!isRefusal(cancelled)) await announceAudit(tx, who, { action: "sale.cancelled", subject: saleId });
      return cancelled;
    },
  );
  if (isRefusal(answer)) return { answer, replayed };
  return {
    answer: (await selectSale(sales.database.kysely, merchantId, saleId)) ?? refuse("sale_unknown"),
    replayed,
  };
}

/**
 * Cancels a waiting sale and its order, within the caller's transaction. The order's row is locked first, as
 * for a notification. Refuses `sale_unknown`, `sale_not_waiting`.
 */
export async function giveUp(tx: Tx, merchantId: Id, saleId: Id): Promise<{ sale_id: Id } | Refusal> {
  const { paid } = await cancelOrder(tx, merchantId, saleId);
  const sale = await selectSale(tx, merchantId, saleId, "for update of s");
  if (!sale) return refuse("sale_unknown");
  const cancelled = !paid && (await markCancelled(tx, sale));
  return cancelled ? { sale_id: saleId } : refuse("sale_not_waiting");
}

/** An operator cancelled an order: if a sale waits for it, the sale is cancelled too. */
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
