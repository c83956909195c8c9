import { isRefusal, refuse, type Id, type OperationBody } from "@onegate/contract";
import { announce, type Once } from "../kernel/index.ts";
import { transfersOf } from "../ledger/index.ts";
import { applyState, selectPaymentByMerchantRef } from "../payments/index.ts";
import { ownAccount } from "./account.ts";
import { operationBody } from "./body.ts";
import { onceFor, type WalletOwner, type Wallets } from "./context.ts";
import { useLimit } from "./limit.ts";
import { detailsOf } from "./operation.ts";
import { orderOperationId, paidState, WALLET, walletClearing } from "./order-provider.ts";
import { insertOperation, updateOperation } from "./store.ts";

export type OrderPaymentInput = { readonly pay_code: string; readonly account_id?: Id };

/**
 * Pays an order that was opened on the channel WALLET, by its pay code, once per key. The wallet, the order
 * and what depends on the order change in one transaction. Refuses `payment_unknown`, `account_unknown`,
 * `currency_differs`, the limits of PAYMENT, `payment_not_open` (the payment is paid, expired or cancelled:
 * no money moved), `account_frozen`, `insufficient_funds`, in this order.
 */
export async function payOrder(
  wallets: Wallets,
  owner: WalletOwner,
  unchecked: OrderPaymentInput,
  key: string,
): Promise<Once<OperationBody>> {
  const { merchantId, userId } = owner;
  return onceFor(wallets, { merchantId, who: userId, verb: "pay_order", key }, unchecked, async (tx) => {
    const payment = await selectPaymentByMerchantRef(tx, unchecked.pay_code.replace(/^onegate:/, ""));
    // a wallet belongs to one merchant: an order of another merchant looks unknown
    if (payment?.provider !== WALLET || payment.merchantId !== merchantId) return refuse("payment_unknown");
    const { amount } = payment;
    const from = await ownAccount(tx, owner, amount.currency, unchecked.account_id);
    if (isRefusal(from)) return from;
    const limited = await useLimit(tx, merchantId, from.accountId, "PAYMENT", amount);
    if (limited) return limited;
    if (payment.expiresAt && payment.expiresAt.getTime() <= wallets.payments.clock.now())
      return refuse("payment_not_open");
    if (
      payment.state !== "pending" ||
      (await applyState(tx, wallets.payments, payment, paidState(payment))) !== "applied"
    )
      return refuse("payment_not_open");

    const operationId = orderOperationId(payment);
    const about = {
      reference: payment.orderId,
      details: detailsOf({ operationId, description: payment.orderId, paymentMethod: "WALLET" }),
    };
    const operation = await insertOperation(tx, {
      merchantId,
      operationId,
      userId,
      accountId: from.accountId,
      kind: "PAYMENT",
      step: "done",
      amount,
      settled: amount.minor,
      counterAccountId: walletClearing(merchantId),
      paymentMethod: "WALLET",
      description: payment.orderId,
    });
    await announce(tx, merchantId, "wallet.paid", operationId, {
      operation_id: operationId,
      order_id: payment.orderId,
      amount: amount.minor.toString(),
      currency: amount.currency,
    });
    const posted = await wallets.ledger.postIn(
      tx,
      merchantId,
      transfersOf(
        "pay",
        merchantId,
        operationId,
        { payer: from.accountId, payee: walletClearing(merchantId) },
        { paid: amount },
        about,
      ),
    );
    return isRefusal(posted)
      ? posted
      : operationBody(await updateOperation(tx, operation, "done", { reference: payment.orderId }));
  });
}
