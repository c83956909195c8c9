import { checkedToMoney, IDR, isRefusal, refuse, type Id, type OperationBody } from "@onegate/contract";
import { announce, type Once } from "../kernel/index.ts";
import { transfersOf } from "../ledger/index.ts";
import { accountInUse, findUser, ownAccount } from "./account.ts";
import { operationBody } from "./body.ts";
import { onceFor, type WalletOwner, type Wallets } from "./context.ts";
import { useLimit } from "./limit.ts";
import { detailsOf } from "./operation.ts";
import { insertOperation } from "./store.ts";

export type SendWish = { readonly to: string; readonly amount: string | number; readonly currency: string; readonly account_id?: Id; readonly description?: string };

/**
 * Sends a sum to another user, by username or telephone number, once per key; rupiah reach a user who has no account yet.
 * Refuses malformed sums, `account_unknown`, `currency_differs`, `user_unknown`, `recipient_account_unknown`,
 * `accounts_same`, the limits of TRANSFER, `account_frozen`, `insufficient_funds`, in this order.
 */
export async function send(wallets: Wallets, owner: WalletOwner, unchecked: SendWish, key: string): Promise<Once<OperationBody>> {
  const { merchantId, userId } = owner;
  return onceFor(wallets, { merchantId, who: userId, verb: "transfer", key }, unchecked, async (tx) => {
    const amount = checkedToMoney(unchecked);
    if (isRefusal(amount)) return amount;
    const from = await ownAccount(tx, owner, amount.currency, unchecked.account_id);
    if (isRefusal(from)) return from;
    const recipient = await findUser(tx, unchecked.to);
    if (isRefusal(recipient)) return recipient;
    const to = await accountInUse(tx, merchantId, recipient.userId, amount.currency, amount.currency === IDR);
    if (isRefusal(to)) return refuse("recipient_account_unknown");
    if (to.accountId === from.accountId) return refuse("accounts_same");
    const limited = await useLimit(tx, merchantId, from.accountId, "TRANSFER", amount);
    if (limited) return limited;

    const operationId = wallets.newId();
    const description = unchecked.description ?? null;
    const about = { details: detailsOf({ operationId, description, paymentMethod: null }) };
    const operation = await insertOperation(tx, {
      merchantId, operationId, userId, accountId: from.accountId, kind: "TRANSFER", step: "done", amount, settled: amount.minor, counterAccountId: to.accountId, description,
    });
    await announce(tx, merchantId, "wallet.transferred", operationId, { operation_id: operationId, amount: amount.minor.toString(), currency: amount.currency });
    // last, so that balances are held no longer than they need to be
    const posted = await wallets.ledger.postIn(tx, merchantId, transfersOf("send", merchantId, operationId, { sender: from.accountId, recipient: to.accountId }, { sent: amount }, about));
    return isRefusal(posted) ? posted : operationBody(operation);
  });
}
