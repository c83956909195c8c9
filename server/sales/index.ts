export { cancelSale } from "./cancel.ts";
export { recognition } from "./complete.ts";
export { type Sales } from "./context.ts";
export { createSale } from "./create.ts";
export { onPaymentEnded } from "./on-payment.ts";
export { onPaymentRefunded } from "./on-refund.ts";
export { saleRoutes, TILL_TOPICS } from "./routes.ts";
export { lifecycle, next, type Sale, type SaleState } from "./sale.ts";
export { selectBreaches as saleBreaches } from "./store.ts";
