export { eraseUser } from "./erase-user.ts";
export { type Wallets } from "./context.ts";
export { walletOperatorRoutes } from "./operator-routes.ts";
export { markExpiredHolds } from "./release.ts";
export { createWalletProvider } from "./order-provider.ts";
export { walletRoutes } from "./routes.ts";
export {
  creditWaiting,
  failAbandonedTopups,
  onTopupCancelled,
  onTopupEnded,
  onTopupRefunded,
} from "./settle-topup.ts";
export { transfer } from "./transfer.ts";
export { walletUserRoutes } from "./user-routes.ts";
