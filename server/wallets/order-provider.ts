import { IDR, isRefusal, money, refuse, type Id } from "@onegate/contract";
import { announce, derivedAt, once } from "../kernel/index.ts";
import { accountId, clearingCode, transfersOf } from "../ledger/index.ts";
import { selectPaymentByMerchantRef, type Payment } from "../payments/index.ts";
import type {
  Channel,
  InquireAnswer,
  Provider,
  ProviderState,
  RefundAnswer,
  RefundRequest,
} from "../providers/index.ts";
import type { Wallets } from "./context.ts";
import { detailsOf } from "./operation.ts";
import { insertOperation, selectOperation, updateOperation } from "./store.ts";

/** The provider's name. The code of its channel follows. */
export const WALLET = "wallet";
const CHANNEL = "WALLET";
const FREE = { flat: money(0n, IDR), percentBasisPoints: 0 };

const channel: Channel = {
  code: CHANNEL,
  name: "Saldo Onegate",
  group: "Wallet",
  type: "direct",
  feeMerchant: FREE,
  feeCustomer: FREE,
  totalFee: FREE,
  minimumFee: null,
  maximumFee: null,
  minimumAmount: money(1n, IDR),
  maximumAmount: money(10_000_000_00n, IDR),
  iconUrl: "",
  active: true,
};

/** The id of the operation that pays an order. It is derived from the payment, so an order has only one. */
export function orderOperationId(payment: Pick<Payment, "merchantId" | "paymentId">): Id {
  return derivedAt(payment.paymentId, "wallet_payment", payment.merchantId);
}

/** The account that stands in for the provider's. It is paid into and collected from in one transaction. */
export function walletClearing(merchantId: Id): Id {
  return accountId(merchantId, clearingCode(WALLET));
}

/** The state that a provider would report for a paid payment. Here this program is the provider. */
export function paidState({ merchantRef, amount }: Payment): ProviderState {
  return {
    reference: merchantRef,
    merchantRef,
    status: "paid",
    amount,
    feeMerchant: money(0n, amount.currency),
    feeCustomer: money(0n, amount.currency),
    paidAt: null,
  };
}

/**
 * The wallets of the merchant's own users as a provider. An order is opened with a pay code and paid with
 * `payOrder`, in one transaction with the order. No request leaves the program, so no answer can be lost.
 * Refunds go back to the wallet that paid. There are no notifications.
 */
export function createWalletProvider(
  wallets: Pick<Wallets, "database" | "ledger">,
  clock: { now(): number },
): Provider {
  const { kysely } = wallets.database;

  async function inquire(merchantRef: string, expiresAt: Date | null): Promise<InquireAnswer> {
    const payment = await selectPaymentByMerchantRef(kysely, merchantRef);
    if (payment?.provider !== WALLET) return { answer: "absent" };
    const paid = await selectOperation(kysely, payment.merchantId, orderOperationId(payment));
    const isOver = (expiresAt ?? payment.expiresAt ?? new Date(0)).getTime() <= clock.now();
    return {
      answer: "found",
      state: { ...paidState(payment), status: paid ? "paid" : isOver ? "expired" : "pending" },
      opened: null,
    };
  }

  async function giveBack({ merchantRef, refundRef, amount, reason }: RefundRequest): Promise<RefundAnswer> {
    const payment = await selectPaymentByMerchantRef(kysely, merchantRef);
    if (payment?.provider !== WALLET) return { answer: "refused", reason: "payment_unknown" };
    const { merchantId } = payment;
    const { answer } = await once(
      wallets.database,
      { merchantId, route: "wallet.order_refund", key: refundRef },
      { amount },
      async (tx) => {
        const paid = await selectOperation(tx, merchantId, orderOperationId(payment), "for update");
        if (!paid) return refuse("payment_unknown");
        if (amount.minor > paid.settled - paid.refunded)
          return refuse("refund_exceeds", { left: (paid.settled - paid.refunded).toString() });
        const operationId = derivedAt(payment.paymentId, `wallet_refund:${refundRef}`, merchantId);
        const about = {
          reference: refundRef,
          details: {
            ...detailsOf({ operationId, description: reason, paymentMethod: "WALLET" }),
            original_id: paid.operationId,
          },
        };
        await updateOperation(tx, paid, paid.step, { refunded: amount.minor });
        await insertOperation(tx, {
          merchantId,
          operationId,
          userId: paid.userId,
          accountId: paid.accountId,
          kind: "REFUND",
          step: "done",
          amount,
          settled: amount.minor,
          counterAccountId: walletClearing(merchantId),
          paymentMethod: "WALLET",
          description: reason,
          originalId: paid.operationId,
        });
        await announce(tx, merchantId, "wallet.refunded", operationId, {
          operation_id: operationId,
          original_id: paid.operationId,
          amount: amount.minor.toString(),
          currency: amount.currency,
        });
        const posted = await wallets.ledger.postIn(
          tx,
          merchantId,
          transfersOf(
            "pay_back",
            merchantId,
            operationId,
            { payee: walletClearing(merchantId), payer: paid.accountId },
            { givenBack: amount },
            about,
          ),
        );
        return isRefusal(posted) ? posted : { reference: operationId };
      },
    );
    return isRefusal(answer)
      ? { answer: "refused", reason: answer.refusal }
      : { answer: "refunded", reference: answer.reference };
  }

  return {
    name: WALLET,
    isOurs: true,
    takesSen: true,
    channels: async () => [channel],
    open: async ({ merchantRef, amount, expiresAt }) => ({
      answer: "opened",
      opened: {
        reference: merchantRef,
        channelName: channel.name,
        amount,
        feeMerchant: money(0n, amount.currency),
        feeCustomer: money(0n, amount.currency),
        qrString: `onegate:${merchantRef}`,
        payCode: merchantRef,
        checkoutUrl: null,
        expiresAt,
      },
    }),
    inquire: ({ merchantRef, expiresAt }) => inquire(merchantRef, expiresAt ?? null),
    // the payment's own row records the cancellation, and `payOrder` checks it first
    cancel: async () => ({ answer: "cancelled" }),
    refund: giveBack,
    // repeating the refund has no further effect and returns its result
    inquireRefund: giveBack,
    readNotification: () => refuse("not_found"),
    acknowledgement: {},
    scrub: (text) => text,
  };
}
