import type { CallbackFaults } from "./faults.ts";

export type Status = "UNPAID" | "PAID" | "EXPIRED" | "FAILED" | "REFUND";

export type OrderItem = {
  readonly sku: string | null;
  readonly name: string;
  readonly price: number;
  readonly quantity: number;
  readonly subtotal: number;
  readonly product_url: string | null;
  readonly image_url: string | null;
};

/** A closed payment. Sums in whole rupiah, times in Unix seconds. */
export type Transaction = {
  readonly reference: string;
  readonly sequence: number;
  readonly merchantCode: string;
  readonly merchantRef: string;
  readonly channel: string;
  readonly customer: { readonly name: string; readonly email: string; readonly phone: string | null };
  readonly callbackUrl: string | null;
  readonly returnUrl: string | null;
  /** What the payer pays, the customer's fee included. */
  readonly amount: number;
  readonly feeMerchant: number;
  readonly feeCustomer: number;
  readonly amountReceived: number;
  readonly payCode: string | null;
  readonly qrString: string | null;
  readonly items: readonly OrderItem[];
  readonly status: Status;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly paidAt: number | null;
  readonly note: string | null;
  /** What is to go wrong with this transaction's callbacks, over what is set for all. */
  readonly faults: Partial<CallbackFaults>;
};

/**
 * The states a status may be reached from: a payment is paid once, and only what was paid can be refunded. Money that
 * left the payer's bank in time may be reported late, so what has expired can still turn out paid.
 */
const reachedFrom: Readonly<Record<Exclude<Status, "UNPAID">, readonly Status[]>> = {
  PAID: ["UNPAID", "EXPIRED"],
  EXPIRED: ["UNPAID"],
  FAILED: ["UNPAID"],
  REFUND: ["PAID"],
};

/** The transaction in its new state, or undefined where there is no such step. */
export function advance(transaction: Transaction, to: Exclude<Status, "UNPAID">, atSeconds: number): Transaction | undefined {
  if (!reachedFrom[to].includes(transaction.status)) return undefined;
  return { ...transaction, status: to, paidAt: to === "PAID" ? atSeconds : transaction.paidAt };
}

/** The same transaction with another sum paid than was asked for; fees stay as they were. */
export function withAmount(transaction: Transaction, amount: number): Transaction {
  return { ...transaction, amount, amountReceived: amount - transaction.feeMerchant - transaction.feeCustomer };
}
