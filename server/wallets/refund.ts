import {
  checkedToMoney,
  isRefusal,
  money,
  refuse,
  toDecimal,
  type Id,
  type OperationBody,
} from "@onegate/contract";
import { announceAudit } from "../identity/index.ts";
import { announce, type Once } from "../kernel/index.ts";
import { transfersOf } from "../ledger/index.ts";
import { mayDecide } from "./account.ts";
import { operationBody } from "./body.ts";
import { onceFor, type Decider, type Wallets } from "./context.ts";
import { detailsOf } from "./operation.ts";
import { walletClearing } from "./order-provider.ts";
import { insertOperation, selectOperation, updateOperation } from "./store.ts";

export type RefundInput = { readonly amount?: string | number; readonly reason: string };

/**
 * Refunds a wallet payment from the payee to the payer, in whole or in part, once per key. The payment's row
 * is locked, so that concurrent partial refunds are counted one after the other. Refuses `payment_unknown`,
 * malformed amounts, `refund_exceeds`, `account_frozen`, `insufficient_funds` (of the payee), in this order.
 */
export async function refund(
  wallets: Wallets,
  decider: Decider,
  paymentId: Id,
  unchecked: RefundInput,
  key: string,
): Promise<Once<OperationBody>> {
  const { merchantId, actor: by } = decider;
  return onceFor(
    wallets,
    { merchantId, who: by, verb: "refund", key },
    { paymentId, ...unchecked },
    async (tx) => {
      const paid = await selectOperation(tx, merchantId, paymentId, "for update");
      // a payment of an order is refunded through the order
      const isForOrder = paid?.counterAccountId === walletClearing(merchantId);
      if (
        paid?.kind !== "PAYMENT" ||
        paid.counterAccountId === null ||
        isForOrder ||
        !(await mayDecide(tx, decider, paid.counterAccountId))
      )
        return refuse("payment_unknown");
      const { currency } = paid.amount;
      const left = paid.settled - paid.refunded;
      const amount =
        unchecked.amount === undefined
          ? money(left, currency)
          : checkedToMoney({ amount: unchecked.amount, currency });
      if (isRefusal(amount)) return amount;
      if (left === 0n || amount.minor > left) return refuse("refund_exceeds", { left: left.toString() });

      const operationId = wallets.newId();
      const about = {
        details: {
          ...detailsOf({ operationId, description: unchecked.reason, paymentMethod: "WALLET" }),
          original_id: paymentId,
        },
      };
      await updateOperation(tx, paid, paid.step, { refunded: amount.minor });
      const operation = await insertOperation(tx, {
        merchantId,
        operationId,
        userId: paid.userId,
        accountId: paid.accountId,
        kind: "REFUND",
        step: "done",
        amount,
        settled: amount.minor,
        counterAccountId: paid.counterAccountId,
        paymentMethod: "WALLET",
        description: unchecked.reason,
        originalId: paymentId,
        decidedBy: by,
      });
      await announce(tx, merchantId, "wallet.refunded", operationId, {
        operation_id: operationId,
        original_id: paymentId,
        amount: amount.minor.toString(),
        currency,
      });
      await announceAudit(tx, decider, {
        action: "wallet.refunded",
        subject: operationId,
        after: { payment_id: paymentId, amount: toDecimal(amount), currency },
      });
      const posted = await wallets.ledger.postIn(
        tx,
        merchantId,
        transfersOf(
          "pay_back",
          merchantId,
          operationId,
          { payee: paid.counterAccountId, payer: paid.accountId },
          { givenBack: amount },
          about,
        ),
      );
      return isRefusal(posted) ? posted : operationBody(operation);
    },
  );
}
