import type { Cart, Line } from "../machine.ts";
import { showNotice } from "../notices.ts";
import { currentTill, dispatch } from "../till.ts";
import { useWords } from "../words.ts";
import { Amount } from "./Amount.tsx";
import { Icon } from "./Icon.tsx";
import { Picture } from "./Picture.tsx";

/** Returns a function that restores the current cart, unless it has been sold meanwhile. */
function bringBack(): () => void {
  const before = currentTill();
  return () => {
    if (before.at === "selling") dispatch({ type: "refill", cart: before.cart, saleId: before.saleId });
  };
}

export function emptyCart(): void {
  const run = bringBack();
  dispatch({ type: "empty" });
  showNotice({
    tone: "plain",
    text: (words) => words.emptied,
    action: { label: (words) => words.undo, run },
  });
}

function count(line: Line, quantity: number): void {
  const run = bringBack();
  dispatch({ type: "count", productId: line.productId, quantity });
  if (quantity > 0) return;
  showNotice({
    tone: "plain",
    text: (words) => words.removed(line.name),
    action: { label: (words) => words.undo, run },
  });
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
              onClick={() => count(line, line.quantity - 1)}
            >
              <Icon name={line.quantity === 1 ? "trash" : "minus"} />
            </button>
            <output aria-label={words.inCart(line.quantity)}>{line.quantity}</output>
            <button
              type="button"
              aria-label={words.more(line.name)}
              onClick={() => count(line, line.quantity + 1)}
            >
              <Icon name="plus" />
            </button>
          </span>
        </li>
      ))}
    </ul>
  );
}
