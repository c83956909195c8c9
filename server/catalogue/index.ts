export { ean13CheckDigit, isEan13 } from "@onegate/contract";
export { catalogueRoutes } from "./routes.ts";
export { insertCategory, insertProduct, selectProductsById as productsById, selectProducts as products, type Category, type Product } from "./store.ts";
