import { canonicalGtin, type Id } from "@onegate/contract";
import { sql } from "kysely";
import type { Executor, Tx } from "../kernel/index.ts";
import type { KnownProduct, Product } from "./product.ts";

export type Category = { readonly categoryId: Id; readonly name: string };

export async function selectCategories(executor: Executor, merchantId: Id): Promise<Category[]> {
  const { rows } = await sql<{ category_id: Id; name: string }>`
    select category_id, name from category where merchant_id = ${merchantId} order by rank, name`.execute(
    executor,
  );
  return rows.map((row) => ({ categoryId: row.category_id, name: row.name }));
}

type ProductRow = {
  product_id: Id;
  category_id: Id;
  name: string;
  price: bigint;
  barcode: string | null;
  picture: string | null;
  is_favourite: boolean;
};

function toProduct(row: ProductRow): Product {
  return {
    productId: row.product_id,
    categoryId: row.category_id,
    name: row.name,
    price: row.price,
    barcode: row.barcode,
    picture: row.picture,
    isFavourite: row.is_favourite,
  };
}

export async function selectProducts(executor: Executor, merchantId: Id): Promise<Product[]> {
  const { rows } = await sql<ProductRow>`
    select product_id, category_id, name, price, barcode, picture, is_favourite
      from product where merchant_id = ${merchantId} and is_active order by rank, name`.execute(executor);
  return rows.map(toProduct);
}

export async function selectProductsById(
  executor: Executor,
  merchantId: Id,
  ids: readonly Id[],
): Promise<Product[]> {
  const { rows } = await sql<ProductRow>`
    select product_id, category_id, name, price, barcode, picture, is_favourite
      from product
     where merchant_id = ${merchantId} and product_id = any (${[...ids]}::uuid[]) and is_active`.execute(
    executor,
  );
  return rows.map(toProduct);
}

export async function insertCategory(
  tx: Executor,
  merchantId: Id,
  category: Category,
  rank: number,
): Promise<void> {
  await sql`
    insert into category (merchant_id, category_id, name, rank)
    values (${merchantId}, ${category.categoryId}, ${category.name}, ${rank})`.execute(tx);
}

export async function insertProduct(
  tx: Executor,
  merchantId: Id,
  product: Product,
  rank: number,
): Promise<void> {
  await sql`
    insert into product
      (merchant_id, product_id, category_id, name, price, barcode, picture, is_favourite, rank)
    values (${merchantId}, ${product.productId}, ${product.categoryId}, ${product.name}, ${product.price},
      ${product.barcode}, ${product.picture}, ${product.isFavourite}, ${rank})`.execute(tx);
}

/** Locks the merchant's catalogue, so that changes of names and barcodes are decided one after another. */
export async function lockCatalogue(tx: Tx, merchantId: Id): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('catalogue:' || ${merchantId}::text, 0))`.execute(
    tx,
  );
}

/** The names of active products. The name of a product that is no longer sold is free. */
export async function selectNames(
  executor: Executor,
  merchantId: Id,
  except: Id | null = null,
): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select name from product
     where merchant_id = ${merchantId} and is_active and product_id is distinct from ${except}::uuid`.execute(
    executor,
  );
  return rows.map(({ name }) => name);
}

/**
 * All barcodes in canonical form. Products that are no longer sold are included, because their barcodes are
 * still printed on goods.
 */
export async function selectBarcodes(
  executor: Executor,
  merchantId: Id,
  except: Id | null = null,
): Promise<string[]> {
  const { rows } = await sql<{ barcode: string }>`
    select barcode from product
     where merchant_id = ${merchantId} and barcode is not null
       and product_id is distinct from ${except}::uuid`.execute(executor);
  return rows.map(({ barcode }) => canonicalGtin(barcode) ?? barcode);
}

export async function selectLastRanks(
  executor: Executor,
  merchantId: Id,
): Promise<{ category: number; product: number }> {
  const { rows } = await sql<{ category: number; product: number }>`
    select coalesce((select max(rank) from category where merchant_id = ${merchantId}), 0)::int as category,
           coalesce((select max(rank) from product where merchant_id = ${merchantId}), 0)::int
             as product`.execute(executor);
  return rows[0] ?? { category: 0, product: 0 };
}

type KnownRow = ProductRow & { is_active: boolean };

export async function selectProduct(
  executor: Executor,
  merchantId: Id,
  productId: Id,
  lock = false,
): Promise<KnownProduct | undefined> {
  const { rows } = await sql<KnownRow>`
    select product_id, category_id, name, price, barcode, picture, is_favourite, is_active
      from product where merchant_id = ${merchantId} and product_id = ${productId}
      ${lock ? sql`for no key update` : sql``}`.execute(executor);
  return rows[0] && { ...toProduct(rows[0]), isActive: rows[0].is_active };
}

/** All products, including those that are no longer sold. */
export async function selectKnownProducts(executor: Executor, merchantId: Id): Promise<KnownProduct[]> {
  const { rows } = await sql<KnownRow>`
    select product_id, category_id, name, price, barcode, picture, is_favourite, is_active
      from product where merchant_id = ${merchantId} order by rank, name`.execute(executor);
  return rows.map((row) => ({ ...toProduct(row), isActive: row.is_active }));
}

export async function updateProduct(tx: Tx, merchantId: Id, product: KnownProduct): Promise<void> {
  await sql`
    update product
       set name = ${product.name}, category_id = ${product.categoryId}, price = ${product.price},
           barcode = ${product.barcode}, is_favourite = ${product.isFavourite},
           is_active = ${product.isActive}
     where merchant_id = ${merchantId} and product_id = ${product.productId}`.execute(tx);
}

export type PriceChange = {
  readonly changeId: Id;
  readonly productId: Id;
  /** Minor units. */
  readonly before: bigint;
  readonly after: bigint;
  readonly changedBy: Id;
  readonly approvedBy: Id | null;
  readonly changedAt: Date;
};

export async function insertPriceChange(
  tx: Tx,
  merchantId: Id,
  change: Omit<PriceChange, "changedAt">,
): Promise<void> {
  await sql`
    insert into price_change
      (merchant_id, product_id, change_id, price_before, price_after, changed_by, approved_by)
    values (${merchantId}, ${change.productId}, ${change.changeId}, ${change.before}, ${change.after},
      ${change.changedBy}, ${change.approvedBy})`.execute(tx);
}

/** A product's price changes, newest first. */
export async function selectPriceChanges(
  executor: Executor,
  merchantId: Id,
  productId: Id,
): Promise<PriceChange[]> {
  const { rows } = await sql<{
    change_id: Id;
    product_id: Id;
    price_before: bigint;
    price_after: bigint;
    changed_by: Id;
    approved_by: Id | null;
    changed_at: Date;
  }>`
    select change_id, product_id, price_before, price_after, changed_by, approved_by, changed_at
      from price_change where merchant_id = ${merchantId} and product_id = ${productId}
     order by changed_at desc, change_id desc limit 200`.execute(executor);
  return rows.map((row) => ({
    changeId: row.change_id,
    productId: row.product_id,
    before: row.price_before,
    after: row.price_after,
    changedBy: row.changed_by,
    approvedBy: row.approved_by,
    changedAt: row.changed_at,
  }));
}
