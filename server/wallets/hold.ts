import { isRefusal, type OperationBody } from "@onegate/contract";
import { announce, databaseNow, type Once } from "../kernel/index.ts";
import { operationBody } from "./body.ts";
import { onceFor, type WalletOwner, type Wallets } from "./context.ts";
import { checkedToPayment, type PaymentInput } from "./pay.ts";
import { insertOperation } from "./store.ts";

export type HoldInput = PaymentInput & {
  /** Whole seconds; a week by default. */
  readonly expires_in?: number;
};

/** Card schemes leave an authorisation open for this long. */
const DEFAULT_SECONDS = 7 * 24 * 60 * 60;

/**
 * Reserves an amount for a payee, once per key. The payee captures it in parts or releases it. What is not
 * captured in time is available to the payer again. Refuses what `pay` refuses.
 */
export async function hold(
  wallets: Wallets,
  owner: WalletOwner,
  unchecked: HoldInput,
  key: string,
): Promise<Once<OperationBody>> {
  const { merchantId, userId } = owner;
  return onceFor(wallets, { merchantId, who: userId, verb: "hold", key }, unchecked, async (tx) => {
    const checked = await checkedToPayment(tx, owner, unchecked);
    if (isRefusal(checked)) return checked;
    const { amount, from, to } = checked;
    const operationId = wallets.newId();
    const expiresAt = new Date(
      (await databaseNow(tx)).getTime() + (unchecked.expires_in ?? DEFAULT_SECONDS) * 1000,
    );
    const reserved = await wallets.ledger.applyIn(tx, merchantId, [
      { op: "reserve", id: operationId, debit: from.accountId, credit: to.accountId, amount, expiresAt },
    ]);
    if (isRefusal(reserved)) return reserved;
    const operation = await insertOperation(tx, {
      merchantId,
      operationId,
      userId,
      accountId: from.accountId,
      kind: "PAYMENT",
      step: "held",
      amount,
      counterAccountId: to.accountId,
      holdId: operationId,
      holdExpiresAt: expiresAt,
      paymentMethod: "WALLET",
      description: unchecked.description ?? null,
    });
    await announce(tx, merchantId, "wallet.held", operationId, {
      operation_id: operationId,
      amount: amount.minor.toString(),
      currency: amount.currency,
    });
    return operationBody(operation);
  });
}
