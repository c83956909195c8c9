import { newId } from "@onegate/contract";
import { clearNotice } from "./notices.ts";
import { newSale, totalOf, type Tender } from "./sum.ts";
import { currentTill, dispatch, lock } from "./till.ts";
import type { Till } from "./machine.ts";
import { shopNow } from "./server.ts";
import type { Words } from "./words.ts";

/** An action of the cashier. Buttons, shortcuts and the list of shortcuts all use this definition. */
export type Command = {
  readonly label: (words: Words) => string;
  readonly key: string;
  readonly allowed: (till: Till) => boolean;
  readonly run: () => void;
};

/** Sends the sale that is being paid, with the given tender. */
export function tender(how: Tender): void {
  const now = currentTill();
  const shop = shopNow();
  if (now.at !== "paying" || !shop) return;
  dispatch({ type: "send", sale: newSale(now.saleId, now.cart, shop, how) });
}

export const commands = {
  search: {
    label: (words) => words.keySearch,
    key: "/",
    allowed: (till) => till.at === "selling",
    run: () => document.querySelector<HTMLInputElement>("input[type=search]")?.focus(),
  },
  pay: {
    label: (words) => words.keyPay,
    key: "F9",
    allowed: (till) => till.at === "selling" && till.cart.length > 0,
    run: () => {
      clearNotice();
      dispatch({ type: "pay", saleId: newId() });
    },
  },
  exact: {
    label: (words) => words.keyExact,
    key: "F10",
    allowed: (till) => till.at === "paying",
    run: () => {
      const now = currentTill();
      const shop = shopNow();
      if (now.at === "paying" && shop) tender({ method: "CASH", tendered: totalOf(now.cart, shop).cash });
    },
  },
  back: {
    label: (words) => words.keyBack,
    key: "Escape",
    allowed: (till) => till.at === "paying",
    run: () => dispatch({ type: "back" }),
  },
  next: {
    label: (words) => words.newSale,
    key: "Enter",
    allowed: (till) => till.at === "paid",
    run: () => {
      clearNotice();
      dispatch({ type: "next_customer" });
    },
  },
  lock: {
    label: (words) => words.keyLock,
    key: "F12",
    allowed: (till) => till.at !== "locked",
    run: lock,
  },
} as const satisfies Record<string, Command>;

/** Runs the command of a key. If a button has the focus, Enter presses that button instead. */
export function runKey(event: KeyboardEvent): void {
  if (
    event.defaultPrevented ||
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    document.querySelector("dialog[open]")
  )
    return;
  const focused = event.target instanceof Element ? event.target.closest("input, button, a") : null;
  if (event.key === "Enter" && focused) return;
  if (event.key === "/" && focused?.tagName === "INPUT") return;
  for (const command of Object.values(commands)) {
    if (command.key === event.key && command.allowed(currentTill())) {
      event.preventDefault();
      command.run();
      return;
    }
  }
}
