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

/** The provider's name, and its channel's code. */
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

/** The user's operation that pays an order: found by the payment, so it is there once. */
export function orderOperationId(payment: Pick<Payment, "merchantId" | "paymentId">): Id {
  return derivedAt(payment.paymentId, "wallet_payment", payment.merchantId);
}

/** What stands in for the provider's account while it is paid and collected from in one transaction. */
export function walletClearing(merchantId: Id): Id {
  return accountId(merchantId, clearingCode(WALLET));
}

/** The word of a provider that this program is itself. */
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
 * The merchant's own users as a provider: an order is opened with a pay code, and paid when a user says so (`payOrder`), in
 * one transaction with the order. Nothing is on its way anywhere, so no answer is ever lost; refunds go back to the wallet
 * that paid. It sends no notifications.
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
    // whoever gave the payment up did so in its own row, where a user who pays looks first
    cancel: async () => ({ answer: "cancelled" }),
    refund: giveBack,
    // doing it again is finding out
    inquireRefund: giveBack,
    readNotification: () => refuse("not_found"),
    acknowledgement: {},
    scrub: (text) => text,
  };
}
