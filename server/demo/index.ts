export { CAFE } from "./cafe.ts";
export { DEMO_MERCHANT, DEMO_OUTLET, seedDemo } from "./seed.ts";
