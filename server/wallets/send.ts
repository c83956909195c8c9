import { checkedToMoney, IDR, isRefusal, refuse, type Id, type OperationBody } from "@onegate/contract";
import { countTry, recipientLimit, selectWait } from "../identity/index.ts";
import { announce, type Once } from "../kernel/index.ts";
import { transfersOf } from "../ledger/index.ts";
import { accountInUse, findUser, ownAccount } from "./account.ts";
import { operationBody } from "./body.ts";
import { onceFor, type WalletOwner, type Wallets } from "./context.ts";
import { useLimit } from "./limit.ts";
import { detailsOf } from "./operation.ts";
import { insertOperation } from "./store.ts";

export type TransferInput = {
  readonly to: string;
  readonly amount: string | number;
  readonly currency: string;
  readonly account_id?: Id;
  readonly description?: string;
};

/**
 * Sends an amount to another user, by username or telephone number, once per key. A recipient who has no
 * rupiah account yet gets one. Refuses malformed amounts, `account_unknown`, `currency_differs`,
 * `account_frozen`, the limits of TRANSFER, `insufficient_funds`, `too_many_requests`, `user_unknown`,
 * `accounts_same`, in this order.
 *
 * The sender's account is checked first, so those refusals don't depend on the recipient. All reasons why a
 * recipient can't be paid (nobody has the number, no account in this currency, a suspended account) have one
 * answer. Such answers are counted per sender and limited, so that nobody can find out which telephone
 * numbers are registered.
 */
export async function send(
  wallets: Wallets,
  owner: WalletOwner,
  unchecked: TransferInput,
  key: string,
): Promise<Once<OperationBody>> {
  const { merchantId, userId } = owner;
  const tries = recipientLimit(userId);
  const sent = await onceFor(
    wallets,
    { merchantId, who: userId, verb: "transfer", key },
    unchecked,
    async (tx) => {
      const amount = checkedToMoney(unchecked);
      if (isRefusal(amount)) return amount;
      const from = await ownAccount(tx, owner, amount.currency, unchecked.account_id);
      if (isRefusal(from)) return from;
      if (from.status !== "ACTIVE") return refuse("account_frozen");
      const limited = await useLimit(tx, merchantId, from.accountId, "TRANSFER", amount);
      if (limited) return limited;
      if (from.posted - from.held < amount.minor) return refuse("insufficient_funds");
      const seconds = await selectWait(tx, tries);
      if (seconds > 0) return refuse("too_many_requests", { seconds });
      const recipient = await findUser(tx, unchecked.to);
      if (isRefusal(recipient)) return recipient;
      const to = await accountInUse(
        tx,
        merchantId,
        recipient.userId,
        amount.currency,
        amount.currency === IDR,
      );
      if (isRefusal(to) || to.status !== "ACTIVE") return refuse("user_unknown");
      if (to.accountId === from.accountId) return refuse("accounts_same");

      const operationId = wallets.newId();
      const description = unchecked.description ?? null;
      const about = { details: detailsOf({ operationId, description, paymentMethod: null }) };
      const operation = await insertOperation(tx, {
        merchantId,
        operationId,
        userId,
        accountId: from.accountId,
        kind: "TRANSFER",
        step: "done",
        amount,
        settled: amount.minor,
        counterAccountId: to.accountId,
        description,
      });
      await announce(tx, merchantId, "wallet.transferred", operationId, {
        operation_id: operationId,
        amount: amount.minor.toString(),
        currency: amount.currency,
      });
      // posted last, so that balances are locked as briefly as possible
      const posted = await wallets.ledger.postIn(
        tx,
        merchantId,
        transfersOf(
          "send",
          merchantId,
          operationId,
          { sender: from.accountId, recipient: to.accountId },
          { sent: amount },
          about,
        ),
      );
      return isRefusal(posted) ? posted : operationBody(operation);
    },
  );
  if (!isRefusal(sent.answer) || sent.answer.refusal !== "user_unknown") return sent;
  // counted before the answer is sent: concurrent requests learn no more than consecutive ones
  const seconds = await countTry(wallets.database, tries);
  return seconds > 0 ? { answer: refuse("too_many_requests", { seconds }), replayed: false } : sent;
}
