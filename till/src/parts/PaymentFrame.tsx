import type { ReactNode } from "react";
import type { Cart } from "../machine.ts";
import { useWords } from "../words.ts";
import { Amount } from "./Amount.tsx";
import { Totals } from "./CartFoot.tsx";
import { Icon } from "./Icon.tsx";

type Props = {
  readonly cart: Cart;
  readonly title: string;
  readonly onBack: (() => void) | null;
  readonly children: ReactNode;
};

/** The layout of a payment: one column on a phone, with the order beside it on wider screens. */
export function PaymentFrame({ cart, title, onBack, children }: Props) {
  const words = useWords();
  return (
    <div className="payment">
      <aside className="payment-order" aria-label={words.order}>
        <h2>{words.order}</h2>
        <ul>
          {cart.map((line) => (
            <li key={line.productId}>
              <span className="payment-count">{line.quantity}×</span>
              <span>{line.name}</span>
              <Amount minor={line.unitPrice * BigInt(line.quantity)} />
            </li>
          ))}
        </ul>
        <Totals cart={cart} />
      </aside>
      <main className="payment-main">
        <header className="payment-head">
          {onBack ? (
            <button type="button" className="key-quiet square" aria-label={words.back} onClick={onBack}>
              <Icon name="back" />
            </button>
          ) : (
            <span className="square" />
          )}
          <h1>{title}</h1>
          <span className="square" />
        </header>
        {children}
      </main>
    </div>
  );
}
