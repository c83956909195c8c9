export type * from "./provider.ts";
export { createTripay } from "./tripay.ts";
