import { checkedToCurrency, refuse, type WalletAccountBody } from "@onegate/contract";
import type { Once } from "../kernel/index.ts";
import { accountInUse } from "./account.ts";
import { accountBody } from "./body.ts";
import { onceFor, type WalletOwner, type Wallets } from "./context.ts";

/**
 * Opens a user's account in a currency, once per key. If the user already has one in use, answers that one.
 * Refuses `currency_unknown`, `user_closed`, and `account_frozen` when the account in this currency was
 * closed.
 */
export async function openAccount(
  wallets: Wallets,
  owner: WalletOwner,
  unchecked: { currency: string },
  key: string,
): Promise<Once<WalletAccountBody>> {
  const { merchantId, userId } = owner;
  return onceFor(wallets, { merchantId, who: userId, verb: "open", key }, unchecked, async (tx) => {
    const currency = checkedToCurrency(unchecked.currency);
    if (!currency) return refuse("currency_unknown");
    const account = await accountInUse(tx, merchantId, userId, currency, true);
    return "refusal" in account ? account : accountBody(account);
  });
}
