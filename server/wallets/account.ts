import { checkedToPhone, IDR, refuse, type Currency, type Id, type Refusal } from "@onegate/contract";
import { checkedToUsername } from "../identity/index.ts";
import { announce, type Tx } from "../kernel/index.ts";
import { accountId, openAccounts } from "../ledger/index.ts";
import type { Decider, WalletOwner } from "./context.ts";
import { lockUser, selectAccounts, selectWallet, type WalletAccount, type WalletUser } from "./store.ts";

/**
 * The account for a request: the one with the given id, or else the one in use for the currency. The first
 * use of rupiah opens the account. An account of another user looks unknown. Refuses `account_unknown`, and
 * `currency_differs` when the account with the given id has another currency.
 */
export async function ownAccount(
  tx: Tx,
  { merchantId, userId }: WalletOwner,
  currency: Currency,
  named?: Id,
): Promise<WalletAccount | Refusal> {
  if (named === undefined) return accountInUse(tx, merchantId, userId, currency, currency === IDR);
  const account = await selectWallet(tx, merchantId, "account_id", named);
  if (account?.userId !== userId) return refuse("account_unknown");
  return account.currency === currency ? account : refuse("currency_differs");
}

/** Finds a user by username or telephone number, in any spelling. Refuses `user_unknown`. */
export async function findUser(tx: Tx, unchecked: string): Promise<WalletUser | Refusal> {
  const phone = checkedToPhone(unchecked);
  const username = checkedToUsername(unchecked);
  const found =
    typeof phone === "string"
      ? await lockUser(tx, "phone", phone)
      : typeof username === "string"
        ? await lockUser(tx, "username", username)
        : undefined;
  return found ?? refuse("user_unknown");
}

/** Whether this decider may decide on a payment into an account. A payment to somebody else looks unknown. */
export async function mayDecide(
  tx: Tx,
  { merchantId, userId }: Decider,
  paidTo: Id | null,
): Promise<boolean> {
  if (userId === undefined) return true;
  return paidTo !== null && (await selectWallet(tx, merchantId, "account_id", paidTo))?.userId === userId;
}

/**
 * The user's account in use for a currency: the oldest that is not closed. If there is none and `open` is
 * true, opens one. Refuses `account_unknown`, `user_closed`, `account_frozen`.
 */
export async function accountInUse(
  tx: Tx,
  merchantId: Id,
  userId: Id,
  currency: Currency,
  open: boolean,
): Promise<WalletAccount | Refusal> {
  const used = (await selectAccounts(tx, merchantId, userId)).filter(
    (account) => account.currency === currency,
  );
  const found = used.find(({ status }) => status !== "CLOSED");
  if (found) return found;
  if (!open) return refuse("account_unknown");
  // locks the user, so that the user can't be closed while an account is opened
  if (!(await lockUser(tx, "id", userId))) return refuse("user_closed");
  const code = walletCode(userId, currency);
  const opened = await openAccounts(tx, merchantId, [
    { id: accountId(merchantId, code), code, kind: "wallet", currency, userId },
  ]);
  const account = await selectWallet(tx, merchantId, "code", code);
  if (!account) throw new Error("an opened account was not found");
  if (account.status === "CLOSED") return refuse("account_frozen");
  // a concurrent request may have opened the account first; then it has announced it
  if (opened.length > 0)
    await announce(tx, merchantId, "wallet.account_opened", account.accountId, {
      account_id: account.accountId,
      currency,
    });
  return account;
}

export function walletCode(userId: Id, currency: Currency): string {
  return `wallet:${userId}:${currency}`;
}
