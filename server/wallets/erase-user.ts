import type { Id } from "@onegate/contract";
import type { Tx } from "../kernel/index.ts";
import { eraseCustomer } from "../payments/index.ts";
import { erasePayouts, selectTopupIds } from "./store.ts";
import { topupOrderId } from "./topup-order.ts";

/**
 * Erases personal data from the operations of a user whose account is being closed: bank accounts and their
 * holders, and the names, e-mail addresses and telephone numbers in the orders of top-ups. Amounts, times and
 * bank references stay, because the books need them.
 */
export async function eraseUser(tx: Tx, merchantId: Id, userId: Id): Promise<void> {
  await erasePayouts(tx, merchantId, userId);
  await eraseCustomer(tx, merchantId, (await selectTopupIds(tx, merchantId, userId)).map(topupOrderId));
}
