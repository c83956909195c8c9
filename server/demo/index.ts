export { CAFE } from "./cafe.ts";
export { DEMO_MERCHANT, DEMO_OUTLET, preferTripay, seedDemo } from "./seed.ts";
