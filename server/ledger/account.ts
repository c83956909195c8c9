import { STATIC_PROVIDER, type Currency, type Id } from "@onegate/contract";
import { derivedId } from "../kernel/index.ts";

/**
 * The chart of accounts as data. A balance is credits less debits: what Onegate or a shop owes is above zero,
 * what it owns is below. `normal` is the side on which an account grows, so that a report can turn the sign.
 * Kinds with a `floor` can't be drawn below zero.
 */
export const accountKinds = {
  wallet: { normal: "credit", floor: true, is: "a user's money" },
  cash_drawer: { normal: "debit", floor: false, is: "cash in an outlet's drawer" },
  provider_clearing: {
    normal: "debit",
    floor: false,
    is: "paid by customers, not yet settled by the provider",
  },
  unverified_clearing: {
    normal: "debit",
    floor: false,
    is: "paid to a shop's printed code according to a cashier, not yet seen in a statement",
  },
  bank: { normal: "debit", floor: false, is: "money at the bank" },
  fees: { normal: "debit", floor: false, is: "what providers keep" },
  received: { normal: "credit", floor: false, is: "collected for orders, not yet recognised as a sale" },
  sales: { normal: "credit", floor: false, is: "revenue less tax" },
  tax_payable: { normal: "credit", floor: false, is: "tax collected for the state" },
  rounding: { normal: "credit", floor: false, is: "cash totals rounded to coins" },
  suspense: { normal: "credit", floor: false, is: "unmatched money" },
  disputed: {
    normal: "debit",
    floor: false,
    is: "taken back by payers' banks or providers, not yet decided",
  },
  losses: { normal: "debit", floor: false, is: "money that never arrived or was taken back for good" },
  liquidity: { normal: "credit", floor: false, is: "a currency's side of what was exchanged" },
} as const satisfies Record<string, { normal: "credit" | "debit"; floor: boolean; is: string }>;

export type AccountKind = keyof typeof accountKinds;

/** A new account; `code` names it within the merchant: `clearing:tripay`, `ACC_001`. */
export type NewAccount = {
  readonly id: Id;
  readonly code: string;
  readonly kind: AccountKind;
  readonly currency: Currency;
  readonly userId?: Id;
};

export type Balance = {
  readonly accountId: Id;
  readonly code: string;
  readonly kind: AccountKind;
  readonly currency: Currency;
  /** Minor units, credits less debits. */
  readonly posted: bigint;
  readonly held: bigint;
  readonly version: bigint;
  readonly status: "ACTIVE" | "SUSPENDED" | "CLOSED";
};

export type Entry = {
  readonly version: bigint;
  readonly transferId: Id;
  readonly kind: string;
  /** Minor units; a credit is above zero. */
  readonly amount: bigint;
  readonly balanceAfter: bigint;
  readonly postedAt: Date;
};

/** Derives an account's id from its merchant and code, so that it never has to be looked up. */
export function accountId(merchantId: Id, code: string): Id {
  return derivedId("account", merchantId, code);
}

/**
 * The accounts every merchant has, by code. A merchant also has a clearing account per provider, a drawer per
 * outlet and a liquidity account per exchanged currency.
 */
export const CHART = {
  bank: "bank",
  received: "received",
  fees: "fees",
  sales: "sales",
  tax: "tax_payable",
  rounding: "rounding",
  suspense: "suspense",
  disputed: "disputed",
  unverified: `unverified:${STATIC_PROVIDER}`,
  losses: "losses",
} as const;

export function clearingCode(provider: string): string {
  return `clearing:${provider}`;
}

export function drawerCode(outletId: Id): string {
  return `drawer:${outletId}`;
}

export function liquidityCode(currency: Currency): string {
  return `liquidity:${currency}`;
}

/**
 * A merchant's chart of accounts, to be opened once. `currencies` are those that it exchanges besides its
 * own.
 */
export function chartOf(
  merchantId: Id,
  currency: Currency,
  providers: readonly string[],
  outletIds: readonly Id[],
  currencies: readonly Currency[] = [],
): NewAccount[] {
  const account = (code: string, kind: AccountKind, accountCurrency: Currency = currency): NewAccount => ({
    id: accountId(merchantId, code),
    code,
    kind,
    currency: accountCurrency,
  });
  return [
    account(CHART.bank, "bank"),
    account(CHART.received, "received"),
    account(CHART.fees, "fees"),
    account(CHART.sales, "sales"),
    account(CHART.tax, "tax_payable"),
    account(CHART.rounding, "rounding"),
    account(CHART.suspense, "suspense"),
    account(CHART.disputed, "disputed"),
    account(CHART.unverified, "unverified_clearing"),
    account(CHART.losses, "losses"),
    ...[...new Set([...providers, STATIC_PROVIDER])].map((provider) =>
      account(clearingCode(provider), "provider_clearing"),
    ),
    ...outletIds.map((outletId) => account(drawerCode(outletId), "cash_drawer")),
    ...currencies.map((foreign) => account(liquidityCode(foreign), "liquidity", foreign)),
  ];
}
