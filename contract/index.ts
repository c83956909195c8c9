export * from "./currency.ts";
export * from "./ids.ts";
export * from "./money.ts";
export * from "./refusal.ts";
export * from "./sale-total.ts";
export * from "./schemas/common.ts";
export * from "./schemas/payment.ts";
export * from "./schemas/till.ts";
