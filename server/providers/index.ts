export type * from "./provider.ts";
export { UNREACHABLE } from "./provider.ts";
export { createTripay } from "./tripay.ts";
export { guarded } from "./guard.ts";
