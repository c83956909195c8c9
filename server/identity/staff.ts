import type { Id } from "@onegate/contract";

export type StaffRole = "owner" | "manager" | "cashier";

export type Staff = { readonly staffId: Id; readonly name: string; readonly role: StaffRole };

/** Who is behind a request. */
export type Principal =
  | { readonly role: StaffRole; readonly merchantId: Id; readonly outletId: Id; readonly staffId: Id; readonly name: string }
  | { readonly role: "sandbox"; readonly merchantId: Id }
  | { readonly role: "anyone" };

/** After this many wrong PINs in a row each further try has to wait, twice as long every time. */
const FREE_TRIES = 5;
const LONGEST_DELAY_S = { owner: 30, manager: 300, cashier: 300 } as const;

/** Seconds to wait after the `wrongPins`-th wrong PIN; short for an owner, whom nobody may lock out. */
export function pinDelay(wrongPins: number, role: StaffRole): number {
  if (wrongPins < FREE_TRIES) return 0;
  return Math.min(2 ** (wrongPins - FREE_TRIES), LONGEST_DELAY_S[role]);
}
