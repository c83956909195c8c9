import type { Cart, Line } from "../machine.ts";
import { say } from "../notices.ts";
import { dispatch, till } from "../till.ts";
import { useWords } from "../words.ts";
import { Amount } from "./Amount.tsx";
import { Icon } from "./Icon.tsx";
import { Picture } from "./Picture.tsx";

/** Puts the cart back as it was, unless it has been sold meanwhile. */
const bringBack = (cart: Cart) => () => {
  if (till.get().at === "selling") dispatch({ type: "fill", cart });
};

export function emptyCart(cart: Cart): void {
  dispatch({ type: "fill", cart: [] });
  say({ tone: "plain", text: (words) => words.emptied, action: { label: (words) => words.undo, run: bringBack(cart) } });
}

function count(cart: Cart, line: Line, quantity: number): void {
  dispatch({ type: "count", productId: line.productId, quantity });
  if (quantity > 0) return;
  say({ tone: "plain", text: (words) => words.removed(line.name), action: { label: (words) => words.undo, run: bringBack(cart) } });
}

export function CartLines({ cart }: { readonly cart: Cart }) {
  const words = useWords();
  if (cart.length === 0) {
    return (
      <div className="empty">
        <Icon name="sell" />
        <strong>{words.cartEmpty}</strong>
        <p>{words.cartEmptyHint}</p>
      </div>
    );
  }
  return (
    <ul className="lines">
      {cart.map((line) => (
        <li key={line.productId} className="line">
          <Picture src={line.picture} name={line.name} />
          <span className="line-name">
            {line.name}
            <small>
              <Amount minor={line.unitPrice} />
            </small>
          </span>
          <span className="line-sum">
            <Amount minor={line.unitPrice * BigInt(line.quantity)} />
          </span>
          <span className="stepper">
            <button
              type="button"
              aria-label={line.quantity === 1 ? words.remove(line.name) : words.fewer(line.name)}
              onClick={() => count(cart, line, line.quantity - 1)}
            >
              <Icon name={line.quantity === 1 ? "trash" : "minus"} />
            </button>
            <output aria-label={words.inCart(line.quantity)}>{line.quantity}</output>
            <button type="button" aria-label={words.more(line.name)} onClick={() => count(cart, line, line.quantity + 1)}>
              <Icon name="plus" />
            </button>
          </span>
        </li>
      ))}
    </ul>
  );
}
