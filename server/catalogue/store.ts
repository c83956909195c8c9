import type { Id } from "@onegate/contract";
import { sql } from "kysely";
import type { Executor } from "../kernel/index.ts";

export type Category = { readonly categoryId: Id; readonly name: string };

export type Product = {
  readonly productId: Id;
  readonly categoryId: Id;
  readonly name: string;
  /** Minor units of the merchant's currency. */
  readonly price: bigint;
  readonly barcode: string | null;
  readonly picture: string | null;
  readonly isFavourite: boolean;
};

export async function selectCategories(executor: Executor, merchantId: Id): Promise<Category[]> {
  const { rows } = await sql<{ category_id: Id; name: string }>`
    select category_id, name from category where merchant_id = ${merchantId} order by rank, name`.execute(executor);
  return rows.map((row) => ({ categoryId: row.category_id, name: row.name }));
}

type ProductRow = { product_id: Id; category_id: Id; name: string; price: bigint; barcode: string | null; picture: string | null; is_favourite: boolean };

function toProduct(row: ProductRow): Product {
  return { productId: row.product_id, categoryId: row.category_id, name: row.name, price: row.price, barcode: row.barcode, picture: row.picture, isFavourite: row.is_favourite };
}

export async function selectProducts(executor: Executor, merchantId: Id): Promise<Product[]> {
  const { rows } = await sql<ProductRow>`
    select product_id, category_id, name, price, barcode, picture, is_favourite
      from product where merchant_id = ${merchantId} and is_active order by rank, name`.execute(executor);
  return rows.map(toProduct);
}

export async function selectProductsById(executor: Executor, merchantId: Id, ids: readonly Id[]): Promise<Product[]> {
  const { rows } = await sql<ProductRow>`
    select product_id, category_id, name, price, barcode, picture, is_favourite
      from product where merchant_id = ${merchantId} and product_id = any (${[...ids]}::uuid[]) and is_active`.execute(executor);
  return rows.map(toProduct);
}

export async function insertCategory(tx: Executor, merchantId: Id, category: Category, rank: number): Promise<void> {
  await sql`
    insert into category (merchant_id, category_id, name, rank)
    values (${merchantId}, ${category.categoryId}, ${category.name}, ${rank})`.execute(tx);
}

export async function insertProduct(tx: Executor, merchantId: Id, product: Product, rank: number): Promise<void> {
  await sql`
    insert into product (merchant_id, product_id, category_id, name, price, barcode, picture, is_favourite, rank)
    values (${merchantId}, ${product.productId}, ${product.categoryId}, ${product.name}, ${product.price}, ${product.barcode},
      ${product.picture}, ${product.isFavourite}, ${rank})`.execute(tx);
}
