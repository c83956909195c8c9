import type { Id, Money } from "@onegate/contract";

/**
 * A refund of what was paid. It is a record of its own: the payment stays succeeded.
 *
 *   created    saved; the provider was not called yet, or its answer is not saved yet
 *   pending    the provider accepted it and has not finished
 *   unknown    the provider gave no clear answer: inquire, never send it under another reference
 *   manual     the provider has no refund call, or refused: a person pays it and confirms it, or abandons it
 *   succeeded  paid back and booked
 *   failed     abandoned by a person; the amount can be refunded again
 */
export type RefundState = "created" | "pending" | "unknown" | "manual" | "succeeded" | "failed";
export type RefundEvent = "accept" | "done" | "refuse" | "lose" | "hand" | "abandon";

export const refundLifecycle: Readonly<
  Record<RefundState, Readonly<Partial<Record<RefundEvent, RefundState>>>>
> = {
  created: { accept: "pending", done: "succeeded", refuse: "manual", lose: "unknown", hand: "manual" },
  unknown: { accept: "pending", done: "succeeded", refuse: "manual" },
  pending: { done: "succeeded", refuse: "manual" },
  manual: { done: "succeeded", abandon: "failed" },
  succeeded: {},
  failed: {},
};

/** The state after an event, or undefined if the event has no effect in this state. */
export function nextRefund(state: RefundState, event: RefundEvent): RefundState | undefined {
  return refundLifecycle[state][event];
}

export type Refund = {
  readonly merchantId: Id;
  readonly refundId: Id;
  /** What is refunded: a payment, or money in suspense (a case). */
  readonly paymentId: Id | null;
  readonly caseId: Id | null;
  readonly orderId: string | null;
  readonly provider: string;
  readonly refundRef: string;
  readonly reference: string | null;
  readonly amount: Money;
  readonly state: RefundState;
  readonly reason: string;
  readonly requestedBy: string;
  /** Who pays the refund: the provider, or the shop's bank account once the provider has refused. */
  readonly paidFrom: "provider" | "bank";
  /** The person who recorded it as done or abandoned, if a person did. */
  readonly decidedBy: string | null;
  readonly note: string | null;
  /** The return of a sale that requested it. */
  readonly returnId: Id | null;
  /** For cash: the outlet whose drawer pays it; null: the outlet that took the payment. */
  readonly outletId: Id | null;
  readonly createdAt: Date;
};
