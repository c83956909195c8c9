import type { Id, Money } from "@onegate/contract";

/**
 * Giving back what was paid. It is a thing of its own: the payment stays succeeded.
 *
 *   created    written down; the provider has not been told, or its answer is not written yet
 *   pending    the provider took it and is not done
 *   unknown    the provider did not answer clearly: it is asked, never told under another reference
 *   manual     the provider has no such call, or said no: a person gives the money back and says so, or gives it up
 *   succeeded  given back, and booked
 *   failed     given up by a person; the sum may be asked for again
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

/** The state after an event, or nothing when the event has no effect in this state. */
export function nextRefund(state: RefundState, event: RefundEvent): RefundState | undefined {
  return refundLifecycle[state][event];
}

export type Refund = {
  readonly merchantId: Id;
  readonly refundId: Id;
  /** What is given back: a payment, or money in suspense. */
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
  /** Who gives the money: the provider, or the shop's bank once the provider has said no. */
  readonly paidFrom: "provider" | "bank";
  /** Who said that it is done or given up, where a person did. */
  readonly decidedBy: string | null;
  readonly note: string | null;
  /** The return of a sale that asked for it. */
  readonly returnId: Id | null;
  /** Of cash: the outlet whose drawer gives it; null: the one that took it. */
  readonly outletId: Id | null;
  readonly createdAt: Date;
};
