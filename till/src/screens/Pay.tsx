import { quickAmounts } from "@onegate/contract";
import { useEffect, useState } from "react";
import { commands, tender } from "../commands.ts";
import type { Cart } from "../machine.ts";
import { Amount } from "../parts/Amount.tsx";
import { Icon } from "../parts/Icon.tsx";
import { Keypad } from "../parts/Keypad.tsx";
import { PaymentFrame } from "../parts/PaymentFrame.tsx";
import { Sheet } from "../parts/Sheet.tsx";
import { StillRecording } from "../parts/StillRecording.tsx";
import { useRepricing } from "../repricing.ts";
import { useScanned } from "../scans.ts";
import { useShop } from "../server.ts";
import { isUnusual, totalOf } from "../sum.ts";
import { useWords } from "../words.ts";

/** Digits of whole rupiah: enough for any real amount of cash, and they fit the display. */
const MAX_DIGITS = 10;
const RUPIAH = 100n;

/** Whether two sums in the size of a title don't fit beside each other on a phone. */
const isLong = (left: bigint, right: bigint) => `${left / RUPIAH}${right / RUPIAH}`.length > 18;

type Props = {
  readonly cart: Cart;
  readonly sending: boolean;
  /** No provider could be reached, so the shop's printed code is offered too. */
  readonly qrisAway: boolean;
};

export function Pay({ cart, sending, qrisAway }: Props) {
  const words = useWords();
  const shop = useShop();
  const [digits, setDigits] = useState("");
  const [isAsking, setAsking] = useState(false);
  const isStatic = qrisAway && shop.static_qris !== null;
  const sum = totalOf(cart, shop);
  const tendered = digits === "" ? sum.cash : BigInt(digits) * RUPIAH;
  const rest = tendered - sum.cash;
  useRepricing();
  const accept = () => {
    if (sending || rest < 0n) return;
    if (isUnusual(tendered, sum.cash)) setAsking(true);
    else tender({ method: "CASH", tendered });
  };
  const press = (more: string) =>
    setDigits((before) => (before + more).replace(/^0+/, "").slice(0, MAX_DIGITS));
  const erase = () => setDigits((before) => before.slice(0, -1));
  useKeys({ press, erase, accept });
  useScanned(() => setDigits(""));

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
        <button
          type="button"
          className="method"
          aria-pressed={false}
          disabled={sending}
          onClick={() => tender({ method: "QRIS" })}
        >
          <Icon name="qris" />
          {words.qris}
        </button>
        {isStatic && (
          <button
            type="button"
            className="method"
            aria-pressed={false}
            disabled={sending}
            onClick={() => tender({ method: "QRIS_STATIC" })}
          >
            <Icon name="qris" />
            {words.staticQris}
          </button>
        )}
      </div>
      <div className="quick" role="group" aria-label={words.quick}>
        <button
          type="button"
          className="quick-key quick-exact"
          disabled={sending}
          onClick={commands.exact.run}
        >
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
      <dl className={isLong(tendered, rest) ? "given given-long" : "given"} aria-live="polite">
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
        {sending ? (
          words.recording
        ) : (
          <>
            {words.accept} <Amount minor={tendered} />
          </>
        )}
      </button>
      {isAsking && !sending && (
        <Unusual
          tendered={tendered}
          change={rest}
          onClose={() => setAsking(false)}
          onYes={() => {
            setAsking(false);
            tender({ method: "CASH", tendered });
          }}
        />
      )}
    </PaymentFrame>
  );
}

type UnusualProps = {
  readonly tendered: bigint;
  readonly change: bigint;
  readonly onClose: () => void;
  readonly onYes: () => void;
};

/** Asks for confirmation before a sale is closed with an unusually large sum of cash. */
function Unusual({ tendered, change, onClose, onYes }: UnusualProps) {
  const words = useWords();
  return (
    <Sheet title={words.unusual} onClose={onClose}>
      <div className="unusual">
        <dl className={isLong(tendered, change) ? "given given-long" : "given"}>
          <div>
            <dt>{words.received}</dt>
            <dd>
              <Amount minor={tendered} look="title" />
            </dd>
          </div>
          <div className="given-change">
            <dt>{words.change}</dt>
            <dd>
              <Amount minor={change} look="title" />
            </dd>
          </div>
        </dl>
        <p>{words.unusualWhat}</p>
        <div className="payment-keys">
          <button type="button" className="key-second" onClick={onYes}>
            {words.unusualYes}
          </button>
          <button type="button" className="key-primary" onClick={onClose}>
            {words.correctIt}
          </button>
        </div>
      </div>
    </Sheet>
  );
}

type Keys = { press: (digit: string) => void; erase: () => void; accept: () => void };

/** Digits and Enter from the keyboard. */
function useKeys({ press, erase, accept }: Keys): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (document.querySelector("dialog[open]")) return;
      if (/^[0-9]$/.test(event.key)) press(event.key);
      else if (event.key === "Backspace") erase();
      else if (
        event.key === "Enter" &&
        !(event.target instanceof Element && event.target.closest("button, a"))
      ) {
        // otherwise the same Enter would press a button of the sheet that may open now
        event.preventDefault();
        accept();
      }
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });
}
