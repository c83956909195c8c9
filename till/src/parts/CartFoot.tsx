import { commands } from "../commands.ts";
import type { Cart } from "../machine.ts";
import { useShop } from "../server.ts";
import { totalOf } from "../sum.ts";
import { useWords } from "../words.ts";
import { Amount } from "./Amount.tsx";

/** Tax and total of a cart; the total is the largest text. */
export function Totals({ cart }: { readonly cart: Cart }) {
  const words = useWords();
  const shop = useShop();
  const sum = totalOf(cart, shop);
  return (
    <dl className="totals">
      {shop.tax && !shop.tax.included && (
        <div>
          <dt>{words.subtotal}</dt>
          <dd>
            <Amount minor={sum.subtotal} />
          </dd>
        </div>
      )}
      {shop.tax && (
        <div>
          <dt>{shop.tax.included ? words.includes(shop.tax.name) : shop.tax.name}</dt>
          <dd>
            <Amount minor={sum.tax} />
          </dd>
        </div>
      )}
      <div className="totals-total">
        <dt>{words.total}</dt>
        <dd>
          <Amount minor={sum.total} look="total" />
        </dd>
      </div>
    </dl>
  );
}

export function CartFoot({ cart }: { readonly cart: Cart }) {
  const words = useWords();
  return (
    <footer className="cart-foot">
      <Totals cart={cart} />
      <button type="button" className="key-primary" disabled={cart.length === 0} onClick={commands.pay.run}>
        {words.pay}
      </button>
    </footer>
  );
}
