import {
  checkedToMinor,
  checkedToPhone,
  IDR,
  isRefusal,
  money,
  refuse,
  tooLargeForOrder,
  type Id,
  type Money,
  type NewOrderBody,
  type Refusal,
} from "@onegate/contract";

export type OrderItem = {
  readonly sku: string | null;
  readonly name: string;
  /** Minor units each. */
  readonly price: bigint;
  readonly quantity: number;
};

/** What a customer buys. */
export type Order = {
  readonly merchantId: Id;
  readonly orderId: string;
  readonly amount: Money;
  readonly customer: {
    readonly name: string;
    readonly email: string | null;
    /** E.164. */
    readonly phone: string | null;
  };
  readonly items: readonly OrderItem[];
  /** The outlet whose till takes the payment; null: none. */
  readonly outletId: Id | null;
  readonly createdAt: Date;
};

export type NewOrder = Omit<Order, "createdAt" | "outletId"> & Partial<Pick<Order, "outletId">>;

/**
 * Checks an order from a request. Refuses `currency_unsupported`, malformed amounts, `amount_not_positive`,
 * `amount_too_large`, `amount_mismatch` if the items don't add up to the amount, and `phone_invalid`, in this
 * order.
 */
export function checkedToOrder(merchantId: Id, unchecked: NewOrderBody): NewOrder | Refusal {
  if (unchecked.currency !== undefined && unchecked.currency !== IDR) return refuse("currency_unsupported");
  const amount = checkedToMinor(unchecked.amount, IDR);
  if (isRefusal(amount)) return amount;
  if (amount <= 0n) return refuse("amount_not_positive");
  const tooLarge = tooLargeForOrder(amount);
  if (tooLarge) return tooLarge;
  const items: OrderItem[] = [];
  for (const { sku, name, price, quantity } of unchecked.order_items) {
    const minor = checkedToMinor(price, IDR);
    if (isRefusal(minor)) return minor;
    if (minor < 0n) return refuse("amount_not_positive");
    items.push({ sku: sku ?? null, name, price: minor, quantity });
  }
  const sum = items.reduce((total, item) => total + item.price * BigInt(item.quantity), 0n);
  if (sum !== amount) return refuse("amount_mismatch", { items: sum.toString(), amount: amount.toString() });
  const phone = unchecked.customer_phone === undefined ? null : checkedToPhone(unchecked.customer_phone);
  if (isRefusal(phone)) return phone;
  return {
    merchantId,
    orderId: unchecked.order_id,
    amount: money(amount, IDR),
    customer: { name: unchecked.customer_name, email: unchecked.customer_email ?? null, phone },
    items,
  };
}
