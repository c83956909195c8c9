import { checkedToReference, isRefusal, refuse, type Id } from "@onegate/contract";
import { staticQrisOf } from "../identity/index.ts";
import { once, type Once } from "../kernel/index.ts";
import { collectStatic } from "../payments/index.ts";
import type { Sales } from "./context.ts";
import type { Sale } from "./sale.ts";
import { selectSale } from "./store.ts";

type Cashier = { readonly merchantId: Id; readonly outletId: Id; readonly staffId: Id };

/**
 * Records that a cashier saw the customer's proof of a payment to the outlet's printed code: the sale is
 * paid, unverified. Repeating the call has no further effect. Refuses `reference_malformed`, `sale_unknown`,
 * `static_qris_missing`, and what `collectStatic` refuses, in this order.
 */
export async function confirmStatic(
  sales: Sales,
  { merchantId, outletId, staffId }: Cashier,
  saleId: Id,
  unchecked: { reference?: string },
  key: string,
): Promise<Once<Sale>> {
  const reference = unchecked.reference === undefined ? null : checkedToReference(unchecked.reference);
  if (isRefusal(reference)) return { answer: reference, replayed: false };
  // checked before the idempotency key, so that no other outlet receives this outlet's answer
  const seen = await selectSale(sales.database.kysely, merchantId, saleId);
  if (seen?.outletId !== outletId) return { answer: refuse("sale_unknown"), replayed: false };
  const { answer, replayed } = await once(
    sales.database,
    { merchantId, route: "till.sales.static", key },
    { saleId, reference },
    async (tx) => {
      if (!(await staticQrisOf(tx, merchantId, outletId))) return refuse("static_qris_missing");
      return (
        (await collectStatic(tx, sales.payments, {
          merchantId,
          outletId,
          staffId,
          orderId: saleId,
          reference,
        })) ?? { sale_id: saleId }
      );
    },
  );
  if (isRefusal(answer)) return { answer, replayed };
  return {
    answer: (await selectSale(sales.database.kysely, merchantId, saleId)) ?? refuse("sale_unknown"),
    replayed,
  };
}
