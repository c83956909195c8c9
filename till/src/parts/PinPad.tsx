import { useEffect, useState } from "react";
import { Keypad } from "./Keypad.tsx";

export const PIN_LENGTH = 6;

type Props = {
  readonly label: string;
  readonly hint: string;
  /** Why the PIN before was not taken. */
  readonly no?: string | undefined;
  readonly disabled?: boolean;
  readonly onType?: () => void;
  /** Gets the whole PIN; the dots are empty again when this is done. */
  readonly onPin: (pin: string) => void | Promise<void>;
};

/** Six dots and big keys; a keyboard's digits do as well. What is typed never leaves this part but whole. */
export function PinPad({ label, hint, no, disabled = false, onType, onPin }: Props) {
  const [pin, setPin] = useState("");
  const [asking, setAsking] = useState(false);
  const closed = disabled || asking;

  async function whole(typed: string) {
    setAsking(true);
    await onPin(typed);
    setPin("");
    setAsking(false);
  }

  function press(digits: string) {
    if (closed) return;
    const longer = (pin + digits).slice(0, PIN_LENGTH);
    setPin(longer);
    onType?.();
    if (longer.length === PIN_LENGTH) void whole(longer);
  }

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (/^[0-9]$/.test(event.key)) press(event.key);
      else if (event.key === "Backspace" && !closed) setPin((before) => before.slice(0, -1));
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  });

  return (
    <>
      <div className={no === undefined ? "pin" : "pin pin-refused"} role="img" aria-label={label}>
        {Array.from({ length: PIN_LENGTH }, (_, place) => (
          <span key={place} className={place < pin.length ? "pin-dot pin-dot-full" : "pin-dot"} />
        ))}
      </div>
      <p className={no === undefined ? "pin-hint" : "pin-hint pin-no"} role={no === undefined ? "status" : "alert"}>
        {no ?? hint}
      </p>
      <Keypad disabled={closed} onDigits={press} onErase={() => setPin((before) => before.slice(0, -1))} />
    </>
  );
}
