import { checkedToMoney, isRefusal, refuse, toDecimal, type Id, type Refusal } from "@onegate/contract";
import { derivedId } from "../kernel/index.ts";
import { accountId, type Ledger } from "../ledger/index.ts";

export type TransferRequest = { readonly id: string; readonly currency: string; readonly amount: string | number; readonly source_account: string; readonly destination_account: string };
export type TransferDone = {
  readonly id: string; readonly status: "SUCCESS"; readonly currency: string; readonly amount: string; readonly source_account: string;
  readonly destination_account: string; readonly transfer_id: Id;
};

/**
 * Moves a sum between two accounts, once per `id`: the ledger's transfer is the record of the request, so a retry on any
 * replica is answered alike. Refuses malformed sums, `accounts_same`, `account_unknown`, `account_frozen`,
 * `currency_differs`, `insufficient_funds`, and `idempotency_key_reused` for the same id with another content.
 */
export async function transfer(ledger: Ledger, merchantId: Id, unchecked: TransferRequest): Promise<TransferDone | Refusal> {
  const amount = checkedToMoney(unchecked);
  if (isRefusal(amount)) return amount;
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
