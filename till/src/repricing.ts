import { useEffect } from "react";
import { showNotice } from "./notices.ts";
import { useCatalogue } from "./server.ts";
import { minorOf } from "./sum.ts";
import { currentTill, dispatch } from "./till.ts";

/**
 * Applies new prices of the catalogue to a cart that is not sold yet, and shows a notice: the server refuses
 * any other price. It runs once for each catalogue; otherwise two tabs with different catalogues would
 * reprice each other's cart for ever.
 */
export function useRepricing(): void {
  const { data: catalogue } = useCatalogue();
  useEffect(() => {
    const till = currentTill();
    if (!catalogue || (till.at !== "selling" && till.at !== "paying")) return;
    const prices = new Map(catalogue.products.map(({ id, price }) => [id, minorOf(price)]));
    if (till.cart.every(({ productId, unitPrice }) => (prices.get(productId) ?? unitPrice) === unitPrice))
      return;
    dispatch({ type: "reprice", prices });
    showNotice({ tone: "refusal", text: (words) => words.repriced });
  }, [catalogue]);
}
