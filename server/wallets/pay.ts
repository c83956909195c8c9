import {
  checkedToMoney,
  isRefusal,
  refuse,
  type Id,
  type Money,
  type OperationBody,
  type Refusal,
} from "@onegate/contract";
import { announce, type Once, type Tx } from "../kernel/index.ts";
import { transfersOf } from "../ledger/index.ts";
import { ownAccount } from "./account.ts";
import { operationBody } from "./body.ts";
import { onceFor, type WalletOwner, type Wallets } from "./context.ts";
import { useLimit } from "./limit.ts";
import { detailsOf } from "./operation.ts";
import { insertOperation, selectWallet, type WalletAccount } from "./store.ts";

export type PaymentInput = {
  readonly destination_account: string;
  readonly amount: string | number;
  readonly currency: string;
  readonly account_id?: Id;
  readonly description?: string;
};

/**
 * Pays a wallet account of the merchant by its code, once per key. Refuses malformed amounts,
 * `account_unknown`, `currency_differs`, `payee_unknown`, `accounts_same`, the limits of PAYMENT,
 * `account_frozen`, `insufficient_funds`, in this order.
 */
export async function pay(
  wallets: Wallets,
  owner: WalletOwner,
  unchecked: PaymentInput,
  key: string,
): Promise<Once<OperationBody>> {
  const { merchantId, userId } = owner;
  return onceFor(wallets, { merchantId, who: userId, verb: "pay", key }, unchecked, async (tx) => {
    const checked = await checkedToPayment(tx, owner, unchecked);
    if (isRefusal(checked)) return checked;
    const { amount, from, to } = checked;
    const operationId = wallets.newId();
    const description = unchecked.description ?? null;
    const about = { details: detailsOf({ operationId, description, paymentMethod: "WALLET" }) };
    const operation = await insertOperation(tx, {
      merchantId,
      operationId,
      userId,
      accountId: from.accountId,
      kind: "PAYMENT",
      step: "done",
      amount,
      settled: amount.minor,
      counterAccountId: to.accountId,
      paymentMethod: "WALLET",
      description,
    });
    await announce(tx, merchantId, "wallet.paid", operationId, {
      operation_id: operationId,
      amount: amount.minor.toString(),
      currency: amount.currency,
    });
    // posted last, so that balances are locked as briefly as possible
    const posted = await wallets.ledger.postIn(
      tx,
      merchantId,
      transfersOf(
        "pay",
        merchantId,
        operationId,
        { payer: from.accountId, payee: to.accountId },
        { paid: amount },
        about,
      ),
    );
    return isRefusal(posted) ? posted : operationBody(operation);
  });
}

/**
 * Checks the amount, the payer's and the payee's account, and counts the amount against the payer's limits.
 */
export async function checkedToPayment(
  tx: Tx,
  owner: WalletOwner,
  unchecked: PaymentInput,
): Promise<{ amount: Money; from: WalletAccount; to: WalletAccount } | Refusal> {
  const amount = checkedToMoney(unchecked);
  if (isRefusal(amount)) return amount;
  const from = await ownAccount(tx, owner, amount.currency, unchecked.account_id);
  if (isRefusal(from)) return from;
  const to = await selectWallet(tx, owner.merchantId, "code", unchecked.destination_account);
  if (!to) return refuse("payee_unknown");
  if (to.accountId === from.accountId) return refuse("accounts_same");
  const limited = await useLimit(tx, owner.merchantId, from.accountId, "PAYMENT", amount);
  return limited ?? { amount, from, to };
}
