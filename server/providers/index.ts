export { ofInstallation, type Account, type Providers } from "./account.ts";
export type * from "./provider.ts";
export { UNREACHABLE } from "./provider.ts";
export { createMidtrans } from "./midtrans.ts";
export { createSnap, SNAP_NOTIFY_PATH } from "./snap.ts";
export { createTripay } from "./tripay.ts";
export { guarded } from "./guard.ts";
export { createXendit } from "./xendit.ts";
