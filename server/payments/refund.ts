import type { Id, Money } from "@onegate/contract";

/**
 * Giving back what was paid. It is a thing of its own: the payment stays succeeded.
 *
 *   created    written down; the provider has not been told, or its answer is not written yet
 *   pending    the provider took it and is not done
 *   unknown    the provider did not answer clearly: it is asked, never told under another reference
 *   manual     the provider has no such call: a person gives the money back and says so
 *   succeeded  given back, and booked
 *   failed     the provider said no; the sum may be asked for again
 */
export type RefundState = "created" | "pending" | "unknown" | "manual" | "succeeded" | "failed";
export type RefundEvent = "accept" | "done" | "refuse" | "lose" | "hand";

export const refundLifecycle: Readonly<Record<RefundState, Readonly<Partial<Record<RefundEvent, RefundState>>>>> = {
  created: { accept: "pending", done: "succeeded", refuse: "failed", lose: "unknown", hand: "manual" },
  unknown: { accept: "pending", done: "succeeded", refuse: "failed" },
  pending: { done: "succeeded", refuse: "failed" },
  manual: { done: "succeeded", refuse: "failed" },
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
  readonly note: string | null;
  readonly createdAt: Date;
};
