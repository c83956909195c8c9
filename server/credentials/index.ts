export { type MakeProvider, type Vault } from "./context.ts";
export { createOwnProviders, type OwnProviders } from "./own-providers.ts";
export { resealAccounts } from "./reseal.ts";
export { accountRoutes } from "./routes.ts";
