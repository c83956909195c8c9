import { money, type Id } from "@onegate/contract";
import { announce, inTransaction, type Tx } from "../kernel/index.ts";
import { accountId, CHART, transfersOf, type Transfer } from "../ledger/index.ts";
import { isOpen, paidSum, paymentsOf, type Payment, type Refund } from "../payments/index.ts";
import type { Wallets } from "./context.ts";
import { detailsOf, next, type Operation, type OperationEvent } from "./operation.ts";
import {
  addUsage,
  selectCreditable,
  selectForgotten,
  selectOperation,
  selectWallet,
  takeBackUsage,
  updateOperation,
} from "./store.ts";
import { topupOf, topupOrderId } from "./topup-order.ts";

/**
 * Called when a payment has ended. If it pays for a top-up, credits or ends the top-up in the same
 * transaction. If the account was suspended in the meantime, the money stays in `received` until the account
 * is active again.
 */
export async function onTopupEnded(tx: Tx, wallets: Wallets, payment: Payment): Promise<void> {
  const { merchantId, orderId } = payment;
  const operationId = topupOf(orderId);
  const topup = operationId && (await selectOperation(tx, merchantId, operationId, "for update"));
  if (!topup || topup.kind !== "TOPUP") return;
  const all = await paymentsOf(tx, merchantId, orderId);
  if (payment.state === "succeeded") {
    if (paidSum(all) >= topup.amount.minor) await credit(tx, wallets, topup, payment.reference);
    return;
  }
  // another payment of the same top-up may still be pending, or may have paid a part
  if (all.some(({ state }) => isOpen(state) || state === "succeeded")) return;
  await end(tx, topup, payment.state === "expired" ? "expire" : "fail", `the payment is ${payment.state}`);
}

/**
 * Moves the money from `received` to the wallet. If the account is not active, notes that the money waits.
 */
async function credit(tx: Tx, wallets: Wallets, topup: Operation, reference: string | null): Promise<void> {
  const { merchantId, operationId, accountId: wallet } = topup;
  const done = next(topup.kind, topup.step, "finish");
  if (!done) return;
  // the limit's usage was taken back when the top-up failed or expired; count it again
  if (topup.state === "FAILED") await addUsage(tx, merchantId, wallet, topup.kind, topup.amount.minor);
  const owed = money(topup.amount.minor - topup.refunded, topup.amount.currency);
  const about = {
    ...(reference === null ? {} : { reference: reference.slice(0, 80) }),
    details: detailsOf(topup),
  };
  await wallets.ledger.lockIn(tx, merchantId, [wallet]);
  if ((await selectWallet(tx, merchantId, "account_id", wallet))?.status !== "ACTIVE") {
    const waiting = next(topup.kind, topup.step, "collect");
    if (!waiting) return;
    await updateOperation(tx, topup, waiting, {
      reference: reference?.slice(0, 80) ?? null,
      note: "paid; the account is not active, so the money waits",
    });
    await announce(tx, merchantId, "wallet.topup_waiting", operationId, { operation_id: operationId });
    return;
  }
  wallets.ledger.stageIn(
    tx,
    merchantId,
    transfersOf(
      "topup",
      merchantId,
      operationId,
      { received: accountId(merchantId, CHART.received), wallet },
      { topped: owed },
      about,
    ),
  );
  await updateOperation(tx, topup, done, {
    settled: owed.minor,
    reference: reference?.slice(0, 80) ?? null,
    note: null,
  });
  await announce(tx, merchantId, "wallet.topped_up", operationId, {
    operation_id: operationId,
    amount: owed.minor.toString(),
    currency: owed.currency,
  });
}

async function end(tx: Tx, topup: Operation, event: OperationEvent, note: string): Promise<void> {
  const step = next(topup.kind, topup.step, event);
  if (!step) return;
  await takeBackUsage(tx, topup, topup.amount.minor);
  await updateOperation(tx, topup, step, { note });
  await announce(tx, topup.merchantId, "wallet.topup_ended", topup.operationId, {
    operation_id: topup.operationId,
    step,
  });
}

