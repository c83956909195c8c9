import type { Id } from "@onegate/contract";
import { announce, type Tx } from "../kernel/index.ts";
import { insertMovements, type Level, type Movement } from "./store.ts";

/**
 * Moves stock at an outlet within the caller's transaction, and answers the levels after it. A change by hand is
 * announced as `stock.changed`; what a sale or a return moves is announced with it, by its lines.
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
