import { useEffect, useRef, useState } from "react";
import { useScanned } from "../scans.ts";
import { Keypad } from "./Keypad.tsx";

export const PIN_LENGTH = 6;
/** A typed PIN is used only after this pause, so that a scanner's digits are not tried as a PIN. */
const KEYS_END_MS = 150;

type Props = {
  readonly label: string;
  readonly hint: string;
  /** Why the previous PIN was refused. */
  readonly no?: string | undefined;
  readonly disabled?: boolean;
  readonly onType?: () => void;
  /** Receives the whole PIN; the dots are cleared when the promise resolves. */
  readonly onPin: (pin: string) => void | Promise<void>;
};

/** Six dots and large keys; digits from a keyboard work too. Only a whole PIN leaves this component. */
export function PinPad({ label, hint, no, disabled = false, onType, onPin }: Props) {
  const [pin, setPin] = useState("");
  const [busy, setBusy] = useState(false);
  const closed = disabled || busy;
  const keys = useRef<{ timer?: ReturnType<typeof setTimeout>; isTooLong: boolean }>({ isTooLong: false });

  async function whole(typed: string) {
    setBusy(true);
    await onPin(typed);
    setPin("");
    setBusy(false);
  }

  function press(digits: string): string {
    if (closed) return "";
    const longer = (pin + digits).slice(0, PIN_LENGTH);
    setPin(longer);
    onType?.();
    return longer;
  }

  function pressKey(digit: string) {
    if (closed) return;
    const isWhole = pin.length === PIN_LENGTH;
    clearTimeout(keys.current.timer);
    if (isWhole) setPin("");
    keys.current.isTooLong ||= isWhole;
    const typed = keys.current.isTooLong ? "" : press(digit);
    keys.current.timer = setTimeout(() => {
      keys.current.isTooLong = false;
      if (typed.length === PIN_LENGTH) void whole(typed);
    }, KEYS_END_MS);
  }

  function pressButton(digits: string) {
    const typed = press(digits);
    if (typed.length === PIN_LENGTH) void whole(typed);
  }

  useScanned(() => {
    clearTimeout(keys.current.timer);
    keys.current.isTooLong = false;
    if (!busy) setPin("");
  });

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (/^[0-9]$/.test(event.key)) pressKey(event.key);
      else if (event.key === "Backspace" && !closed) setPin((before) => before.slice(0, -1));
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });
  useEffect(() => () => clearTimeout(keys.current.timer), []);

  return (
    <>
      <div className={no === undefined ? "pin" : "pin pin-refused"} role="img" aria-label={label}>
        {Array.from({ length: PIN_LENGTH }, (_, place) => (
          <span key={place} className={place < pin.length ? "pin-dot pin-dot-full" : "pin-dot"} />
        ))}
      </div>
      <p
        className={no === undefined ? "pin-hint" : "pin-hint pin-no"}
        role={no === undefined ? "status" : "alert"}
      >
        {no ?? hint}
      </p>
      <Keypad
        disabled={closed}
        onDigits={pressButton}
        onErase={() => setPin((before) => before.slice(0, -1))}
      />
    </>
  );
}
