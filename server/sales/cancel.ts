import { isRefusal, refuse, type Id, type Refusal } from "@onegate/contract";
import { announce, once } from "../kernel/index.ts";
import { cancelOrder } from "../payments/index.ts";
import type { Sales } from "./context.ts";
import { next, type Sale } from "./sale.ts";
import { markState, selectSale } from "./store.ts";

/** Gives up a sale that waits for its payment. Refuses `sale_unknown`, `sale_not_waiting`. */
export async function cancelSale(sales: Sales, merchantId: Id, saleId: Id, key: string): Promise<Sale | Refusal> {
  const { answer } = await once(sales.database, { merchantId, route: "till.sales.cancel", key }, { saleId }, async (tx) => {
    // the order's row first, as a notification does
    const { paid } = await cancelOrder(tx, merchantId, saleId);
    const sale = await selectSale(tx, merchantId, saleId, "for update of s");
    if (!sale) return refuse("sale_unknown");
    const state = next(sale.state, "cancel");
    if (paid || !state) return refuse("sale_not_waiting");
    await markState(tx, sale, state);
    await announce(tx, merchantId, "sale.cancelled", saleId, { sale_id: saleId, outlet_id: sale.outletId });
    return { sale_id: saleId };
  });
  if (isRefusal(answer)) return answer;
  sales.poke();
  return (await selectSale(sales.database.kysely, merchantId, saleId)) ?? refuse("sale_unknown");
}
