import {
  isRefusal,
  refuse,
  tooLargeForOrder,
  type Refusal,
  type Id,
  type NewOrderBody,
} from "@onegate/contract";
import { requestHash, type Executor } from "../kernel/index.ts";
import type { Payments } from "./context.ts";
import { checkedToOrder, type NewOrder, type Order } from "./order.ts";
import { insertOrder } from "./store.ts";

/** Records an order, once per order id. Refuses what `checkedToOrder` refuses, and `order_differs`. */
export async function placeOrder(
  payments: Payments,
  merchantId: Id,
  unchecked: NewOrderBody,
): Promise<Order | Refusal> {
  const order = checkedToOrder(merchantId, unchecked);
  if (isRefusal(order)) return order;
  // hashed as typed, so that a repeated request matches orders from before numbers were normalised
  const customer = { ...order.customer, phone: unchecked.customer_phone ?? null };
  return saveOrder(payments.database.kysely, order, hashOf({ ...order, customer }));
}

/**
 * As `placeOrder`, for an order that was checked elsewhere, within the caller's transaction. Refuses
 * `amount_too_large`, `order_differs`.
 */
export async function saveOrder(
  executor: Executor,
  order: NewOrder,
  hash = hashOf(order),
): Promise<Order | Refusal> {
  const tooLarge = tooLargeForOrder(order.amount.minor);
  if (tooLarge) return tooLarge;
  const saved = await insertOrder(executor, order, hash);
  return saved.same ? saved.order : refuse("order_differs");
}

function hashOf(order: NewOrder): Buffer {
  return requestHash({ ...order, amount: order.amount.minor });
}
