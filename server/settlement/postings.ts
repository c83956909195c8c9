import { money, type Currency, type Id } from "@onegate/contract";
import { accountId, CHART, clearingCode, transfersOf, type Transfer } from "../ledger/index.ts";
import type { SettlementCase } from "./case.ts";
import type { StatementRow } from "./statement.ts";

type Transfers = Array<Omit<Transfer, "op">>;

/**
 * The transfers for what a row paid to the bank, or took from it. The same row always has the same transfer
 * ids.
 */
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

/** The transfers that clear a case: a fee difference goes to the provider's fees, the rest to suspense. */
export function cleared(
  settlementCase: Pick<
    SettlementCase,
    "merchantId" | "caseId" | "provider" | "currency" | "grossOver" | "feeOver" | "reference"
  >,
): Transfers {
  const over = (minor: bigint) => part(minor, settlementCase.currency);
  return transfersOf(
    "difference",
    settlementCase.merchantId,
    settlementCase.caseId,
    accountsOf(settlementCase.merchantId, settlementCase.provider),
    {
      paidMore: over(settlementCase.grossOver),
      paidLess: over(-settlementCase.grossOver),
      feeMore: over(settlementCase.feeOver),
      feeLess: over(-settlementCase.feeOver),
    },
    about(settlementCase.reference),
  );
}

/** The transfers that refund what `cleared` set aside. */
export function givenBack(
  settlementCase: Pick<
    SettlementCase,
    "merchantId" | "caseId" | "provider" | "currency" | "grossOver" | "reference"
  >,
): Transfers {
  return transfersOf(
    "give_back",
    settlementCase.merchantId,
    settlementCase.caseId,
    accountsOf(settlementCase.merchantId, settlementCase.provider),
    { givenBack: part(settlementCase.grossOver, settlementCase.currency) },
    about(settlementCase.reference),
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

/** The amount if it is positive, or else zero: a leg goes one way. */
function part(minor: bigint, currency: Currency) {
  return money(minor > 0n ? minor : 0n, currency);
}

function about(reference: string | null): Pick<Transfer, "reference"> {
  return reference === null ? {} : { reference };
}
