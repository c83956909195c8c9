import type { Id } from "@onegate/contract";
import { announce, type Tx } from "../kernel/index.ts";
import { insertMovements, type Level, type Movement } from "./store.ts";

/**
 * Moves stock at an outlet in the caller's transaction and returns the new levels. A change by hand is
 * announced as `stock.changed`; a sale or a return announces its own lines.
 */
export async function moveStock(
  tx: Tx,
  merchantId: Id,
  outletId: Id,
  sourceId: Id,
  movements: readonly Movement[],
): Promise<readonly Level[]> {
  const levels = await insertMovements(tx, merchantId, outletId, sourceId, movements);
  const byHand = movements.filter(({ kind }) => kind !== "sale" && kind !== "return");
  if (byHand.length > 0) {
    const productIds = [...new Set(byHand.map(({ productId }) => productId))];
    await announce(tx, merchantId, "stock.changed", outletId, {
      outlet_id: outletId,
      product_ids: productIds,
    });
  }
  return levels;
}
