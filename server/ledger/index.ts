export {
  accountId,
  accountKinds,
  CHART,
  chartOf,
  clearingCode,
  drawerCode,
  liquidityCode,
  type AccountKind,
  type Balance,
  type Entry,
  type NewAccount,
} from "./account.ts";
export { type Item, type Posted, type Result, type Transfer } from "./item.ts";
export { prove, rememberProof, type Breach, type Proof } from "./proof.ts";
export { seal } from "./seal.ts";
export {
  checkHeads,
  readSealKey,
  selectSignedHeads as signedHeads,
  signHeads,
  signText,
  type SignedHeads,
} from "./sign.ts";
export { postings, transfersOf, type Posting } from "./posting.ts";
export { createLedger, type Ledger } from "./ledger.ts";
export {
  closeUserAccounts as closeAccountsOf,
  insertAccounts as openAccounts,
  selectBalanceByCode as balanceByCode,
  selectBalances as balancesOf,
  selectBalanceAt as balanceAt,
  selectDayBalances as dayBalances,
  selectDayVersions as dayVersions,
  selectEntries as statement,
  selectKinds as kindsOf,
  type DayBalance,
  type DayRange,
  updateStatus as setStatus,
} from "./store.ts";
