import { type Id, type Money } from "@onegate/contract";
import { announce, derivedId, type Tx } from "../kernel/index.ts";
import { accountId, CHART, clearingCode, transfersOf, type Transfer } from "../ledger/index.ts";
import type { Opened, ProviderState } from "../providers/index.ts";
import type { Payments } from "./context.ts";
import { recordRefunded } from "./give-back.ts";
import { movePayment, noteFacts } from "./move-payment.ts";
import { openDisputes } from "./open-dispute.ts";
import { isCodeless, isOpen, next, paidSum, type Payment, type PaymentEvent } from "./payment.ts";
import { replace } from "./replace.ts";
import {
  insertCase,
  lockPayment,
  selectPayment,
  selectPayments,
  type LockedOrder,
  type NewCase,
} from "./store.ts";
import { outletOf, announcePayment } from "./announce-payment.ts";

/** The effect of a provider's status on a payment. */
export type Outcome = "applied" | "duplicate" | "suspense" | "ignored";

const EVENTS = {
  pending: "open",
  paid: "pay",
  expired: "expire",
  failed: "fail",
  refunded: undefined,
} as const satisfies Record<ProviderState["status"], PaymentEvent | undefined>;

/**
 * Applies an authenticated status from a notification or an inquiry, within the caller's transaction:
 * payment, ledger, dependents (`onEnded`) and event change together. Repeating a status has no effect, and
 * statuses may arrive in any order: the result is the same.
 */
export async function applyState(
  tx: Tx,
  payments: Payments,
  before: Payment,
  found: ProviderState,
  opened: Opened | null = null,
): Promise<Outcome> {
  const { order, payment } = await lockPayment(tx, before);
  const { merchantId, paymentId } = payment;
  const chargebacks = found.takenBack ?? [];
  if (chargebacks.length === 0) return applyStatus(tx, payments, payment, found, opened, order);
  // a chargeback implies an earlier payment; a refund then comes out of what is left
  const paidOutcome =
    found.status === "paid" ? await applyStatus(tx, payments, payment, found, opened, order) : undefined;
  const isNew = await openDisputes(
    tx,
    payments,
    await requirePayment(tx, merchantId, paymentId),
    chargebacks,
  );
  const outcome = paidOutcome ?? (await applyStatus(tx, payments, payment, found, opened, order));
  return isNew ? "applied" : outcome;
}

async function requirePayment(tx: Tx, merchantId: Id, paymentId: Id): Promise<Payment> {
  const payment = await selectPayment(tx, merchantId, paymentId);
  if (!payment) throw new Error("the payment no longer exists");
  return payment;
}

async function applyStatus(
  tx: Tx,
  payments: Payments,
  payment: Payment,
  found: ProviderState,
  opened: Opened | null,
  order: LockedOrder,
): Promise<Outcome> {
  if (found.status === "paid") return applyPaid(tx, payments, payment, found, order);
  if (found.status === "refunded" && payment.state === "succeeded") {
    // money under another reference is in suspense: its refund is not a refund of this payment
    if (hasOtherReference(payment, found)) return "ignored";
    return (await recordRefunded(tx, payments, payment, found.reference)) ? "applied" : "duplicate";
  }

  const event = EVENTS[found.status];
  const state = event && next(payment.state, event);
  if (!state) {
    if (!opened || !isOpen(payment.state) || !isCodeless(payment)) return event ? "duplicate" : "ignored";
    // the payment was found earlier without its payment code, which has now arrived
    await announcePayment(tx, await noteFacts(tx, payment, { opened, found }));
    return "applied";
  }
  if (event === "fail" && payment.state === "pending" && payment.lostAt !== null && isCodeless(payment)) {
    // without a code nobody could pay it, so we cancelled it at the provider; the notification of that
    // arrived before the provider's answer
    await replace(tx, payments, payment, order);
    return "applied";
  }
  await movePayment(tx, payments, payment, event, { opened, found });
  return "applied";
}

/** Whether the provider's reference is not the one by which the payment is known. */
function hasOtherReference(payment: Payment, found: ProviderState): boolean {
  return payment.reference !== null && payment.reference !== found.reference;
}

