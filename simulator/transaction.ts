import type { CallbackFaults } from "./faults.ts";

/**
 * The life of a collection, whatever words its provider has for it. Money that is given back in part leaves it PAID, with its
 * refunds; REFUND is all of it.
 */
export type Status = "UNPAID" | "PAID" | "EXPIRED" | "FAILED" | "CANCELLED" | "REFUND";

/** A sum that is given back; `key` is the caller's name of it, unique within its transaction, and null where a bank took it back. Whole rupiah, Unix seconds. */
export type Refund = {
  readonly id: string;
  readonly key: string | null;
  readonly amount: number;
  readonly at: number;
  readonly reason: string;
};

/** A sum that one provider is asked to collect. Sums in whole rupiah, times in Unix seconds. */
export type Transaction = {
  /** The provider's reference, unique over all of them. */
  readonly reference: string;
  readonly sequence: number;
  /** Which provider's it is: the name of its folder. */
  readonly provider: string;
  /** Whose it is at that provider. */
  readonly merchantCode: string;
  /** The merchant's own reference. */
  readonly merchantRef: string;
  /** In the provider's words. */
  readonly channel: string;
  readonly channelName: string;
  /** Addresses by comma; null: it notifies nobody. */
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
  /** What is to go wrong with this transaction's callbacks, over what is set for all. */
  readonly faults: Partial<CallbackFaults>;
  /** What its provider alone keeps and reads. */
  readonly own: Readonly<Record<string, unknown>>;
};

/**
 * The states a status may be reached from: a payment is paid once, and only what was paid can be refunded. Money that
 * left the payer's bank in time may be reported late, so what has expired can still turn out paid.
 */
const reachedFrom: Readonly<Record<Exclude<Status, "UNPAID">, readonly Status[]>> = {
  PAID: ["UNPAID", "EXPIRED"],
  EXPIRED: ["UNPAID"],
  FAILED: ["UNPAID"],
  CANCELLED: ["UNPAID"],
  REFUND: ["PAID"],
};

/** The transaction in its new state, or undefined where there is no such step. */
export function advance(
  transaction: Transaction,
  to: Exclude<Status, "UNPAID">,
  atSeconds: number,
): Transaction | undefined {
  if (!reachedFrom[to].includes(transaction.status)) return undefined;
  return { ...transaction, status: to, paidAt: to === "PAID" ? atSeconds : transaction.paidAt };
}

/** The transaction that was paid and is denied after all, as the acquirer may; undefined where it is not paid. */
export function denied(transaction: Transaction): Transaction | undefined {
  return transaction.status === "PAID" ? { ...transaction, status: "FAILED" } : undefined;
}

/** What of a paid sum has not been given back; zero of one that is not paid. */
export function refundable({ status, amount, refunds }: Transaction): number {
  return status === "PAID" ? amount - refundedSum(refunds) : 0;
}

export function refundedSum(refunds: readonly Refund[]): number {
  return refunds.reduce((sum, refund) => sum + refund.amount, 0);
}

/** The transaction with one more refund, or undefined where there is not so much left. */
export function withRefund(transaction: Transaction, refund: Refund): Transaction | undefined {
  const left = refundable(transaction) - refund.amount;
  if (refund.amount <= 0 || left < 0) return undefined;
  return {
    ...transaction,
    refunds: [...transaction.refunds, refund],
    status: left === 0 ? "REFUND" : "PAID",
  };
}
