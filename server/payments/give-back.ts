import {
  isRefusal,
  money,
  refuse,
  STATIC_PROVIDER,
  toDecimal,
  type EventPayload,
  type Id,
  type Money,
  type Refusal,
} from "@onegate/contract";
import { announceAudit, type Who } from "../identity/index.ts";
import {
  addJob,
  announce,
  inTransaction,
  messageOf,
  once,
  type Executor,
  type Once,
  type Tx,
} from "../kernel/index.ts";
import { accountId, CHART, clearingCode, drawerCode, transfersOf } from "../ledger/index.ts";
import type { Provider, RefundAnswer, RefundRequest } from "../providers/index.ts";
import type { Payments } from "./context.ts";
import { takenBack } from "./dispute.ts";
import { selectDisputesOf } from "./dispute-store.ts";
import type { Payment } from "./payment.ts";
import { nextRefund, type Refund, type RefundEvent } from "./refund.ts";
import {
  insertRefund,
  selectForgottenRefunds,
  selectRefund,
  selectRefunds,
  updateRefund,
  type RefundFacts,
} from "./refund-store.ts";
import { lockOrder, markCase, selectCase, selectPayment, selectPayments } from "./store.ts";

/** The job that sends refunds to the provider and inquires about them. */
export const REFUND = "payment:refund";
const FIRST_INQUIRY_MS = 5_000;
const CASH = "cash";

export type RefundInput = {
  readonly paymentId: Id;
  /** Default: all that is left of the payment. */
  readonly amount?: Money;
  readonly reason: string;
};

/**
 * Refunds a payment in full or in part, once per key. The refund is committed before the provider is called.
 * Refuses `payment_unknown`, `payment_not_refundable` (not paid, lost, or cash, which the till refunds),
 * `payment_unverified`, `currency_differs`, `refund_exceeds` if the amount is more than what is left of the
 * payment, and `amount_not_positive`, in this order. Refunds under way count as refunded.
 */
export async function refundPayment(
  payments: Payments,
  who: Who,
  input: RefundInput,
  key: string,
): Promise<Once<Refund>> {
  const { merchantId } = who;
  const request = {
    paymentId: input.paymentId,
    amount: input.amount?.minor ?? null,
    currency: input.amount?.currency ?? null,
    reason: input.reason,
  };
  const { answer, replayed } = await once(
    payments.database,
    { merchantId, route: "payment.refund", key },
    request,
    async (tx) => {
      const refund = await writeRefund(tx, payments, who, input);
      return isRefusal(refund) ? refund : { refund_id: refund.refundId };
    },
  );
  if (isRefusal(answer)) return { answer, replayed };
  const refund = await selectRefund(payments.database.kysely, merchantId, answer.refund_id);
  if (!refund) throw new Error("the saved refund was not found");
  return { answer: refund.state === "created" ? await sendRefund(payments, refund) : refund, replayed };
}

async function writeRefund(
  tx: Tx,
  payments: Payments,
  who: Who,
  { paymentId, amount, reason }: RefundInput,
): Promise<Refund | Refusal> {
  const { merchantId } = who;
  const seen = await selectPayment(tx, merchantId, paymentId);
  if (!seen) return refuse("payment_unknown");
  await lockOrder(tx, merchantId, seen.orderId);
  const payment = await selectPayment(tx, merchantId, paymentId);
  if (payment?.state !== "succeeded" || payment.provider === CASH || payment.verification === "lost")
    return refuse("payment_not_refundable");
  if (payment.verification === "unverified") return refuse("payment_unverified");
  const left = await refundableAmount(tx, payment);
  const wanted = amount ?? money(left, payment.amount.currency);
  if (wanted.currency !== payment.amount.currency) return refuse("currency_differs");
  if (wanted.minor > left || left === 0n) return refuse("refund_exceeds", { left: left.toString() });
  if (wanted.minor <= 0n) return refuse("amount_not_positive");
  const refund = await saveRefund(tx, payments, {
    merchantId,
    paymentId,
    caseId: null,
    orderId: payment.orderId,
    provider: refundSourceOf(payment.provider),
    amount: wanted,
    reason,
    requestedBy: who.actor,
  });
  await announceAudit(tx, who, {
    action: "payment.refunded",
    subject: paymentId,
    after: {
      refund_id: refund.refundId,
      order_id: payment.orderId,
      amount: toDecimal(wanted),
      currency: wanted.currency,
    },
  });
  return refund;
}

