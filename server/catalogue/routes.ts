import {
  CatalogueSchema,
  IDR,
  IdSchema,
  isRefusal,
  MoneyInSchema,
  money,
  NewProductSchema,
  PriceChangeSchema,
  ProblemSchema,
  ProductChangeSchema,
  ProductSchema,
  refuse,
  toWire,
  type CatalogueBody,
  type PriceChangeBody,
  type ProductBody,
} from "@onegate/contract";
import { Type } from "typebox";
import { alsoNeeds, merchantOf, staffOf, whoOf } from "../identity/index.ts";
import { answer, answerOnce, keyOf, type Database, type Http } from "../kernel/index.ts";
import { changeProduct } from "./change-product.ts";
import { createProduct } from "./create-product.ts";
import type { KnownProduct } from "./product.ts";
import {
  selectCategories,
  selectKnownProducts,
  selectPriceChanges,
  selectProduct,
  selectProducts,
  type PriceChange,
} from "./store.ts";

const tags = ["catalogue"];
const OneProduct = Type.Object({ id: IdSchema });
const problems = { "4xx": ProblemSchema };

/** `stockOf` is passed in, because the catalogue may not import stock. */
export function catalogueRoutes(
  http: Http,
  {
    database,
    stockOf,
  }: {
    database: Database;
    stockOf: (merchantId: string, outletId: string) => Promise<ReadonlyMap<string, number>>;
  },
): void {
  http.get(
    "/api/v1/till/catalogue",
    {
      config: { right: "catalogue.read" },
      schema: {
        tags: ["till"],
        summary: "All that is sold here, with stock",
        response: { 200: CatalogueSchema, "4xx": ProblemSchema },
      },
    },
    async (request) => {
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
          stock: stock.get(product.productId) ?? null,
        })),
      };
      return catalogue;
    },
  );

  http.get(
    "/api/v1/products",
    {
      config: { right: "product.manage" },
      schema: {
        tags,
        summary: "All products, also those that are no longer sold",
        response: { 200: Type.Object({ products: Type.Array(ProductSchema) }), ...problems },
      },
    },
    async (request) => ({
      products: (await selectKnownProducts(database.kysely, merchantOf(request))).map(productBody),
    }),
  );

  http.post(
    "/api/v1/products",
    {
      config: { right: "product.manage" },
      schema: {
        tags,
        summary: "Add a product; once per Idempotency-Key",
        body: NewProductSchema,
        response: { 201: ProductSchema, ...problems },
      },
    },
    async (request, reply) => {
      const key = keyOf(request);
      if (isRefusal(key)) return answer(request, reply, key);
      const { answer: product, replayed } = await createProduct(database, whoOf(request), request.body, key);
      return answerOnce(
        request,
        reply,
        { answer: isRefusal(product) ? product : productBody(product), replayed },
        201,
      );
    },
  );

  http.patch(
    "/api/v1/products/:id",
    {
      config: { right: "product.manage" },
      schema: {
        tags,
        summary: "Change a product; its price only with the right to, or an approval",
        params: OneProduct,
        body: ProductChangeSchema,
        response: { 200: ProductSchema, ...problems },
      },
    },
    async (request, reply) => {
      const approval = request.body.price === undefined ? undefined : alsoNeeds(request, "price.change");
      if (isRefusal(approval)) return answer(request, reply, approval);
      const product = await changeProduct(
        database,
        staffOf(request),
        request.params.id,
        request.body,
        approval,
      );
      return answer(request, reply, isRefusal(product) ? product : productBody(product));
    },
  );

  http.put(
    "/api/v1/till/products/:id/price",
    {
      config: { right: "price.change", approvable: true },
      schema: {
        tags: ["till"],
        summary: "Change a price at the till; an approval is for the product and its new price",
        params: OneProduct,
        body: Type.Object({ price: MoneyInSchema }, { additionalProperties: false }),
        response: { 200: ProductSchema, ...problems },
      },
    },
    async (request, reply) => {
      const product = await changeProduct(
        database,
        staffOf(request),
        request.params.id,
        request.body,
        request.approval,
      );
      return answer(request, reply, isRefusal(product) ? product : productBody(product));
    },
  );

  http.get(
    "/api/v1/products/:id/prices",
    {
      config: { right: "product.manage" },
      schema: {
        tags,
        summary: "What a product cost until when, the newest change first",
        params: OneProduct,
        response: { 200: Type.Object({ changes: Type.Array(PriceChangeSchema) }), ...problems },
      },
    },
    async (request, reply) => {
      const merchantId = merchantOf(request);
      if (!(await selectProduct(database.kysely, merchantId, request.params.id)))
        return answer(request, reply, refuse("product_unknown"));
      return answer(request, reply, {
        changes: (await selectPriceChanges(database.kysely, merchantId, request.params.id)).map(
          priceChangeBody,
        ),
      });
    },
  );
}

function productBody({
  productId,
  name,
  categoryId,
  price,
  barcode,
  picture,
  isFavourite,
  isActive,
}: KnownProduct): ProductBody {
  return {
    id: productId,
    name,
    category_id: categoryId,
    price: toWire(money(price, IDR)),
    barcode,
    picture,
    favourite: isFavourite,
    active: isActive,
  };
}

function priceChangeBody({
  changeId,
  before,
  after,
  changedBy,
  approvedBy,
  changedAt,
}: PriceChange): PriceChangeBody {
  return {
    id: changeId,
    before: toWire(money(before, IDR)),
    after: toWire(money(after, IDR)),
    changed_by: changedBy,
    approved_by: approvedBy,
    changed_at: changedAt.toISOString(),
  };
}
