import { type Id, type Money } from "@onegate/contract";
import { announce, derivedId, type Tx } from "../kernel/index.ts";
import { accountId, CHART, clearingCode, transfersOf, type Transfer } from "../ledger/index.ts";
import type { Opened, ProviderState } from "../providers/index.ts";
import type { Payments } from "./context.ts";
import { recordRefunded } from "./give-back.ts";
import { openDisputes } from "./open-dispute.ts";
import { isCodeless, isOpen, next, paidSum, type Payment, type PaymentEvent } from "./payment.ts";
import { replace } from "./replace.ts";
import {
  insertCase,
  lockPayment,
  selectPayment,
  selectPayments,
  updatePayment,
  type LockedOrder,
  type NewCase,
} from "./store.ts";
import { outletOf, tell } from "./tell.ts";

/** What became of a provider's word on a payment. */
export type Outcome = "applied" | "duplicate" | "suspense" | "ignored";

const EVENTS = {
  pending: "open",
  paid: "pay",
  expired: "expire",
  failed: "fail",
  refunded: undefined,
} as const satisfies Record<ProviderState["status"], PaymentEvent | undefined>;

/**
 * Applies a provider's believed word, from a notification or an inquiry, within the caller's transaction: payment, ledger,
 * whoever waits for it and the event together. The same word again has no effect; words in any order end the same.
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
  const words = found.takenBack ?? [];
  if (words.length === 0) return applyStatus(tx, payments, payment, found, opened, order);
  // what was taken back had been paid before; what is given back comes out of the rest
  const outcome =
    found.status === "paid" ? await applyStatus(tx, payments, payment, found, opened, order) : undefined;
  const isNew = await openDisputes(tx, payments, await requirePayment(tx, merchantId, paymentId), words);
  const last = outcome ?? (await applyStatus(tx, payments, payment, found, opened, order));
  return isNew ? "applied" : last;
}

async function requirePayment(tx: Tx, merchantId: Id, paymentId: Id): Promise<Payment> {
  const payment = await selectPayment(tx, merchantId, paymentId);
  if (!payment) throw new Error("a payment does not vanish");
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
    // money under another reference is in suspense: that it went back says nothing of this payment's own
    if (isOther(payment, found)) return "ignored";
    return (await recordRefunded(tx, payments, payment, found.reference)) ? "applied" : "duplicate";
  }

  const event = EVENTS[found.status];
  const state = event && next(payment.state, event);
  if (!state) {
    if (!opened || !isOpen(payment.state) || !isCodeless(payment)) return event ? "duplicate" : "ignored";
    // found before without what the payer needs: now it is here
    await tell(tx, await updatePayment(tx, payment, payment.state, { opened, found }));
    return "applied";
  }
  if (event === "fail" && payment.state === "pending" && payment.lostAt !== null && isCodeless(payment)) {
    // nobody could pay it, so it was ended from here: the provider's notification is quicker than its answer
    await replace(tx, payments, payment, order);
    return "applied";
  }
  const written = await updatePayment(tx, payment, state, { opened, found });
  await tell(tx, written);
  if (!isOpen(state)) await payments.onEnded(tx, written);
  return "applied";
}

/** Whether the provider speaks of other money than that by which the payment is paid. */
function isOther(payment: Payment, found: ProviderState): boolean {
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
  if (payment.state === "succeeded" && !isOther(payment, found)) return "duplicate";
  const reason = await suspenseReason(tx, payment, found, order);
  if (reason) {
    const given = next(payment.state, "cancel");
    if (given) {
      const written = await updatePayment(tx, payment, given, {
        found,
        note: `paid, but in suspense: ${reason}`,
      });
      await tell(tx, written);
      await payments.onEnded(tx, written);
    }
    return toSuspense(tx, payments, { ...payment, reason, found });
  }
  const state = next(payment.state, "pay");
  if (!state)
    throw new Error(`a payment that is ${payment.state} can't be paid and has no reason for suspense`);
  const written = await updatePayment(tx, payment, state, { found });
  payments.ledger.stageIn(
    tx,
    payment.merchantId,
    collected(payment.merchantId, payment.paymentId, payment.provider, CHART.received, payment.amount, found),
  );
  await tell(tx, written);
  await payments.onEnded(tx, written);
  return "applied";
}

/** Why money that came in can't be taken as this payment, in order of precedence. */
async function suspenseReason(
  tx: Tx,
  payment: Payment,
  found: ProviderState,
  order: LockedOrder,
): Promise<NewCase["reason"] | undefined> {
  const net = netOf(found).minor;
  if (found.amount.currency !== payment.amount.currency) return "orphan";
  // one payment is paid once: a payer who pays the same code again does so under another reference, also where the order has room left
  if (payment.state === "succeeded") return "double";
  // several payments may make up an order, but not more than it
  const paid = paidSum(await selectPayments(tx, payment.merchantId, payment.orderId));
  if (paid + payment.amount.minor > order.amount) return "double";
  if (order.cancelled || payment.state === "cancelled") return "late";
  if (net < payment.amount.minor) return "short";
  if (net > payment.amount.minor) return "over";
  return undefined;
}

/** Books money that fits no payment as agreed, and opens a case for it; once per provider's reference. */
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
  if (!collection) throw new Error("money in suspense is above zero");
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

/** What a provider collected for us: without the fee on top that the payer paid to it. Nothing is no money, whatever it is called. */
function netOf({ amount, feeCustomer }: ProviderState): Money {
  return { minor: amount.minor - feeCustomer.minor, currency: amount.currency };
}

/** A provider collected a sum. A fee on top that the payer paid to the provider never was ours and is not booked. */
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