/**
 * Who pays a refund: the provider that collected the payment. A printed code has no provider, so the money
 * comes out of the outlet's drawer.
 */
export function refundSourceOf(provider: string): string {
  return provider === STATIC_PROVIDER ? CASH : provider;
}

/**
 * What is left of a payment: neither refunded nor disputed; minor units. The caller holds the lock on the
 * order's row.
 */
export async function refundableAmount(
  executor: Executor,
  { merchantId, paymentId, amount }: Payment,
): Promise<bigint> {
  const refunds = await selectRefunds(executor, merchantId, paymentId);
  const kept = refunds.reduce(
    (left, refund) => (refund.state === "failed" ? left : left - refund.amount.minor),
    amount.minor,
  );
  const left = kept - takenBack(await selectDisputesOf(executor, merchantId, paymentId));
  return left > 0n ? left : 0n;
}

/** Inserts a refund and the job that sends it if this process dies before it does. */
export async function saveRefund(
  tx: Tx,
  payments: Payments,
  refund: Omit<Parameters<typeof insertRefund>[1], "refundId" | "refundRef" | "state">,
): Promise<Refund> {
  const refundId = payments.newId();
  const written = await insertRefund(tx, {
    ...refund,
    refundId,
    refundRef: refundRefOf(refundId),
    state: "created",
  });
  await addJob(
    tx,
    REFUND,
    { merchantId: refund.merchantId, refundId, tries: 0 },
    { afterMs: FIRST_INQUIRY_MS, key: `refund:${refundId}` },
  );
  await announce(tx, refund.merchantId, "refund.created", refundId, eventOf(written));
  return written;
}

/**
 * What can still be refunded of an order's payments, in the order in which they were opened. Minor units, all
 * above zero.
 */
export type Refundable = ReadonlyArray<{ readonly payment: Payment; readonly left: bigint }>;

/**
 * Locks an order and returns what can still be refunded of it. Refunds under way and disputes count as
 * refunded.
 */
export async function lockRefundable(tx: Tx, merchantId: Id, orderId: string): Promise<Refundable> {
  await lockOrder(tx, merchantId, orderId);
  return selectRefundable(tx, merchantId, orderId);
}

/**
 * As `lockRefundable`, without locking the order: it blocks nothing, but the result may be out of date when
 * it is used.
 */
export async function selectRefundable(
  executor: Executor,
  merchantId: Id,
  orderId: string,
): Promise<Refundable> {
  const parts: Array<{ payment: Payment; left: bigint }> = [];
  for (const payment of await selectPayments(executor, merchantId, orderId)) {
    if (payment.state !== "succeeded" || payment.verification === "lost") continue;
    const left = await refundableAmount(executor, payment);
    if (left > 0n) parts.push({ payment, left });
  }
  return parts;
}

/**
 * Refunds an amount of an order through its own payments, one after another, within the caller's transaction.
 * Cash leaves the drawer in this transaction. Refunds through a provider are sent after the commit
 * (`sendRefund`), at the latest by their job.
 */
