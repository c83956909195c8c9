import type { CallbackFaults } from "./faults.ts";

/**
 * The states of a transaction, common to all providers. A partly refunded one stays PAID, with its refunds;
 * REFUND means that all of it was refunded.
 */
export type Status = "UNPAID" | "PAID" | "EXPIRED" | "FAILED" | "CANCELLED" | "REFUND";

/**
 * An amount that was refunded. `key` is the caller's name for it, unique within its transaction, and null if
 * a bank took the money back. Whole rupiah, Unix seconds.
 */
export type Refund = {
  readonly id: string;
  readonly key: string | null;
  readonly amount: number;
  readonly at: number;
  readonly reason: string;
};

/** An amount that a provider is requested to collect. Amounts in whole rupiah, times in Unix seconds. */
export type Transaction = {
  /** The provider's reference, unique across all providers. */
  readonly reference: string;
  readonly sequence: number;
  /** The provider: the name of its folder. */
  readonly provider: string;
  /** The merchant at that provider. */
  readonly merchantCode: string;
  /** The merchant's own reference. */
  readonly merchantRef: string;
  /** The provider's own code. */
  readonly channel: string;
  readonly channelName: string;
  /** URLs separated by commas; null: no notifications. */
  readonly callbackUrl: string | null;
  readonly returnUrl: string | null;
  /** What the payer pays, the customer's fee included. */
  readonly amount: number;
  readonly feeMerchant: number;
  readonly feeCustomer: number;
  readonly payCode: string | null;
  readonly qrString: string | null;
  readonly status: Status;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly paidAt: number | null;
  readonly refunds: readonly Refund[];
  /** Faults of this transaction's callbacks; they override those set for all. */
  readonly faults: Partial<CallbackFaults>;
  /** Data that only its provider reads. */
  readonly own: Readonly<Record<string, unknown>>;
};

/**
 * The states from which a state may be reached. A transaction is paid once, and only a paid one can be
 * refunded. Money that left the payer's bank in time may be reported late, so an expired transaction can
 * still become paid.
 */
const reachedFrom: Readonly<Record<Exclude<Status, "UNPAID">, readonly Status[]>> = {
  PAID: ["UNPAID", "EXPIRED"],
  EXPIRED: ["UNPAID"],
  FAILED: ["UNPAID"],
  CANCELLED: ["UNPAID"],
  REFUND: ["PAID"],
};

/** The transaction in its new state; undefined if there is no such transition. */
export function advance(
  transaction: Transaction,
  to: Exclude<Status, "UNPAID">,
  atSeconds: number,
): Transaction | undefined {
  if (!reachedFrom[to].includes(transaction.status)) return undefined;
  return { ...transaction, status: to, paidAt: to === "PAID" ? atSeconds : transaction.paidAt };
}

/** A paid transaction that the acquirer denies afterwards; undefined if it is not paid. */
export function denied(transaction: Transaction): Transaction | undefined {
  return transaction.status === "PAID" ? { ...transaction, status: "FAILED" } : undefined;
}

/** What has not been refunded of a payment; zero if it is not paid. */
export function refundable({ status, amount, refunds }: Transaction): number {
  return status === "PAID" ? amount - refundedSum(refunds) : 0;
}

export function refundedSum(refunds: readonly Refund[]): number {
  return refunds.reduce((sum, refund) => sum + refund.amount, 0);
}

/** The transaction with one more refund; undefined if less than its amount is left. */
export function withRefund(transaction: Transaction, refund: Refund): Transaction | undefined {
  const left = refundable(transaction) - refund.amount;
  if (refund.amount <= 0 || left < 0) return undefined;
  return {
    ...transaction,
    refunds: [...transaction.refunds, refund],
    status: left === 0 ? "REFUND" : "PAID",
  };
}
