import type { Id } from "@onegate/contract";
import type { Tx } from "../kernel/index.ts";
import { eraseCustomer } from "../payments/index.ts";
import { erasePayouts, selectTopupIds } from "./store.ts";
import { topupOrderId } from "./topup-order.ts";

/**
 * Writes over what is personal in the operations of a user whose account is being closed: bank accounts and their holders,
 * and names, e-mail addresses and telephone numbers in the orders of top-ups. Sums, times and banks' references stay: they
 * are the books'.
 */
export async function eraseUser(tx: Tx, merchantId: Id, userId: Id): Promise<void> {
  await erasePayouts(tx, merchantId, userId);
  await eraseCustomer(tx, merchantId, (await selectTopupIds(tx, merchantId, userId)).map(topupOrderId));
}
