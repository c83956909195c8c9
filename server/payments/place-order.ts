import { isRefusal, refuse, type Refusal, type Id, type NewOrderBody } from "@onegate/contract";
import { requestHash, type Executor } from "../kernel/index.ts";
import type { Payments } from "./context.ts";
import { checkedToOrder, type NewOrder, type Order } from "./order.ts";
import { insertOrder } from "./store.ts";

/** Records what is being bought, once per order id. Refuses `amount_mismatch`, `order_differs`. */
export async function placeOrder(payments: Payments, merchantId: Id, unchecked: NewOrderBody): Promise<Order | Refusal> {
  const order = checkedToOrder(merchantId, unchecked);
  return isRefusal(order) ? order : saveOrder(payments.database.kysely, order);
}

/** The same for an order that was checked elsewhere, within the caller's transaction. */
export async function saveOrder(executor: Executor, order: NewOrder): Promise<Order | Refusal> {
  const saved = await insertOrder(executor, order, requestHash({ ...order, amount: order.amount.minor }));
  return saved.same ? saved.order : refuse("order_differs");
}
