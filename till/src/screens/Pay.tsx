import { quickAmounts } from "@onegate/contract";
import { useEffect, useRef, useState } from "react";
import { commands, tender } from "../commands.ts";
import type { Cart } from "../machine.ts";
import { say } from "../notices.ts";
import { Amount } from "../parts/Amount.tsx";
import { Icon } from "../parts/Icon.tsx";
import { Keypad } from "../parts/Keypad.tsx";
import { PaymentFrame } from "../parts/PaymentFrame.tsx";
import { StillRecording } from "../parts/StillRecording.tsx";
import { feed, idle } from "../scanner.ts";
import { useShop } from "../server.ts";
import { totalOf } from "../sum.ts";
import { useWords } from "../words.ts";

/** Digits of whole rupiah that fit the display and any real note. */
const MOST_DIGITS = 10;
const RUPIAH = 100n;

type Props = {
  readonly cart: Cart;
  readonly sending: boolean;
  /** No provider could be reached: the shop's printed code is offered too. */
  readonly qrisAway: boolean;
};

export function Pay({ cart, sending, qrisAway }: Props) {
  const words = useWords();
  const shop = useShop();
  const [digits, setDigits] = useState("");
  const isStatic = qrisAway && shop.static_qris !== null;
  const sum = totalOf(cart, shop);
  const tendered = digits === "" ? sum.cash : BigInt(digits) * RUPIAH;
  const rest = tendered - sum.cash;
  const accept = () => {
    if (!sending && rest >= 0n) tender({ method: "CASH", tendered });
  };
  const press = (more: string) => setDigits((before) => (before + more).replace(/^0+/, "").slice(0, MOST_DIGITS));
  const erase = () => setDigits((before) => before.slice(0, -1));
  useKeys({ press, erase, accept, clear: () => setDigits("") });

  return (
    <PaymentFrame cart={cart} title={words.pay} onBack={sending ? null : commands.back.run}>
      <section className="pay-total">
        <h2>{words.total}</h2>
        <Amount minor={sum.cash} look="total" />
        {sum.rounding !== 0n && (
          <small>
            {words.rounding} <Amount minor={sum.rounding} />
          </small>
        )}
      </section>
      <div className={isStatic ? "methods methods-three" : "methods"} role="group" aria-label={words.payWith}>
        <button type="button" className="method" aria-pressed disabled={sending}>
          <Icon name="cash" />
          {words.cash}
        </button>
        <button type="button" className="method" aria-pressed={false} disabled={sending} onClick={() => tender({ method: "QRIS" })}>
          <Icon name="qris" />
          {words.qris}
        </button>
        {isStatic && (
          <button type="button" className="method" aria-pressed={false} disabled={sending} onClick={() => tender({ method: "QRIS_STATIC" })}>
            <Icon name="qris" />
            {words.staticQris}
          </button>
        )}
      </div>
      <div className="quick" role="group" aria-label={words.quick}>
        <button type="button" className="quick-key quick-exact" disabled={sending} onClick={commands.exact.run}>
          {words.exact}
        </button>
        {quickAmounts(sum.cash)
          .slice(1)
          .map((minor) => (
            <button
              key={minor.toString()}
              type="button"
              className="quick-key"
              disabled={sending}
              aria-pressed={digits !== "" && minor === tendered}
              onClick={() => setDigits((minor / RUPIAH).toString())}
            >
              <Amount minor={minor} />
            </button>
          ))}
      </div>
      {sending && <StillRecording />}
      <dl className="given" aria-live="polite">
        <div>
          <dt>{words.received}</dt>
          <dd className={digits === "" ? "given-none" : undefined}>
            <Amount minor={tendered} look="title" />
          </dd>
        </div>
        <div className={rest < 0n ? "given-short" : "given-change"}>
          <dt>{rest < 0n ? words.short : words.change}</dt>
          <dd>
            <Amount minor={rest < 0n ? -rest : rest} look="title" />
          </dd>
        </div>
      </dl>
      <Keypad extra={words.tripleZero} disabled={sending} onDigits={press} onErase={erase} />
      <button type="button" className="key-primary" disabled={sending || rest < 0n} onClick={accept}>
        {sending ? words.recording : <>{words.accept} <Amount minor={tendered} /></>}
      </button>
    </PaymentFrame>
  );
}

type Keys = { press: (digit: string) => void; erase: () => void; accept: () => void; clear: () => void };

/** Digits and Enter from the keyboard; a scanner's burst ends in Enter too and must not pay. */
function useKeys({ press, erase, accept, clear }: Keys): void {
  const scanner = useRef(idle);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const fed = feed(scanner.current, event.key, event.timeStamp);
      scanner.current = fed.scanner;
      if (fed.code !== undefined) {
        event.preventDefault();
        clear();
        say({ tone: "refusal", text: (words) => words.scanIgnored });
      } else if (/^[0-9]$/.test(event.key)) press(event.key);
      else if (event.key === "Backspace") erase();
      else if (event.key === "Enter" && !(event.target instanceof Element && event.target.closest("button, a"))) accept();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });
}
