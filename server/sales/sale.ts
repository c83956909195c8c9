import type { Currency, Id } from "@onegate/contract";

/**
 * A sale at the till.
 *
 *   waiting    saved; its payment is under way
 *   paid       paid, booked and taken from stock; it has a receipt number
 *   expired    the customer did not pay in time; if the money arrives later, the sale is still paid
 *   cancelled  cancelled at the till; money that arrives later goes to suspense
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
  readonly quantity: number;
  /** Minor units. */
  readonly unitPrice: bigint;
};

/** A product that was sold below zero: `onHand` is negative. */
export type Oversold = { readonly productId: Id; readonly onHand: number };

/** All amounts are minor units of `currency`. */
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
  /** How much of total and rounding has been refunded so far. */
  readonly refunded: bigint;
  readonly createdAt: Date;
  readonly paidAt: Date | null;
  readonly businessDate: string;
  /** Products whose stock it took below zero when it was paid. */
  readonly oversold: readonly Oversold[];
  /** In the order of their line numbers, which start at 1. */
  readonly lines: readonly SaleLine[];
};
