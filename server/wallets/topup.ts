import {
  checkedToMethod,
  checkedToMoney,
  IDR,
  isRefusal,
  refuse,
  type Id,
  type Refusal,
  type TopupBody,
} from "@onegate/contract";
import { inSnapshot, inTransaction, type Once } from "../kernel/index.ts";
import { openPayment, paymentsOf, saveOrder, type Payment } from "../payments/index.ts";
import { ownAccount } from "./account.ts";
import { topupBody } from "./body.ts";
import { onceFor, type WalletOwner, type Wallets } from "./context.ts";
import { useLimit } from "./limit.ts";
import { failTopup } from "./settle-topup.ts";
import { insertOperation, lockOpenTopup, lockUser, selectOperation } from "./store.ts";
import { TOPUP_METHODS } from "./topup-method.ts";
import { topupOrderId } from "./topup-order.ts";

export type TopupInput = {
  readonly method?: string;
  readonly payment_method?: string;
  readonly amount: string | number;
  readonly currency?: string;
  readonly account_id?: Id;
};

/**
 * Starts a top-up, once per key. The operation and its order are saved first. Then the payment is opened at a
 * provider, whose notification settles the top-up. If the process stops in between, a retry opens the
 * payment. Without a key, the answer is the newest recent open top-up of the same account, method and amount,
 * if there is one: older clients send no key, and their users press twice. Refuses `request_invalid` when the
 * method is missing, `channel_unknown`, malformed amounts, `currency_unsupported` (providers collect rupiah),
 * `account_unknown`, `user_closed`, `account_frozen`, the limits of TOPUP, in this order, and then what
 * opening a payment refuses.
 */
export async function topUp(
  wallets: Wallets,
  owner: WalletOwner,
  { payment_method: spelled, ...named }: TopupInput,
  key: string | undefined,
): Promise<Once<TopupBody>> {
  const { merchantId, userId } = owner;
  const method = checkedToMethod({ ...named, ...(spelled === undefined ? {} : { payment_method: spelled }) });
  if (isRefusal(method)) return { answer: method, replayed: false };
  const unchecked = { ...named, method };
  const channels = Object.hasOwn(TOPUP_METHODS, method) ? TOPUP_METHODS[method] : undefined;
  if (!channels) return { answer: refuse("channel_unknown"), replayed: false };
  let isRepeat = false;
  const begun = await onceFor(
    wallets,
    { merchantId, who: userId, verb: "topup", key: key ?? wallets.newId() },
    unchecked,
    async (tx) => {
      const amount = checkedToMoney({ amount: unchecked.amount, currency: unchecked.currency ?? IDR });
      if (isRefusal(amount)) return amount;
      if (amount.currency !== IDR) return refuse("currency_unsupported");
      const account = await ownAccount(tx, owner, amount.currency, unchecked.account_id);
      if (isRefusal(account)) return account;
      const user = await lockUser(tx, "id", userId);
      if (!user) return refuse("user_closed");
      if (account.status !== "ACTIVE") return refuse("account_frozen");
      if (key === undefined) {
        const existing = await lockOpenTopup(tx, merchantId, account.accountId, method, amount);
        isRepeat = existing !== undefined;
        if (existing) return { operation_id: existing };
      }
      const limited = await useLimit(tx, merchantId, account.accountId, "TOPUP", amount);
      if (limited) return limited;
      const operationId = wallets.newId();
      await insertOperation(tx, {
        merchantId,
        operationId,
        userId,
        accountId: account.accountId,
        kind: "TOPUP",
        step: "opened",
        amount,
        paymentMethod: method,
      });
      const order = await saveOrder(tx, {
        merchantId,
        orderId: topupOrderId(operationId),
        amount,
        customer: { name: user.username, email: user.email, phone: user.phone },
        items: [{ sku: null, name: "Isi saldo", price: amount.minor, quantity: 1 }],
      });
      return isRefusal(order) ? order : { operation_id: operationId };
    },
  );
  const { answer } = begun;
  const replayed = begun.replayed || isRepeat;
  if (isRefusal(answer)) return { answer, replayed };
  // a retry does not start a top-up again that has ended
  if ((await selectOperation(wallets.database.kysely, merchantId, answer.operation_id))?.step !== "opened")
    return { answer: await readTopup(wallets, owner, answer.operation_id), replayed };
  const payment = await openOn(wallets, merchantId, answer.operation_id, channels);
  // a retry after a lost answer may find the order paid; then the operation is the answer
  if (isRefusal(payment) && payment.refusal !== "order_paid") {
    // no payer has seen this payment; where an earlier attempt opened one, the top-up stays open
    await inTransaction(wallets.database, (tx) =>
      failTopup(tx, merchantId, answer.operation_id, payment.refusal),
    );
    return { answer: payment, replayed };
  }
  return { answer: await readTopup(wallets, owner, answer.operation_id), replayed };
}

/** Opens the payment on the first channel that is available. */
async function openOn(
  wallets: Wallets,
  merchantId: Id,
  operationId: Id,
  channels: readonly string[],
): Promise<Payment | Refusal> {
  let refused: Refusal = refuse("channel_unknown");
  for (const channel of channels) {
    const payment = await openPayment(wallets.payments, merchantId, topupOrderId(operationId), channel);
    if (!isRefusal(payment)) return payment.state === "failed" ? refuse("provider_refused") : payment;
    refused = payment;
    if (payment.refusal !== "channel_unknown" && payment.refusal !== "channel_inactive") break;
  }
  return refused;
}

/** A user's top-up with its newest payment, read from one snapshot. Refuses `topup_unknown`. */
export async function readTopup(
  { database }: Pick<Wallets, "database">,
  { merchantId, userId }: WalletOwner,
  operationId: Id,
): Promise<TopupBody | Refusal> {
  return inSnapshot(database, async (executor) => {
    const operation = await selectOperation(executor, merchantId, operationId);
    if (operation?.kind !== "TOPUP" || operation.userId !== userId) return refuse("topup_unknown");
    return topupBody(operation, (await paymentsOf(executor, merchantId, topupOrderId(operationId))).at(-1));
  });
}
