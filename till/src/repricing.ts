import { useEffect } from "react";
import { say } from "./notices.ts";
import { useCatalogue } from "./server.ts";
import { minorOf } from "./sum.ts";
import { currentTill, dispatch } from "./till.ts";

/**
 * Brings new prices of the catalogue into a cart that is not sold yet, and says so: the server sells by no others. Once
 * for each catalogue, so that two tabs that know different ones don't reprice each other's cart for ever.
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
    say({ tone: "refusal", text: (words) => words.repriced });
  }, [catalogue]);
}
