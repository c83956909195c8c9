export { CAFE } from "./cafe.ts";
export { DEMO_MERCHANT, DEMO_OUTLET, preferTripay, seedDemo, seedTestUser } from "./seed.ts";