async function applyPaid(
  tx: Tx,
  payments: Payments,
  payment: Payment,
  found: ProviderState,
  order: LockedOrder,
): Promise<Outcome> {
  if (netOf(found).minor <= 0n) return "ignored";
  if (payment.state === "succeeded" && !hasOtherReference(payment, found)) return "duplicate";
  const reason = await suspenseReason(tx, payment, found, order);
  if (reason) {
    await movePayment(tx, payments, payment, "cancel", { found, note: `paid, but in suspense: ${reason}` });
    return toSuspense(tx, payments, { ...payment, reason, found });
  }
  payments.ledger.stageIn(
    tx,
    payment.merchantId,
    collected(payment.merchantId, payment.paymentId, payment.provider, CHART.received, payment.amount, found),
  );
  if (!(await movePayment(tx, payments, payment, "pay", { found })))
    throw new Error(
      `a payment in state ${payment.state} can't be paid, and no reason for suspense was found`,
    );
  return "applied";
}

/** Why incoming money can't be booked as this payment; the first reason that applies. */
async function suspenseReason(
  tx: Tx,
  payment: Payment,
  found: ProviderState,
  order: LockedOrder,
): Promise<NewCase["reason"] | undefined> {
  const net = netOf(found).minor;
  if (found.amount.currency !== payment.amount.currency) return "orphan";
  // A payment is paid once. If the payer pays the same code again, the provider sends another reference; that
  // is a double payment even if the order has an amount left to pay.
  if (payment.state === "succeeded") return "double";
  // several payments may pay an order, but not more than its amount
  const paid = paidSum(await selectPayments(tx, payment.merchantId, payment.orderId));
  if (paid + payment.amount.minor > order.amount) return "double";
  if (order.cancelled || payment.state === "cancelled") return "late";
  if (net < payment.amount.minor) return "short";
  if (net > payment.amount.minor) return "over";
  return undefined;
}

/**
 * Books unmatched money to suspense and opens a case for it, once per provider reference. Money of zero or
 * less is ignored.
 */
export async function toSuspense(
  tx: Tx,
  payments: Payments,
  {
    merchantId,
    paymentId,
    provider,
    accountId,
    outletId = null,
    reason,
    found,
  }: {
    merchantId: Id;
    paymentId: Id | null;
    provider: string;
    accountId: Id | null;
    outletId?: Id | null;
    reason: NewCase["reason"];
    found: ProviderState;
  },
): Promise<Outcome> {
  const subject = `${provider}:${found.reference}`;
  const amount = netOf(found);
  if (amount.minor <= 0n) return "ignored";
  const transfers = collected(merchantId, subject, provider, CHART.suspense, amount, found);
  const [collection] = transfers;
  if (!collection) throw new Error("no transfer for money in suspense");
  const caseId = derivedId("case", merchantId, subject);
  const isNew = await insertCase(tx, {
    merchantId,
    caseId,
    provider,
    accountId,
    reference: found.reference,
    paymentId,
    reason,
    currency: amount.currency,
    amount: amount.minor,
    transferId: collection.id,
  });
  if (!isNew) return "duplicate";
  payments.ledger.stageIn(tx, merchantId, transfers);
  await announce(tx, merchantId, "case.opened", caseId, {
    reason,
    reference: found.reference,
    ...outletOf({ outletId }),
  });
  return "suspense";
}

/**
 * The amount the provider collected for us, less the fee that the payer paid to the provider on top. A result
 * of zero or less is not money, whatever the status says.
 */
function netOf({ amount, feeCustomer }: ProviderState): Money {
  return { minor: amount.minor - feeCustomer.minor, currency: amount.currency };
}

/**
 * The transfers of an amount that a provider collected. The customer's fee on top was never ours and is not
 * booked.
 */
function collected(
  merchantId: Id,
  subject: string,
  provider: string,
  to: string,
  amount: Money,
  found: ProviderState,
): Array<Omit<Transfer, "op">> {
  const account = (code: string) => accountId(merchantId, code);
  const accounts = { clearing: account(clearingCode(provider)), to: account(to), fees: account(CHART.fees) };
  return transfersOf(
    "collect",
    merchantId,
    subject,
    accounts,
    { gross: amount, fee: { ...amount, minor: found.feeMerchant.minor > 0n ? found.feeMerchant.minor : 0n } },
    { reference: found.reference },
  );
}
