import { isRefusal, refuse, type NewProductBody } from "@onegate/contract";
import { announceAudit, type Who } from "../identity/index.ts";
import { once, type Database, type Once } from "../kernel/index.ts";
import { importProducts } from "./import-products.ts";
import type { KnownProduct } from "./product.ts";
import { selectProduct } from "./store.ts";

/** Adds one product, once per key. Refuses what `importProducts` does. */
export async function createProduct(
  database: Database,
  who: Who,
  unchecked: NewProductBody,
  key: string,
): Promise<Once<KnownProduct>> {
  const { merchantId } = who;
  const { answer, replayed } = await once(
    database,
    { merchantId, route: "products", key },
    unchecked,
    async (tx) => {
      const ids = await importProducts(tx, merchantId, [unchecked]);
      if (isRefusal(ids)) return refuse(ids.refusal);
      const [productId = ""] = ids;
      await announceAudit(tx, who, {
        action: "product.added",
        subject: productId,
        after: { name: unchecked.name },
      });
      return { product_id: productId };
    },
  );
  if (isRefusal(answer)) return { answer, replayed };
  return {
    answer:
      (await selectProduct(database.kysely, merchantId, answer.product_id)) ?? refuse("product_unknown"),
    replayed,
  };
}
