import { checkedToMoney, IDR, isRefusal, refuse, type Id, type OperationBody } from "@onegate/contract";
import { countTry, recipientTries, selectWait } from "../identity/index.ts";
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
 * Sends a sum to another user, by username or telephone number, once per key; rupiah reach a user who has no account yet.
 * Refuses malformed sums, `account_unknown`, `currency_differs`, `account_frozen`, the limits of TRANSFER,
 * `insufficient_funds`, `too_many_requests`, `user_unknown`, `accounts_same`, in this order.
 *
 * Whoever can't pay is told that, whoever the recipient is; and why a recipient can't be paid (nobody has the number, has
 * no account in this currency, or a suspended one) is one answer. Such answers are counted by person, so that nobody reads
 * telephone numbers out of it.
 */
export async function send(
  wallets: Wallets,
  owner: WalletOwner,
  unchecked: TransferInput,
  key: string,
): Promise<Once<OperationBody>> {
  const { merchantId, userId } = owner;
  const tries = recipientTries(userId);
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
      // last, so that balances are held no longer than they need to be
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
  // counted before it is said: many at once learn no more than one after another
  const seconds = await countTry(wallets.database, tries);
  return seconds > 0 ? { answer: refuse("too_many_requests", { seconds }), replayed: false } : sent;
}
