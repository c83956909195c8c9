export { ean13CheckDigit } from "@onegate/contract";
export { checkedToRows, importProducts } from "./import-products.ts";
export { type Product, type ProductRow } from "./product.ts";
export { catalogueRoutes } from "./routes.ts";
export {
  insertCategory,
  insertProduct,
  selectProductsById as productsById,
  selectProducts as products,
  type Category,
} from "./store.ts";
