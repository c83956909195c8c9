import { DEMO_MERCHANT } from "../../server/demo/index.ts";
import { bySystem } from "../../server/identity/index.ts";

/** The person who decides in the simulated shop, for the audit trail. */
export const RATNA = { ...bySystem(DEMO_MERCHANT), actor: "Ratna" };
