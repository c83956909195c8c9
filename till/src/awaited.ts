import { newId, type Id } from "@onegate/contract";
import { useEffect, useState } from "react";
import { Refused } from "./api.ts";
import { giveUpSale } from "./leaving.ts";
import type { Cart } from "./machine.ts";
import { useSale, useShop } from "./server.ts";
import { minorOf, totalOf } from "./sum.ts";
import { dispatch } from "./till.ts";

export type AwaitedProps = {
  readonly saleId: Id;
  readonly cart: Cart;
  /** The sale is still on its way to the server. */
  readonly sending: boolean;
};

/** A sale that waits for its payment: it is polled, and can be left for another payment method. */
export function useAwaitedSale<Busy extends string>({ saleId, cart, sending }: AwaitedProps) {
  const shop = useShop();
  const { data: sale, error, refetch } = useSale(saleId, { awaited: true, exists: !sending });
  const [busy, setBusy] = useState<Busy | "leaving" | null>(null);
  const isLost = error instanceof Refused && error.problem.code === "sale_unknown";
  const total = sale ? minorOf(sale.total) : totalOf(cart, shop).total;

  useEffect(() => {
    if (sale?.state === "paid") dispatch({ type: "paid", saleId });
  }, [sale?.state, saleId]);

  /** Goes back to the payment methods. A payment that has not ended yet is cancelled first. */
  async function leave(isOver: boolean) {
    if (isOver) return dispatch({ type: "another_way", saleId: newId() });
    setBusy("leaving");
    await giveUpSale(saleId);
    setBusy(null);
  }

  return { shop, sale, error, isLost, refetch, busy, setBusy, leave, total };
}