export async function refundOrder(
  tx: Tx,
  payments: Payments,
  parts: Refundable,
  {
    amount,
    outletId,
    returnId,
    reason,
    by,
  }: { amount: bigint; outletId: Id; returnId: Id; reason: string; by: string },
): Promise<void> {
  let rest = amount;
  for (const { payment, left } of parts) {
    const { merchantId, paymentId, orderId } = payment;
    const part = rest < left ? rest : left;
    if (part === 0n) continue;
    rest -= part;
    const provider = refundSourceOf(payment.provider);
    const refund = {
      merchantId,
      paymentId,
      caseId: null,
      orderId,
      provider,
      amount: money(part, payment.amount.currency),
      reason,
      requestedBy: by,
      returnId,
    };
    if (provider === CASH) {
      const refundId = payments.newId();
      await insertRefund(tx, {
        ...refund,
        refundId,
        refundRef: refundRefOf(refundId),
        state: "created",
        outletId,
      });
      await moveRefund(tx, payments, merchantId, refundId, "done");
    } else await saveRefund(tx, payments, refund);
  }
  if (rest !== 0n) throw new Error("the refund is more than what is left of the order");
}

/** Our reference for a refund at its provider. */
function refundRefOf(refundId: Id): string {
  return `R${refundId.replaceAll("-", "")}`;
}

function eventOf({ refundId, paymentId, orderId, amount, state }: Refund): EventPayload<"refund.created"> {
  return {
    refund_id: refundId,
    payment_id: paymentId,
    order_id: orderId,
    amount: amount.minor.toString(),
    currency: amount.currency,
    state,
  };
}

/**
 * Sends a refund to the provider, outside any transaction, and saves the answer. To the provider, the same
 * reference is the same refund, so sending it twice refunds once.
 */
export async function sendRefund(payments: Payments, refund: Refund): Promise<Refund> {
  // money that never was a payment here is refunded by a person: the provider's API needs a payment
  const isSendable = refund.paymentId !== null || refund.orderId !== null;
  // if the database is unavailable here, nothing was sent yet: the refund stays created, and its job sends it
  const { provider, request } = isSendable ? await requestOf(payments, refund) : {};
  const answer =
    request && provider?.refund
      ? await provider.refund(request).catch(
          (error: unknown): RefundAnswer => ({
            answer: "unknown",
            reason: provider.scrub(messageOf(error)),
          }),
        )
      : ("hand" as const);
  const written = await inTransaction(payments.database, (tx) => writeAnswer(tx, payments, refund, answer));
  return written;
}

/**
 * The provider to call, and the request. A refund is of a payment, or of money in suspense, which the
 * provider knows by its own reference.
 */
async function requestOf(
  payments: Payments,
  { merchantId, paymentId, caseId, provider, refundRef, amount, reason }: Refund,
): Promise<{ provider?: Provider | undefined; request: RefundRequest }> {
  const { kysely } = payments.database;
  const found = caseId ? await selectCase(kysely, merchantId, caseId) : undefined;
  const payment = await selectPayment(kysely, merchantId, paymentId ?? found?.paymentId ?? "");
  const paid = found?.amount ?? money(payment?.payerAmount ?? amount.minor, amount.currency);
  const account = await payments.providers.find(provider, payment?.accountId ?? null);
  return {
    provider: account?.provider,
    request: {
      reference: found?.reference ?? payment?.reference ?? null,
      merchantRef: payment?.merchantRef ?? "",
      refundRef,
      channel: payment?.channel ?? "",
      amount,
      paid,
      reason,
    },
  };
}

const EVENTS = {
  refunded: "done",
  pending: "accept",
  refused: "refuse",
  unknown: "lose",
} as const satisfies Record<RefundAnswer["answer"], RefundEvent>;

async function writeAnswer(
  tx: Tx,
  payments: Payments,
  { merchantId, refundId }: Refund,
  answer: RefundAnswer | "hand",
): Promise<Refund> {
  const event = answer === "hand" ? "hand" : EVENTS[answer.answer];
  return moveRefund(tx, payments, merchantId, refundId, event, answer === "hand" ? {} : factsOf(answer));
}

/** What to save of an answer. A refund that the provider refuses is paid from the bank, if at all. */
function factsOf(answer: RefundAnswer): RefundFacts {
  if (answer.answer === "refunded") return { reference: answer.reference };
  if (answer.answer === "refused") return { note: answer.reason, paidFrom: "bank" };
  return "reason" in answer ? { note: answer.reason } : {};
}

