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

/** What Tripay keeps of a closed payment beside what every provider does. */
export type Own = {
  readonly customer: { readonly name: string; readonly email: string; readonly phone: string | null };
  readonly items: readonly OrderItem[];
  readonly note: string | null;
};

export function ownOf({ own }: Transaction): Own {
  return own as Own;
}

/** What the merchant gets. */
export function amountReceived({ amount, feeMerchant, feeCustomer }: Transaction): number {
  return amount - feeMerchant - feeCustomer;
}
