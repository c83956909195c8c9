import { STATIC_PROVIDER, type Currency, type Id } from "@onegate/contract";
import { derivedId } from "../kernel/index.ts";

/**
 * The chart of accounts as data. A balance is credits less debits: what Onegate or a shop owes is above zero, what it
 * owns is below; `normal` says on which side an account grows, so that a report may turn the sign. `floor` kinds can't be
 * drawn below zero.
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
    is: "paid to a shop's printed code by a cashier's word, not yet seen in a statement",
  },
  bank: { normal: "debit", floor: false, is: "money at the bank" },
  fees: { normal: "debit", floor: false, is: "what providers keep" },
  received: { normal: "credit", floor: false, is: "collected for orders, not yet recognised as a sale" },
  sales: { normal: "credit", floor: false, is: "revenue less tax" },
  tax_payable: { normal: "credit", floor: false, is: "tax collected for the state" },
  rounding: { normal: "credit", floor: false, is: "cash totals rounded to coins" },
  suspense: { normal: "credit", floor: false, is: "money that fits nothing yet" },
  disputed: {
    normal: "debit",
    floor: false,
    is: "taken back by payers' banks or providers, not yet decided",
  },
  losses: { normal: "debit", floor: false, is: "money that never came or was taken back for good" },
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

/** An account's id follows from its merchant and code, so that nobody has to look it up. */
export function accountId(merchantId: Id, code: string): Id {
  return derivedId("account", merchantId, code);
}

/** The accounts every merchant has, by code; a provider's clearing account, an outlet's drawer and a currency's liquidity come on top. */
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

/** A merchant's chart, to be opened once; `currencies` beyond its own are those it exchanges. */
export function chartOf(
  merchantId: Id,
  currency: Currency,
  providers: readonly string[],
  outletIds: readonly Id[],
  currencies: readonly Currency[] = [],
): NewAccount[] {
  const account = (code: string, kind: AccountKind, its: Currency = currency): NewAccount => ({
    id: accountId(merchantId, code),
    code,
    kind,
    currency: its,
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
    ...currencies.map((its) => account(liquidityCode(its), "liquidity", its)),
  ];
}