/** Called when an operator has cancelled an order. If it pays for a top-up, the top-up fails. */
export async function onTopupCancelled(tx: Tx, merchantId: Id, orderId: string): Promise<void> {
  const operationId = topupOf(orderId);
  if (operationId) await failTopup(tx, merchantId, operationId, "the order was cancelled");
}

/** Fails a top-up whose payment could not be opened, unless it has an open or paid payment. */
export async function failTopup(tx: Tx, merchantId: Id, operationId: Id, why: string): Promise<void> {
  const topup = await selectOperation(tx, merchantId, operationId, "for update");
  if (topup?.step !== "opened") return;
  const all = await paymentsOf(tx, merchantId, topupOrderId(operationId));
  if (!all.some(({ state }) => isOpen(state) || state === "succeeded")) await end(tx, topup, "fail", why);
}

/**
 * Called when a provider refunds the payment of a top-up. The wallet gives the money back first, in the same
 * transaction. What the user has already spent of it is missing and is recorded in `suspense`. Answers the
 * transfers to post.
 */
export async function onTopupRefunded(
  tx: Tx,
  wallets: Wallets,
  refund: Refund,
): Promise<ReadonlyArray<Omit<Transfer, "op">>> {
  const { merchantId, refundId, amount } = refund;
  const operationId = topupOf(refund.orderId);
  const topup = operationId && (await selectOperation(tx, merchantId, operationId, "for update"));
  if (!topup || topup.kind !== "TOPUP") return [];
  if (topup.step !== "done") {
    // nothing is credited yet; what is left will be credited later
    const all = topup.refunded + amount.minor >= topup.amount.minor;
    await updateOperation(tx, topup, (all && next(topup.kind, topup.step, "fail")) || topup.step, {
      refunded: amount.minor,
      note: "refunded to the payer",
    });
    return [];
  }
  await wallets.ledger.lockIn(tx, merchantId, [topup.accountId]);
  // an earlier refund of this transaction may have taken from the wallet already
  await wallets.ledger.postStagedIn(tx, merchantId);
  const wallet = await selectWallet(tx, merchantId, "account_id", topup.accountId);
  const available = wallet?.status === "ACTIVE" ? wallet.posted - wallet.held : 0n;
  const returned = available < amount.minor ? available : amount.minor;
  await updateOperation(tx, topup, topup.step, {
    refunded: amount.minor,
    ...(returned < amount.minor
      ? { note: "refunded to the payer; the wallet no longer had the full amount" }
      : {}),
  });
  const account = (code: string): Id => accountId(merchantId, code);
  return transfersOf(
    "topup_return",
    merchantId,
    refundId,
    { wallet: topup.accountId, received: account(CHART.received), suspense: account(CHART.suspense) },
    { returned: money(returned, amount.currency), missing: money(amount.minor - returned, amount.currency) },
    { details: { ...detailsOf(topup), refund_id: refundId } },
  );
}

const BATCH_SIZE = 500;

/**
 * Credits top-ups that wait for their account, for one account or for all that are active. Answers how many
 * it found.
 */
export async function creditWaiting(wallets: Wallets, account?: Id): Promise<number> {
  const waiting = await selectCreditable(wallets.database.kysely, BATCH_SIZE, account);
  for (const { merchantId, operationId } of waiting) {
    await inTransaction(wallets.database, async (tx) => {
      const topup = await selectOperation(tx, merchantId, operationId, "for update");
      if (topup?.step === "collected") await credit(tx, wallets, topup, topup.externalReference);
    });
  }
  return waiting.length;
}

/** Fails top-ups whose process stopped before a payment was opened. Answers how many it checked. */
export async function failAbandonedTopups({ database }: Pick<Wallets, "database">): Promise<number> {
  const forgotten = await selectForgotten(database.kysely, BATCH_SIZE);
  for (const { merchantId, operationId } of forgotten)
    await inTransaction(database, (tx) => failTopup(tx, merchantId, operationId, "no payment is open"));
  return forgotten.length;
}
