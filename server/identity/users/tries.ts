import { createHash } from "node:crypto";
import { networkOf } from "../origin.ts";
import type { Limit } from "./store.ts";

/**
 * Limits on password tries, counted in the database so that they hold across replicas. Each wrong try beyond
 * the free ones doubles the pause before the next, up to the maximum. One try is forgotten for each maximum
 * pause that passes. So no user is locked out for ever, and a guesser gets about a hundred guesses a day at
 * an account from one address.
 */
const FREE = { pair: 10, account: 50, address: 100 } as const;
const MAX_DELAYS_S = { pair: 900, account: 60, address: 300 } as const;

export type Tries = {
  /** Counted before the password is checked, so that concurrent tries get no more than sequential ones. */
  readonly before: readonly Limit[];
  /** Counted only if the password was wrong, because many honest users may share an address. */
  readonly after: readonly Limit[];
};

/**
 * The limits for a try at an account, which need not exist, from an address. At an address where the user is
 * signed in, only tries from there count, so others cannot lock the user out.
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

/** The key of a limit in the database: a hash of what is tried. */
export function subjectOf(...parts: readonly string[]): string {
  return createHash("sha256").update(parts.join("\u0000")).digest("hex");
}

/** The limits on guesses at device codes from an address. */
export function codeTries(address: string): readonly Limit[] {
  return [{ subject: subjectOf("code", networkOf(address)), free: 10, longestSeconds: 300 }];
}