/** Applies an event to a refund, within the caller's transaction. The refund is booked once it succeeds. */
export async function moveRefund(
  tx: Tx,
  payments: Payments,
  merchantId: Id,
  refundId: Id,
  event: RefundEvent,
  facts: RefundFacts = {},
): Promise<Refund> {
  const refund = await holdRefund(tx, merchantId, refundId);
  if (!refund) throw new Error("the refund no longer exists");
  const state = nextRefund(refund.state, event);
  if (!state) return refund;
  const written = await updateRefund(tx, refund, state, facts);
  if (state === "succeeded") await book(tx, payments, written);
  if (state === "failed" && written.caseId)
    await markCase(tx, merchantId, written.caseId, { state: "open", by: written.requestedBy });
  await announce(tx, merchantId, `refund.${state}`, refundId, eventOf(written));
  if (state === "failed") await payments.onRefundAbandoned(tx, written);
  return written;
}

/**
 * Selects a refund with its row locked. The order's row is locked first, the lock order used everywhere.
 * Orphan money has no order.
 */
async function holdRefund(tx: Tx, merchantId: Id, refundId: Id): Promise<Refund | undefined> {
  const seen = await selectRefund(tx, merchantId, refundId);
  if (seen && seen.orderId !== null) await lockOrder(tx, merchantId, seen.orderId);
  return seen && selectRefund(tx, merchantId, refundId, true);
}

/**
 * Books a refund: out of `received`, or out of suspense for a case. Its source is the provider's clearing
 * account, the outlet's drawer, or the bank.
 */
async function book(tx: Tx, payments: Payments, refund: Refund): Promise<void> {
  const { merchantId, refundId, caseId, provider, amount, paidFrom } = refund;
  const from = caseId ? CHART.suspense : CHART.received;
  const source =
    paidFrom === "bank"
      ? CHART.bank
      : provider === CASH
        ? drawerCode(refund.outletId ?? (await outletOf(tx, refund)))
        : clearingCode(provider);
  const accounts = { from: accountId(merchantId, from), giver: accountId(merchantId, source) };
  payments.ledger.stageIn(
    tx,
    merchantId,
    transfersOf(
      "refund",
      merchantId,
      refundId,
      accounts,
      { refunded: amount },
      { reference: refund.refundRef },
    ),
  );
  // a sale reverses what it recognised, so that the refunded amount is in `received` again
  if (!caseId) payments.ledger.stageIn(tx, merchantId, await payments.onRefunded(tx, refund));
  if (caseId) await markCase(tx, merchantId, caseId, { state: "refunded", by: refund.requestedBy });
}

/** The outlet whose printed code took the money of a refund. */
async function outletOf(tx: Tx, { merchantId, refundId, paymentId, caseId }: Refund): Promise<Id> {
  const found = caseId ? await selectCase(tx, merchantId, caseId) : undefined;
  const payment = await selectPayment(tx, merchantId, paymentId ?? found?.paymentId ?? "");
  if (!payment?.outletId) throw new Error(`cash refund ${refundId} is for a payment without an outlet`);
  return payment.outletId;
}

/**
 * `from` is who paid the refund. Default: the bank if the provider refused the refund, otherwise the
 * provider.
 */
export type RefundDecision =
  | { readonly done: true; readonly reference: string; readonly from?: Refund["paidFrom"] }
  | { readonly done: false; readonly note: string };

/**
 * Records that a manual refund is done or abandoned, once per key. Refuses `refund_unknown`,
 * `refund_not_manual`.
 */
