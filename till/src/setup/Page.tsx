import { useId, type ReactNode } from "react";
import { Gate } from "../parts/Gate.tsx";
import { Icon } from "../parts/Icon.tsx";
import { useSetupWords } from "./words.ts";

type Props = {
  readonly title: string;
  readonly why?: ReactNode;
  /** The number of this step and the number of steps. */
  readonly step?: readonly [step: number, steps: number];
  readonly onBack?: (() => void) | undefined;
  readonly onSubmit?: () => void;
  readonly children?: ReactNode;
  /** The buttons, at the bottom where the thumb is. */
  readonly keys?: ReactNode;
};

/** A screen with one task: its title above, the button to continue below. */
export function Page({ title, why, step, onBack, onSubmit, children, keys }: Props) {
  const words = useSetupWords();
  return (
    <div className="setup">
      <aside className="setup-brand" aria-hidden="true">
        <Gate />
      </aside>
      <form
        className="setup-page"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          onSubmit?.();
        }}
      >
        <header className="setup-head">
          {onBack ? (
            <button type="button" className="key-quiet square" aria-label={words.back} onClick={onBack}>
              <Icon name="back" />
            </button>
          ) : (
            <span className="setup-mark">
              <Gate title="Onegate" />
            </span>
          )}
          {step && <p>{words.stepOf(...step)}</p>}
        </header>
        {step && (
          <div className="setup-steps" aria-hidden="true">
            {Array.from({ length: step[1] }, (_, place) => (
              <span key={place} className={place < step[0] ? "setup-done" : undefined} />
            ))}
          </div>
        )}
        <main className="setup-main">
          <h1>{title}</h1>
          {why !== undefined && <p className="setup-why">{why}</p>}
          {children}
        </main>
        {keys && <footer className="setup-keys">{keys}</footer>}
      </form>
    </div>
  );
}

type FieldProps = {
  readonly label: string;
  readonly value: string;
  readonly hint?: string;
  readonly type?: "text" | "tel";
  readonly max: number;
  readonly complete?: string;
  readonly focus?: boolean;
  readonly onChange: (value: string) => void;
};

export function Field({
  label,
  value,
  hint,
  type = "text",
  max,
  complete = "off",
  focus = false,
  onChange,
}: FieldProps) {
  return (
    <label className="field">
      <span>{label}</span>
      <input
        type={type}
        value={value}
        placeholder={hint}
        maxLength={max}
        autoComplete={complete}
        autoCapitalize={type === "text" ? "words" : "off"}
        autoFocus={focus}
        onChange={({ target }) => onChange(target.value)}
      />
    </label>
  );
}

/** A field for a code: large, in two halves; the dash is added automatically. */
export function CodeField({
  label,
  value,
  hint,
  no,
  onChange,
}: {
  readonly label: string;
  readonly value: string;
  readonly hint: string;
  readonly no: string | undefined;
  readonly onChange: (value: string) => void;
}) {
  const id = useId();
  return (
    <div className="field field-code">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="text"
        inputMode="text"
        value={value}
        placeholder="ABCD-EFGH"
        autoComplete="off"
        autoCapitalize="characters"
        autoCorrect="off"
        spellCheck={false}
        autoFocus
        data-scan
        aria-invalid={no !== undefined}
        aria-describedby={`${id}-hint`}
        onChange={({ target }) => onChange(target.value)}
      />
      <small
        id={`${id}-hint`}
        className={no === undefined ? undefined : "field-no"}
        role={no === undefined ? undefined : "alert"}
      >
        {no ?? hint}
      </small>
    </div>
  );
}
