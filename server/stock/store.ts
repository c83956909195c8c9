import type { Id } from "@onegate/contract";
import { sql } from "kysely";
import type { Executor, Tx } from "../kernel/index.ts";

export type Movement = {
  readonly movementId: Id;
  readonly productId: Id;
  readonly kind: "sale" | "return" | "purchase" | "adjustment" | "transfer" | "count";
  /** Pieces; negative when stock goes out. */
  readonly quantity: number;
};

/**
 * The stock of a product. Until it is brought in or counted for the first time, the true level is unknown and
 * `onHand` is only what was sold since.
 */
export type Level = { readonly productId: Id; readonly onHand: number; readonly isCounted: boolean };

/**
 * Writes movements and updates the levels in key order, so that two sales can't deadlock; returns the levels.
 */
export async function insertMovements(
  tx: Tx,
  merchantId: Id,
  outletId: Id,
  sourceId: Id,
  movements: readonly Movement[],
): Promise<Level[]> {
  const sorted = [...movements].sort((a, b) => (a.productId < b.productId ? -1 : 1));
  const products = sorted.map(({ productId }) => productId);
  const movementIds = sorted.map(({ movementId }) => movementId);
  const kinds = sorted.map(({ kind }) => kind);
  const quantities = sorted.map(({ quantity }) => quantity);
  await sql`
    insert into stock_movement (merchant_id, outlet_id, product_id, movement_id, kind, quantity, source_id)
    select ${merchantId}::uuid, ${outletId}::uuid, u.product, u.movement, u.kind, u.quantity,
           ${sourceId}::uuid
      from unnest(${products}::uuid[], ${movementIds}::uuid[], ${kinds}::text[], ${quantities}::int[])
           as u (product, movement, kind, quantity)`.execute(tx);
  const { rows } = await sql<{ product_id: Id; on_hand: number; is_counted: boolean }>`
    insert into stock_level (merchant_id, outlet_id, product_id, on_hand, is_counted)
    select ${merchantId}::uuid, ${outletId}::uuid, u.product, sum(u.quantity),
           bool_or(u.kind not in ('sale', 'return'))
      from unnest(${products}::uuid[], ${kinds}::text[], ${quantities}::int[]) as u (product, kind, quantity)
     group by u.product order by u.product
    on conflict (merchant_id, outlet_id, product_id) do update
      set on_hand = stock_level.on_hand + excluded.on_hand,
          is_counted = stock_level.is_counted or excluded.is_counted
    returning product_id, on_hand, is_counted`.execute(tx);
  return rows.map((row) => ({ productId: row.product_id, onHand: row.on_hand, isCounted: row.is_counted }));
}

/** The levels of products that were brought in or counted at least once; other levels are unknown. */
export async function selectLevels(
  executor: Executor,
  merchantId: Id,
  outletId: Id,
): Promise<Array<{ productId: Id; name: string; onHand: number; isLow: boolean }>> {
  const { rows } = await sql<{ product_id: Id; name: string; on_hand: number; is_low: boolean }>`
    select l.product_id, p.name, l.on_hand, coalesce(l.on_hand <= l.low_mark, false) as is_low
      from stock_level l join product p using (merchant_id, product_id)
     where l.merchant_id = ${merchantId} and l.outlet_id = ${outletId} and l.is_counted
     order by l.on_hand, p.name`.execute(executor);
  return rows.map((row) => ({
    productId: row.product_id,
    name: row.name,
    onHand: row.on_hand,
    isLow: row.is_low,
  }));
}

export async function updateLowMark(
  executor: Executor,
  merchantId: Id,
  outletId: Id,
  productId: Id,
  lowMark: number,
): Promise<void> {
  await sql`
    update stock_level set low_mark = ${lowMark}
     where merchant_id = ${merchantId} and outlet_id = ${outletId} and product_id = ${productId}`.execute(
    executor,
  );
}
