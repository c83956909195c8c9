import type { Id, Money } from "@onegate/contract";

/** What users do with their wallets, as their history names it, and the withdrawal beside. */
export type OperationKind = "TOPUP" | "PAYMENT" | "TRANSFER" | "REFUND" | "WITHDRAWAL";
export type OperationState = "PENDING" | "SUCCESS" | "FAILED" | "CANCELLED";

/**
 * How far an operation got, finer than its state:
 *
 *   opened     a top-up waits for the payer
 *   collected  its money is here, and waits for the account to be active
 *   held       a sum is reserved for a payment, or what is left of it after captures
 *   requested  a withdrawal is reserved and waits for an operator
 *   approved   an operator approved it; it is to be paid out
 *   done       the money moved, as much of it as ever will
 *   expired    its time was over before anything moved
 *   failed     the provider or the bank said no
 *   released   given up; what was reserved is free again
 *   rejected   an operator said no; what was reserved is free again
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

/** Step × event → step, by kind. What is not here does not happen: the operation stays as it is. */
export const lifecycles = {
  TOPUP: {
    opened: { finish: "done", collect: "collected", fail: "failed", expire: "expired" },
    collected: { finish: "done", fail: "failed" },
    // money that comes after all beats the clock and a first "no"
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

/** The step after an event, or nothing when the event has no effect in this step. */
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

/** Where a withdrawal goes. */
export type Payout = { readonly bank: string; readonly accountNumber: string; readonly accountName: string };

export type Operation = {
  readonly merchantId: Id;
  readonly operationId: Id;
  readonly userId: Id;
  /** The user's account that pays, or that a top-up or a refund is for. */
  readonly accountId: Id;
  readonly kind: OperationKind;
  readonly state: OperationState;
  readonly step: Step;
  readonly amount: Money;
  /** What moved so far, in minor units. */
  readonly settled: bigint;
  /** What was given back of that, in minor units. */
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

/** What its transfers say of an operation in the books, and so in histories. */
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
