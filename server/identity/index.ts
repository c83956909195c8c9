export { guard, merchantOf, staffOf, userOf } from "./guard.ts";
export { rights, whyNot, type Right, type Role } from "./rights.ts";
export { identityRoutes } from "./routes.ts";
export { hashSecret } from "./secret.ts";
export { type Principal, type Staff, type StaffRole } from "./staff.ts";
export { insertMerchant, insertOutlet, insertStaff, selectMerchants as merchants, selectOutlets as outlets, type Merchant, type Outlet } from "./store.ts";
export { unlock } from "./unlock.ts";
