import { createHash } from "node:crypto";
import { networkOf } from "../origin.ts";
import type { Limit } from "./store.ts";

/**
 * Who may try how often, in the database, so that it holds across replicas. Each wrong try beyond the free ones doubles
 * the pause before the next, up to the longest; then one is forgotten for each longest pause that goes by. So nobody is
 * locked out for ever, and a guesser gets a hundred guesses a day at an account from one address.
 */
const FREE = { pair: 10, account: 50, address: 100 } as const;
const MAX_DELAYS_S = { pair: 900, account: 60, address: 300 } as const;

export type Tries = {
  /** Counted before the password is looked at: many at once get no more tries than one after another. */
  readonly before: readonly Limit[];
  /** Counted after it was wrong: many may share an address, and most of them are right. */
  readonly after: readonly Limit[];
};

/**
 * The limits for a try at an account, which may not exist, from an address. At an address where the user is signed in
 * only what happens there counts: what others do elsewhere keeps no user out.
 */
export function triesAt(account: string, address: string, isKnownAddress: boolean): Tries {
  const network = networkOf(address);
  const pair: Limit = {
    subject: subjectOf("pair", account, network),
    free: FREE.pair,
    longestSeconds: MAX_DELAYS_S.pair,
  };
  if (isKnownAddress) return { before: [pair], after: [] };
  return {
    before: [
      pair,
      { subject: subjectOf("account", account), free: FREE.account, longestSeconds: MAX_DELAYS_S.account },
    ],
    after: [
      { subject: subjectOf("address", network), free: FREE.address, longestSeconds: MAX_DELAYS_S.address },
    ],
  };
}

/** What stands in the database for whom or what is tried. */
export function subjectOf(...parts: readonly string[]): string {
  return createHash("sha256").update(parts.join("\u0000")).digest("hex");
}

/** Guesses at codes that enrol devices, from an address. */
export function codeTries(address: string): readonly Limit[] {
  return [{ subject: subjectOf("code", networkOf(address)), free: 10, longestSeconds: 300 }];
}
