import { useWords } from "../words.ts";
import { Icon } from "./Icon.tsx";

type Props = {
  readonly extra?: string;
  readonly disabled?: boolean;
  readonly onDigits: (digits: string) => void;
  readonly onErase: () => void;
};

/** Large number keys; `extra` is the key left of 0. */
export function Keypad({ extra, disabled = false, onDigits, onErase }: Props) {
  const words = useWords();
  const digit = (text: string) => (
    <button key={text} type="button" className="key-pad" disabled={disabled} onClick={() => onDigits(text)}>
      {text}
    </button>
  );
  return (
    <div className="keypad">
      {[..."123456789"].map(digit)}
      {extra === undefined ? <span /> : digit(extra)}
      {digit("0")}
      <button
        type="button"
        className="key-pad key-pad-soft"
        disabled={disabled}
        aria-label={words.erase}
        onClick={onErase}
      >
        <Icon name="erase" />
      </button>
    </div>
  );
}
