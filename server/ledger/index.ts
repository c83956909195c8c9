export { accountId, accountKinds, CHART, chartOf, clearingCode, drawerCode, liquidityCode, type AccountKind, type Balance, type Entry, type NewAccount } from "./account.ts";
export { type Posted, type Result, type Transfer } from "./item.ts";
export { postings, transfersOf, type Posting } from "./posting.ts";
export { createLedger, type Ledger } from "./ledger.ts";
export {
  insertAccounts as openAccounts,
  selectBalanceByCode as balanceByCode,
  selectBalances as balancesOf,
  selectBreaches as breaches,
  selectEntries as statement,
  selectKinds as kindsOf,
} from "./store.ts";
