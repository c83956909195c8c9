import { checkedToMoney, isRefusal, refuse, toDecimal, type Id, type Refusal } from "@onegate/contract";
import { derivedId, type Database } from "../kernel/index.ts";
import { accountId, kindsOf, type Ledger } from "../ledger/index.ts";

export type TransferRequest = { readonly id: string; readonly currency: string; readonly amount: string | number; readonly source_account: string; readonly destination_account: string };
export type TransferDone = {
  readonly id: string; readonly status: "SUCCESS"; readonly currency: string; readonly amount: string; readonly source_account: string;
  readonly destination_account: string; readonly transfer_id: Id;
};

/** Codes of wallets, by merchant: an account's kind never changes, so it is looked up once. */
const wallets = new Map<Id, Set<string>>();
const MOST_REMEMBERED = 200_000;

/** Whether all these accounts are wallets; a shop's own accounts are moved by its sales and payments alone. */
async function areWallets(database: Database, merchantId: Id, codes: readonly string[]): Promise<boolean> {
  const known = wallets.get(merchantId) ?? new Set<string>();
  wallets.set(merchantId, known);
  const unknown = codes.filter((code) => !known.has(code));
  if (unknown.length === 0) return true;
  if (known.size > MOST_REMEMBERED) known.clear();
  const kinds = await kindsOf(database.kysely, merchantId, unknown);
  for (const [code, kind] of kinds) if (kind === "wallet") known.add(code);
  return unknown.every((code) => kinds.get(code) === "wallet");
}

/**
 * Moves a sum between two wallets, once per `id`: the ledger's transfer is the record of the request, so a retry on any
 * replica is answered alike. Refuses malformed sums, `accounts_same`, `account_unknown`, `account_frozen`,
 * `currency_differs`, `insufficient_funds`, and `idempotency_key_reused` for the same id with another content.
 */
export async function transfer({ database, ledger }: { database: Database; ledger: Ledger }, merchantId: Id, unchecked: TransferRequest): Promise<TransferDone | Refusal> {
  const amount = checkedToMoney(unchecked);
  if (isRefusal(amount)) return amount;
  if (!(await areWallets(database, merchantId, [unchecked.source_account, unchecked.destination_account]))) return refuse("account_unknown");
  const id = derivedId("payments", merchantId, unchecked.id);
  const posted = await ledger.post(merchantId, {
    id,
    kind: "payment",
    debit: accountId(merchantId, unchecked.source_account),
    credit: accountId(merchantId, unchecked.destination_account),
    amount,
    reference: unchecked.id,
  });
  if (isRefusal(posted)) return posted.refusal === "transfer_differs" ? refuse("idempotency_key_reused") : posted;
  return {
    id: unchecked.id,
    status: "SUCCESS",
    currency: amount.currency,
    amount: toDecimal(amount),
    source_account: unchecked.source_account,
    destination_account: unchecked.destination_account,
    transfer_id: id,
  };
}
