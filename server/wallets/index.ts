export { walletRoutes } from "./routes.ts";
export { transfer } from "./transfer.ts";
