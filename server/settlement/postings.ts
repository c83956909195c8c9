import { money, type Currency, type Id } from "@onegate/contract";
import { accountId, CHART, clearingCode, transfersOf, type Transfer } from "../ledger/index.ts";
import type { SettlementCase } from "./case.ts";
import type { StatementRow } from "./statement.ts";

type Transfers = Array<Omit<Transfer, "op">>;

/** What a row brought to the bank, or took from it; the same row again has the same id. */
export function paidOut(
  merchantId: Id,
  provider: string,
  currency: Currency,
  row: Pick<StatementRow, "rowId" | "net" | "reference" | "merchantRef">,
): Transfers {
  return transfersOf(
    "settle",
    merchantId,
    row.rowId,
    accountsOf(merchantId, provider),
    { paidOut: part(row.net, currency), takenBack: part(-row.net, currency) },
    about(row.reference ?? row.merchantRef),
  );
}

/** What clears a case: more or less of a fee is the provider's, what is left goes to suspense. */
export function cleared(
  one: Pick<
    SettlementCase,
    "merchantId" | "caseId" | "provider" | "currency" | "grossOver" | "feeOver" | "reference"
  >,
): Transfers {
  const over = (minor: bigint) => part(minor, one.currency);
  return transfersOf(
    "difference",
    one.merchantId,
    one.caseId,
    accountsOf(one.merchantId, one.provider),
    {
      paidMore: over(one.grossOver),
      paidLess: over(-one.grossOver),
      feeMore: over(one.feeOver),
      feeLess: over(-one.feeOver),
    },
    about(one.reference),
  );
}

/** What was set aside by `cleared` to be given back, given back. */
export function givenBack(
  one: Pick<SettlementCase, "merchantId" | "caseId" | "provider" | "currency" | "grossOver" | "reference">,
): Transfers {
  return transfersOf(
    "give_back",
    one.merchantId,
    one.caseId,
    accountsOf(one.merchantId, one.provider),
    { givenBack: part(one.grossOver, one.currency) },
    about(one.reference),
  );
}

function accountsOf(merchantId: Id, provider: string) {
  const account = (code: string) => accountId(merchantId, code);
  return {
    bank: account(CHART.bank),
    clearing: account(clearingCode(provider)),
    suspense: account(CHART.suspense),
    fees: account(CHART.fees),
  };
}

/** The sum where it is above zero, and nothing otherwise: a leg goes one way. */
function part(minor: bigint, currency: Currency) {
  return money(minor > 0n ? minor : 0n, currency);
}

function about(reference: string | null): Pick<Transfer, "reference"> {
  return reference === null ? {} : { reference };
}
