import type { Id, KeyScope } from "@onegate/contract";

export type StaffRole = "owner" | "manager" | "cashier";

export type Staff = { readonly staffId: Id; readonly name: string; readonly role: StaffRole };

export type StaffPrincipal = { readonly role: StaffRole; readonly merchantId: Id; readonly outletId: Id; readonly staffId: Id; readonly name: string };

/** Who is behind a request. */
export type Principal =
  | StaffPrincipal
  | { readonly role: "user"; readonly merchantId: Id; readonly userId: Id; readonly sessionId: Id }
  | { readonly role: "key"; readonly merchantId: Id; readonly keyId: Id; readonly scopes: readonly KeyScope[] }
  | { readonly role: "sandbox"; readonly merchantId: Id }
  | { readonly role: "anyone" };

/** From this wrong PIN in a row on, each further try has to wait, twice as long every time. */
export const FREE_TRIES = 5;
/** Seconds; short for an owner, whom nobody may lock out. */
export const LONGEST_DELAY_S = { owner: 30, others: 300 } as const;
