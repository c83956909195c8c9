import { isGuessablePin } from "@onegate/contract";
import { useState } from "react";
import { useWords } from "../words.ts";
import { PinPad } from "./PinPad.tsx";

type Props = {
  /** The person whose PIN is set. */
  readonly name: string;
  /** Why the server refused the previous PIN. */
  readonly no?: string | undefined;
  readonly onPin: (pin: string) => void | Promise<void>;
};

/** Asks for a new PIN twice. A PIN that is easy to guess is refused. */
export function NewPin({ name, no, onPin }: Props) {
  const words = useWords();
  const [first, setFirst] = useState<string | null>(null);
  const [wrong, setWrong] = useState<"simple" | "differs" | null>(null);

  async function take(pin: string) {
    setWrong(null);
    if (first === null) {
      if (isGuessablePin(pin)) setWrong("simple");
      else setFirst(pin);
      return;
    }
    setFirst(null);
    if (first === pin) await onPin(pin);
    else setWrong("differs");
  }

  const why = wrong === "simple" ? words.pinTooSimple : wrong === "differs" ? words.pinDiffers : no;
  return (
    <PinPad
      key={first === null ? "first" : "again"}
      label={words.pinOf(name)}
      hint={first === null ? words.newPin : words.newPinAgain}
      no={first === null ? why : undefined}
      onType={() => setWrong(null)}
      onPin={take}
    />
  );
}
