import { CatalogueSchema, IDR, money, ProblemSchema, toWire, type CatalogueBody } from "@onegate/contract";
import { staffOf } from "../identity/index.ts";
import type { Database, Http } from "../kernel/index.ts";
import { selectCategories, selectProducts } from "./store.ts";

/** `stockOf` is handed in, because stock stands to the right of the catalogue. */
export function catalogueRoutes(http: Http, { database, stockOf }: { database: Database; stockOf: (merchantId: string, outletId: string) => Promise<ReadonlyMap<string, number>> }): void {
  http.get("/api/v1/till/catalogue", { config: { right: "catalogue.read" }, schema: { tags: ["till"], summary: "All that is sold here, with stock", response: { 200: CatalogueSchema, "4xx": ProblemSchema } } }, async (request) => {
    const { merchantId, outletId } = staffOf(request);
    const [categories, products, stock] = await Promise.all([
      selectCategories(database.kysely, merchantId),
      selectProducts(database.kysely, merchantId),
      stockOf(merchantId, outletId),
    ]);
    const catalogue: CatalogueBody = {
      categories: categories.map(({ categoryId, name }) => ({ id: categoryId, name })),
      products: products.map((product) => ({
        id: product.productId,
        name: product.name,
        category_id: product.categoryId,
        price: toWire(money(product.price, IDR)),
        barcode: product.barcode,
        picture: product.picture,
        favourite: product.isFavourite,
        stock: stock.get(product.productId) ?? 0,
      })),
    };
    return catalogue;
  });
}
