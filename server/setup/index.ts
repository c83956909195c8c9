export { makeOwnerCode, makeSetupCode } from "./codes.ts";
export { setupRoutes } from "./routes.ts";
