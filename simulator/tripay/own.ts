import type { Transaction } from "../transaction.ts";

export type OrderItem = {
  readonly sku: string | null;
  readonly name: string;
  readonly price: number;
  readonly quantity: number;
  readonly subtotal: number;
  readonly product_url: string | null;
  readonly image_url: string | null;
};

/** Tripay's own data of a closed payment. */
export type Own = {
  readonly customer: { readonly name: string; readonly email: string; readonly phone: string | null };
  readonly items: readonly OrderItem[];
  readonly note: string | null;
};

export function ownOf({ own }: Transaction): Own {
  return own as Own;
}

/** What the merchant receives. */
export function amountReceived({ amount, feeMerchant, feeCustomer }: Transaction): number {
  return amount - feeMerchant - feeCustomer;
}
