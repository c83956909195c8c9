import { isRefusal, refuse, type Id, type Refusal } from "@onegate/contract";
import { announceAudit, type Who } from "../identity/index.ts";
import { announce, once, type Once, type Tx } from "../kernel/index.ts";
import { cancelOrder } from "../payments/index.ts";
import type { Sales } from "./context.ts";
import { next, type Sale } from "./sale.ts";
import { markState, selectSale } from "./store.ts";

/** Gives up a sale that waits for its payment. Refuses `sale_unknown`, `sale_not_waiting`. */
export async function cancelSale(sales: Sales, { merchantId, outletId, who }: { merchantId: Id; outletId: Id; who: Who }, saleId: Id, key: string): Promise<Once<Sale>> {
  const { answer, replayed } = await once(sales.database, { merchantId, route: "till.sales.cancel", key }, { saleId }, async (tx) => {
    if ((await selectSale(tx, merchantId, saleId))?.outletId !== outletId) return refuse("sale_unknown");
    const given = await giveUp(tx, merchantId, saleId);
    if (!isRefusal(given)) await announceAudit(tx, who, { action: "sale.cancelled", subject: saleId });
    return given;
  });
  if (isRefusal(answer)) return { answer, replayed };
  sales.poke();
  return { answer: (await selectSale(sales.database.kysely, merchantId, saleId)) ?? refuse("sale_unknown"), replayed };
}

/** Gives a waiting sale and its order up, within the caller's transaction. The order's row comes first, as in a notification. */
export async function giveUp(tx: Tx, merchantId: Id, saleId: Id): Promise<{ sale_id: Id } | Refusal> {
  const { paid } = await cancelOrder(tx, merchantId, saleId);
  const sale = await selectSale(tx, merchantId, saleId, "for update of s");
  if (!sale) return refuse("sale_unknown");
  const state = next(sale.state, "cancel");
  if (paid || !state) return refuse("sale_not_waiting");
  await markState(tx, sale, state);
  await announce(tx, merchantId, "sale.cancelled", saleId, { sale_id: saleId, outlet_id: sale.outletId });
  return { sale_id: saleId };
}
