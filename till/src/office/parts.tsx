import { useId, type ReactNode } from "react";
import { Refused } from "../api.ts";
import { serverNow } from "../clock.ts";
import { Icon, type IconName } from "../parts/Icon.tsx";
import { useWide } from "../parts/media.ts";
import { go } from "../place.ts";
import { useShop } from "../server.ts";
import { useSettings } from "../settings.ts";
import { toClock, toDay, toMoment } from "../when.ts";
import { useOfficeWords } from "./words.ts";

/** The header of an inner page: the back button on a phone, the title, and the primary action. */
export function Head({
  title,
  action,
  children,
}: {
  readonly title: string;
  readonly action?: { readonly label: string; readonly run: () => void } | undefined;
  readonly children?: ReactNode;
}) {
  const words = useOfficeWords();
  const wide = useWide();
  return (
    <header className="office-head">
      {!wide && (
        <button type="button" className="key-quiet square" aria-label={words.back} onClick={() => go("shop")}>
          <Icon name="back" />
        </button>
      )}
      <h1>{title}</h1>
      {children}
      {action && (
        <button type="button" className="key-primary office-add" onClick={action.run}>
          <Icon name="plus" />
          {action.label}
        </button>
      )}
    </header>
  );
}

type AskedProps<Answer> = {
  readonly query: {
    readonly data: Answer | undefined;
    readonly error: unknown;
    readonly refetch: () => unknown;
  };
  readonly children: (answer: Answer) => ReactNode;
};

/** The result of a query: a placeholder while it loads, then the answer or the reason for the failure. */
export function Asked<Answer>({ query: { data, error, refetch }, children }: AskedProps<Answer>) {
  const words = useOfficeWords();
  const { language } = useSettings();
  if (data !== undefined) return children(data);
  if (!error) return <Skeleton />;
  const refused = error instanceof Refused;
  return (
    <div className="empty" role="alert">
      <Icon name="alert" />
      <strong>{refused ? error.problem.detail[language] : words.notLoaded}</strong>
      {!refused && <p>{words.needsServer}</p>}
      <button type="button" className="key-second" onClick={() => void refetch()}>
        {words.again}
      </button>
    </div>
  );
}

function Skeleton() {
  return (
    <ul className="rows" aria-hidden="true">
      {[1, 2, 3, 4].map((each) => (
        <li key={each}>
          <span className="row row-skeleton">
            <span className="face" />
            <span className="row-main">
              <span className="bar" />
              <span className="bar bar-short" />
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}

export function Empty({
  icon,
  title,
  hint,
}: {
  readonly icon: IconName;
  readonly title: string;
  readonly hint: string;
}) {
  return (
    <div className="empty">
      <Icon name={icon} />
      <strong>{title}</strong>
      <p>{hint}</p>
    </div>
  );
}

export function Field({
  label,
  hint,
  children,
}: {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly children: (id: string) => ReactNode;
}) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children(id)}
      {hint !== undefined && <small>{hint}</small>}
    </div>
  );
}

type TextProps = {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly most?: number;
  readonly lines?: number;
};

export function Text({ label, hint, value, onChange, most = 100, lines }: TextProps) {
  return (
    <Field label={label} hint={hint}>
      {(id) =>
        lines === undefined ? (
          <input
            id={id}
            type="text"
            autoComplete="off"
            maxLength={most}
            value={value}
            onChange={({ target }) => onChange(target.value)}
          />
        ) : (
          <textarea
            id={id}
            rows={lines}
            maxLength={most}
            value={value}
            onChange={({ target }) => onChange(target.value)}
          />
        )
      }
    </Field>
  );
}

export const PIN = /^[0-9]{6}$/;

export function Pin({
  label,
  hint,
  value,
  onChange,
}: {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  return (
    <Field label={label} hint={hint}>
      {(id) => (
        <input
          id={id}
          className="pin-field"
          type="password"
          inputMode="numeric"
          autoComplete="new-password"
          maxLength={6}
          value={value}
          onChange={({ target }) => onChange(target.value.replaceAll(/[^0-9]/g, ""))}
        />
      )}
    </Field>
  );
}

type SelectProps<Value extends string> = {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly (readonly [value: Value, label: string])[];
  readonly onChange: (value: Value) => void;
  readonly hint?: string | undefined;
};

export function Select<Value extends string>({ label, hint, value, options, onChange }: SelectProps<Value>) {
  return (
    <Field label={label} hint={hint}>
      {(id) => (
        <select id={id} value={value} onChange={({ target }) => onChange(target.value as Value)}>
          {options.map(([each, name]) => (
            <option key={each} value={each}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** A switch in a list; the whole label can be pressed. */
export function Check({
  label,
  note,
  checked,
  disabled = false,
  onChange,
}: {
  readonly label: string;
  readonly note?: string;
  readonly checked: boolean;
  readonly disabled?: boolean;
  readonly onChange: (checked: boolean) => void;
}) {
  return (
    <label className="check">
      <span className="row-main">
        {label}
        {note !== undefined && <small>{note}</small>}
      </span>
      <input
        type="checkbox"
        role="switch"
        checked={checked}
        disabled={disabled}
        onChange={({ target }) => onChange(target.checked)}
      />
    </label>
  );
}

/** Why something was refused, beside the button that was pressed. */
export function No({ children }: { readonly children: string | null }) {
  return (
    <p className="form-no" role="alert">
      {children}
    </p>
  );
}

/** Formats times in the outlet's time zone; a time of today without its date. */
export function useMoment(): (time: string) => string {
  const { outlet } = useShop();
  const { language } = useSettings();
  const day = (time: string) => toDay(time, language, outlet.time_zone);
  return (time) =>
    (day(time) === day(new Date(serverNow()).toISOString()) ? toClock : toMoment)(
      time,
      language,
      outlet.time_zone,
    );
}

export const initials = (name: string) =>
  name
    .split(" ")
    .slice(0, 2)
    .map((word) => word.slice(0, 1))
    .join("");
