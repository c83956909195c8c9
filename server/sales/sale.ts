import type { Currency, Id } from "@onegate/contract";

/**
 * A sale at the till.
 *
 *   waiting    written down; its payment is on its way
 *   paid       paid, booked, taken from stock; it has its receipt number
 *   expired    the customer did not pay in time; should the money come all the same, the sale is paid
 *   cancelled  given up at the till; money that comes all the same goes to suspense
 */
export type SaleState = "waiting" | "paid" | "expired" | "cancelled";
export type SaleEvent = "pay" | "expire" | "cancel";

export const lifecycle: Readonly<Record<SaleState, Partial<Record<SaleEvent, SaleState>>>> = {
  waiting: { pay: "paid", expire: "expired", cancel: "cancelled" },
  expired: { pay: "paid" },
  paid: {},
  cancelled: {},
};

export function next(state: SaleState, event: SaleEvent): SaleState | undefined {
  return lifecycle[state][event];
}

export type SaleLine = {
  readonly productId: Id;
  readonly name: string;
  readonly quantity: number /** minor units */;
  readonly unitPrice: bigint;
};

/** A product of which more was sold than was counted: `onHand` is below zero. */
export type Oversold = { readonly productId: Id; readonly onHand: number };

/** Sums are minor units of `currency`. */
export type Sale = {
  readonly merchantId: Id;
  readonly saleId: Id;
  readonly outletId: Id;
  readonly staffName: string;
  readonly state: SaleState;
  readonly receiptNumber: string | null;
  readonly currency: Currency;
  readonly subtotal: bigint;
  readonly tax: bigint;
  readonly total: bigint;
  readonly rounding: bigint;
  readonly tendered: bigint | null;
  /** Of total and rounding, given back so far. */
  readonly refunded: bigint;
  readonly createdAt: Date;
  readonly paidAt: Date | null;
  readonly businessDate: string;
  /** What it took below zero when it was paid. */
  readonly oversold: readonly Oversold[];
  /** In the order of their numbers, which count from 1. */
  readonly lines: readonly SaleLine[];
};
