import { isRefusal, refuse, type Id, type NewProductBody } from "@onegate/contract";
import { once, type Database, type Once } from "../kernel/index.ts";
import { importProducts } from "./import-products.ts";
import type { KnownProduct } from "./product.ts";
import { selectProduct } from "./store.ts";

/** Adds one product, once per key. Refuses what `importProducts` does. */
export async function createProduct(database: Database, merchantId: Id, unchecked: NewProductBody, key: string): Promise<Once<KnownProduct>> {
  const { answer, replayed } = await once(database, { merchantId, route: "products", key }, unchecked, async (tx) => {
    const ids = await importProducts(tx, merchantId, [unchecked]);
    return isRefusal(ids) ? refuse(ids.refusal) : { product_id: ids[0] ?? "" };
  });
  if (isRefusal(answer)) return { answer, replayed };
  return { answer: (await selectProduct(database.kysely, merchantId, answer.product_id)) ?? refuse("product_unknown"), replayed };
}
