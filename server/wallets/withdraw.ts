import { checkedToMoney, IDR, isRefusal, refuse, type Id, type WithdrawalBody } from "@onegate/contract";
import { announce, type Once } from "../kernel/index.ts";
import { accountId, CHART } from "../ledger/index.ts";
import { ownAccount } from "./account.ts";
import { operationBody } from "./body.ts";
import { onceFor, withPayout, type WalletOwner, type Wallets } from "./context.ts";
import { useLimit } from "./limit.ts";
import { insertOperation } from "./store.ts";

export type WithdrawalInput = {
  readonly amount: string | number;
  readonly currency?: string;
  readonly account_id?: Id;
  readonly bank: string;
  readonly account_number: string;
  readonly account_name: string;
};

/**
 * Requests a payout to a bank account, once per key. The amount is reserved until an operator has paid it out
 * or rejected it. Refuses malformed amounts, `currency_unsupported` (the bank account is in rupiah),
 * `account_unknown`, `currency_differs`, the limits of WITHDRAWAL, `account_frozen`, `insufficient_funds`, in
 * this order.
 */
export async function withdraw(
  wallets: Wallets,
  owner: WalletOwner,
  unchecked: WithdrawalInput,
  key: string,
): Promise<Once<WithdrawalBody>> {
  const { merchantId, userId } = owner;
  const done = await onceFor(
    wallets,
    { merchantId, who: userId, verb: "withdraw", key },
    unchecked,
    async (tx) => {
      const amount = checkedToMoney({ amount: unchecked.amount, currency: unchecked.currency ?? IDR });
      if (isRefusal(amount)) return amount;
      if (amount.currency !== IDR) return refuse("currency_unsupported");
      const from = await ownAccount(tx, owner, amount.currency, unchecked.account_id);
      if (isRefusal(from)) return from;
      const limited = await useLimit(tx, merchantId, from.accountId, "WITHDRAWAL", amount);
      if (limited) return limited;

      const operationId = wallets.newId();
      const bank = accountId(merchantId, CHART.bank);
      const operation = await insertOperation(tx, {
        merchantId,
        operationId,
        userId,
        accountId: from.accountId,
        kind: "WITHDRAWAL",
        step: "requested",
        amount,
        counterAccountId: bank,
        holdId: operationId,
        paymentMethod: "BANK_TRANSFER",
        payout: {
          bank: unchecked.bank,
          accountNumber: unchecked.account_number,
          accountName: unchecked.account_name,
        },
      });
      await announce(tx, merchantId, "wallet.withdrawal_requested", operationId, {
        operation_id: operationId,
        amount: amount.minor.toString(),
        currency: amount.currency,
      });
      const reserved = await wallets.ledger.applyIn(tx, merchantId, [
        { op: "reserve", id: operationId, debit: from.accountId, credit: bank, amount },
      ]);
      return isRefusal(reserved) ? reserved : operationBody(operation);
    },
  );
  return withPayout(wallets, merchantId, done);
}