export async function decideRefund(
  payments: Payments,
  who: Who,
  refundId: Id,
  decision: RefundDecision,
  key: string,
): Promise<Once<Refund>> {
  const { merchantId, actor: by } = who;
  const { answer, replayed } = await once(
    payments.database,
    { merchantId, route: "payment.refund.decide", key },
    { refundId, ...decision },
    async (tx) => {
      // locked before the state is checked: of two concurrent decisions only one applies
      const refund = await holdRefund(tx, merchantId, refundId);
      if (!refund) return refuse("refund_unknown");
      if (refund.state !== "manual") return refuse("refund_not_manual");
      const moved = decision.done
        ? await moveRefund(tx, payments, merchantId, refundId, "done", {
            reference: decision.reference,
            by,
            ...(decision.from ? { paidFrom: decision.from } : {}),
          })
        : await moveRefund(tx, payments, merchantId, refundId, "abandon", { note: decision.note, by });
      await announceAudit(tx, who, {
        action: "refund.decided",
        subject: refundId,
        before: { state: refund.state },
        after: { decision: decision.done ? "done" : "given_up", state: moved.state },
      });
      return { refund_id: moved.refundId };
    },
  );
  if (isRefusal(answer)) return { answer, replayed };
  return {
    answer: (await selectRefund(payments.database.kysely, merchantId, refundId)) ?? refuse("refund_unknown"),
    replayed,
  };
}

/**
 * Continues a refund: sends it if that has not happened, inquires if the provider's answer is not final, and
 * adds the next job while it is open.
 */
export async function continueRefund(
  payments: Payments,
  merchantId: Id,
  refundId: Id,
  tries: number,
): Promise<void> {
  const refund = await selectRefund(payments.database.kysely, merchantId, refundId);
  if (!refund) return;
  if (refund.state === "created") await sendRefund(payments, refund);
  else if (refund.state === "pending" || refund.state === "unknown")
    await inquireAboutRefund(payments, refund);
  const current = await selectRefund(payments.database.kysely, merchantId, refundId);
  if (current?.state !== "created" && current?.state !== "pending" && current?.state !== "unknown") return;
  await addJob(
    payments.database.kysely,
    REFUND,
    { merchantId, refundId, tries: tries + 1 },
    { afterMs: Math.min(2 ** tries, 720) * FIRST_INQUIRY_MS, key: `refund:${refundId}` },
  );
}

async function inquireAboutRefund(payments: Payments, refund: Refund): Promise<void> {
  const { provider, request } = await requestOf(payments, refund);
  if (!provider?.inquireRefund) return;
  const answer = await provider
    .inquireRefund(request)
    .catch(
      (error: unknown): RefundAnswer => ({ answer: "unknown", reason: provider.scrub(messageOf(error)) }),
    );
  await inTransaction(payments.database, (tx) => writeAnswer(tx, payments, refund, answer));
}

/** Adds jobs for refunds whose job was lost; returns how many. */
export async function sweepRefunds(payments: Payments): Promise<number> {
  const forgotten = await selectForgottenRefunds(payments.database.kysely);
  for (const refund of forgotten)
    await addJob(
      payments.database.kysely,
      REFUND,
      { ...refund, tries: 0 },
      { key: `refund:${refund.refundId}` },
    );
  return forgotten.length;
}

/**
 * A provider reports a refund that we did not request, for example from its dashboard. Manual refunds that
 * wait for a person are done with it, and what is left of the payment is recorded as refunded. The caller
 * holds the lock on the order's row. Returns whether anything changed.
 */
export async function recordRefunded(
  tx: Tx,
  payments: Payments,
  payment: Payment,
  reference: string,
): Promise<boolean> {
  const { merchantId, paymentId } = payment;
  const open = (await selectRefunds(tx, merchantId, paymentId)).filter(
    ({ state }) => state !== "succeeded" && state !== "failed",
  );
  for (const { refundId } of open)
    await moveRefund(tx, payments, merchantId, refundId, "done", { reference, paidFrom: "provider" });
  const left = await refundableAmount(tx, payment);
  if (left === 0n) return open.length > 0;
  const refundId = payments.newId();
  await insertRefund(tx, {
    merchantId,
    refundId,
    paymentId,
    caseId: null,
    orderId: payment.orderId,
    provider: payment.provider,
    refundRef: refundRefOf(refundId),
    amount: money(left, payment.amount.currency),
    state: "created",
    reason: "given back at the provider",
    requestedBy: payment.provider,
  });
  await moveRefund(tx, payments, merchantId, refundId, "done", { reference });
  return true;
}
