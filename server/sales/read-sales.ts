import type { Id } from "@onegate/contract";
import { inSnapshot, type Database } from "../kernel/index.ts";
import { disputedOrders, paymentsOfOrders, refundsOfReturns, type Payment } from "../payments/index.ts";
import { selectReturns, type SaleReturn } from "./return-store.ts";
import type { Sale } from "./sale.ts";
import { selectRecentSales, selectSale } from "./store.ts";

/** A sale with its payments, disputes, returns and refunds. */
export type ShownSale = {
  readonly sale: Sale;
  readonly payments: readonly Payment[];
  readonly isDisputed: boolean;
  readonly returns: readonly SaleReturn[];
  readonly refunds: Awaited<ReturnType<typeof refundsOfReturns>>;
};

/** Which sales of an outlet to read: one by its id, or the newest. */
export type WhichSales = { readonly saleId: Id } | { readonly newest: number };

type Place = { readonly merchantId: Id; readonly outletId: Id };

/**
 * Reads sales of an outlet with their payments and returns, in one snapshot: a sale and the payment that pays
 * it change together, so they must be read together. Another outlet's sale is not found.
 */
export async function readSales(
  database: Pick<Database, "kysely">,
  place: Place,
  which: WhichSales,
): Promise<ShownSale[]> {
  const { merchantId, outletId } = place;
  return inSnapshot(database, async (executor) => {
    const single = "saleId" in which ? await selectSale(executor, merchantId, which.saleId) : undefined;
    const found = single?.outletId === outletId ? [single] : [];
    const sales =
      "newest" in which ? await selectRecentSales(executor, merchantId, outletId, which.newest) : found;
    const ids = sales.map(({ saleId }) => saleId);
    const disputed = await disputedOrders(executor, merchantId, ids);
    const payments = await paymentsOfOrders(executor, merchantId, ids);
    const returns = await selectReturns(executor, merchantId, ids);
    const returnIds = returns.map(({ returnId }) => returnId);
    const refunds = returnIds.length === 0 ? [] : await refundsOfReturns(executor, merchantId, returnIds);
    return sales.map((sale) => ({
      sale,
      payments: payments.get(sale.saleId) ?? [],
      isDisputed: disputed.has(sale.saleId),
      returns: returns.filter(({ saleId }) => saleId === sale.saleId),
      refunds,
    }));
  });
}
