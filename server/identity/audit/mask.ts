import { actions, type AuditAction, type Fields, type Value } from "./actions.ts";

const MAX_CHARACTERS = 200;
const MAX_ITEMS = 100;
const HIDDEN = "•••";
/** Nine digits or more, with the separators that people write in telephone numbers. */
const PHONE = /\+?\d(?:[\s().\-–/]*\d){8,}/g;
const EMAIL = /[^\s@<>()",;:]+@[^\s@<>()",;:]+\.[^\s@<>()",;:]+/g;

/** Keeps the fields that the action names, with personal data masked. Null if none is left. */
export function recordedFields<A extends AuditAction>(
  action: A,
  fields: Fields<A> | undefined,
): Record<string, Value> | null {
  if (!fields) return null;
  const kept: Record<string, Value> = {};
  for (const [field, how] of Object.entries(actions[action])) {
    const value = (fields as Readonly<Record<string, Value | undefined>>)[field];
    if (value === undefined) continue;
    const shown = how === "masked" ? masked : how === "text" ? scrubbed : plain;
    kept[field] =
      typeof value === "string"
        ? shown(value)
        : Array.isArray(value)
          ? value.slice(0, MAX_ITEMS).map(shown)
          : typeof value === "number" && !Number.isSafeInteger(value)
            ? String(value)
            : value;
  }
  return Object.keys(kept).length === 0 ? null : kept;
}

/** Makes a text that PostgreSQL and every JSON reader accept: well-formed, without NUL, of limited length. */
export function plain(text: string): string {
  const whole = text.toWellFormed().replaceAll("\0", "");
  return whole.length <= MAX_CHARACTERS ? whole : `${whole.slice(0, MAX_CHARACTERS - 1).toWellFormed()}…`;
}

/** `+6281200000001` is `+62•••0001`, `andi@contoh.id` is `a•••@contoh.id`, `Andi Contoh` is `A•••`. */
export function masked(text: string): string {
  const whole = plain(text.trim());
  if (whole === "") return "";
  if (/^\+?[\d\s().\-–/]+$/.test(whole)) return maskedPhone(whole);
  const at = whole.lastIndexOf("@");
  return `${[...whole][0] ?? ""}${HIDDEN}${at > 0 ? whole.slice(at) : ""}`;
}

function maskedPhone(text: string): string {
  const digits = text.replace(/\D/g, "");
  const end = digits.length < 9 ? "" : digits.slice(-4);
  return `${text.startsWith("+") ? "+" : ""}${digits.slice(0, digits.length < 9 ? 0 : 2)}${HIDDEN}${end}`;
}

function scrubbed(text: string): string {
  return plain(text.replace(EMAIL, masked).replace(PHONE, maskedPhone));
}
