import type { Id, Money } from "@onegate/contract";

/** The kinds of wallet operation. All but WITHDRAWAL are the types in a user's history. */
export type OperationKind = "TOPUP" | "PAYMENT" | "TRANSFER" | "REFUND" | "WITHDRAWAL";
export type OperationState = "PENDING" | "SUCCESS" | "FAILED" | "CANCELLED";

/**
 * The progress of an operation, in more detail than its state:
 *
 *   opened     a top-up waits for the payer
 *   collected  a top-up is paid, and waits until the account is active
 *   held       an amount is reserved for a payment, or what is left of it after captures
 *   requested  a withdrawal is reserved and waits for an operator
 *   approved   an operator approved the withdrawal; it is to be paid out
 *   done       the money moved, and no more will
 *   expired    the time ran out before any money moved
 *   failed     the provider or the bank failed or declined it
 *   released   cancelled; what was reserved is available again
 *   rejected   an operator rejected it; what was reserved is available again
 */
export type Step =
  | "opened"
  | "collected"
  | "held"
  | "requested"
  | "approved"
  | "done"
  | "expired"
  | "failed"
  | "released"
  | "rejected";
export type OperationEvent = "collect" | "finish" | "approve" | "reject" | "release" | "fail" | "expire";

/** Step × event → step, by kind. An event without an entry has no effect: the operation stays as it is. */
export const lifecycles = {
  TOPUP: {
    opened: { finish: "done", collect: "collected", fail: "failed", expire: "expired" },
    collected: { finish: "done", fail: "failed" },
    // money that arrives late still counts, even after an expiry or a failure
    expired: { finish: "done", collect: "collected" },
    failed: { finish: "done", collect: "collected" },
  },
  PAYMENT: { held: { finish: "done", release: "released", expire: "expired" } },
  TRANSFER: {},
  REFUND: {},
  WITHDRAWAL: {
    requested: { approve: "approved", reject: "rejected", release: "released" },
    approved: { finish: "done", fail: "failed" },
  },
} as const satisfies Record<OperationKind, Partial<Record<Step, Partial<Record<OperationEvent, Step>>>>>;

/** The step after an event; undefined when the event has no effect in this step. */
export function next(kind: OperationKind, step: Step, event: OperationEvent): Step | undefined {
  const moves: Partial<Record<Step, Partial<Record<OperationEvent, Step>>>> = lifecycles[kind];
  return moves[step]?.[event];
}

export const STATES: Readonly<Record<Step, OperationState>> = {
  opened: "PENDING",
  collected: "PENDING",
  held: "PENDING",
  requested: "PENDING",
  approved: "PENDING",
  done: "SUCCESS",
  expired: "FAILED",
  failed: "FAILED",
  released: "CANCELLED",
  rejected: "CANCELLED",
};

/** The bank account that a withdrawal is paid out to. */
export type Payout = { readonly bank: string; readonly accountNumber: string; readonly accountName: string };

export type Operation = {
  readonly merchantId: Id;
  readonly operationId: Id;
  readonly userId: Id;
  /** The user's account that pays, or that receives a top-up or a refund. */
  readonly accountId: Id;
  readonly kind: OperationKind;
  readonly state: OperationState;
  readonly step: Step;
  readonly amount: Money;
  /** The amount moved so far, in minor units. */
  readonly settled: bigint;
  /** The part of `settled` that was refunded, in minor units. */
  readonly refunded: bigint;
  readonly counterAccountId: Id | null;
  readonly holdId: Id | null;
  readonly holdExpiresAt: Date | null;
  readonly paymentMethod: string | null;
  readonly externalReference: string | null;
  readonly description: string | null;
  readonly originalId: Id | null;
  readonly payout: Payout | null;
  readonly note: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
};

/** The details that the ledger keeps with an operation's transfers. Histories show them. */
export function detailsOf({
  operationId,
  description,
  paymentMethod,
}: Pick<Operation, "operationId" | "description" | "paymentMethod">): Record<string, string> {
  return {
    operation_id: operationId,
    ...(description === null ? {} : { description }),
    ...(paymentMethod === null ? {} : { payment_method: paymentMethod }),
  };
}
