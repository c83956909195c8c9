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
 * A payment ended: the top-up that it is for, if there is one, is credited or ends in the same transaction. Where the
 * account was suspended meanwhile the money stays in `received` until it is active again.
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
  // another payment of the same top-up may still be under way, or a part may be paid
  if (all.some(({ state }) => isOpen(state) || state === "succeeded")) return;
  await end(tx, topup, payment.state === "expired" ? "expire" : "fail", `the payment is ${payment.state}`);
}

/** received → wallet, or, where the wallet takes nothing now, a note. */
async function credit(tx: Tx, wallets: Wallets, topup: Operation, reference: string | null): Promise<void> {
  const { merchantId, operationId, accountId: wallet } = topup;
  const done = next(topup.kind, topup.step, "finish");
  if (!done) return;
  // it had been taken back when the payer seemed to be too late
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

/** An operator gave an order up: the top-up that waits for it, if it is one's, fails with it. */
export async function onTopupCancelled(tx: Tx, merchantId: Id, orderId: string): Promise<void> {
  const operationId = topupOf(orderId);
  if (operationId) await failTopup(tx, merchantId, operationId, "the order was cancelled");
}

/** Ends a top-up whose payment could not be opened, unless one is open or paid after all. */
export async function failTopup(tx: Tx, merchantId: Id, operationId: Id, why: string): Promise<void> {
  const topup = await selectOperation(tx, merchantId, operationId, "for update");
  if (topup?.step !== "opened") return;
  const all = await paymentsOf(tx, merchantId, topupOrderId(operationId));
  if (!all.some(({ state }) => isOpen(state) || state === "succeeded")) await end(tx, topup, "fail", why);
}

/**
 * A top-up is given back by its provider: the wallet gives it back first, within the same transaction. What the user has
 * spent of it already is missing and stands in `suspense`, against the user. Answers what is to be posted.
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
    // nothing was credited yet: what is left is credited later
    const all = topup.refunded + amount.minor >= topup.amount.minor;
    await updateOperation(tx, topup, (all && next(topup.kind, topup.step, "fail")) || topup.step, {
      refunded: amount.minor,
      note: "given back to the payer",
    });
    return [];
  }
  await wallets.ledger.lockIn(tx, merchantId, [topup.accountId]);
  const wallet = await selectWallet(tx, merchantId, "account_id", topup.accountId);
  const available = wallet?.status === "ACTIVE" ? wallet.posted - wallet.held : 0n;
  const returned = available < amount.minor ? available : amount.minor;
  await updateOperation(tx, topup, topup.step, {
    refunded: amount.minor,
    ...(returned < amount.minor
      ? { note: "given back to the payer; the wallet no longer had all of it" }
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

/** Credits top-ups whose money waited for their account, of one account or of all that are active; answers how many. */
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

/** Ends top-ups whose process died before a payment was opened; answers how many were looked at. */
export async function endForgotten({ database }: Pick<Wallets, "database">): Promise<number> {
  const forgotten = await selectForgotten(database.kysely, BATCH_SIZE);
  for (const { merchantId, operationId } of forgotten)
    await inTransaction(database, (tx) => failTopup(tx, merchantId, operationId, "the payment was given up"));
  return forgotten.length;
}
