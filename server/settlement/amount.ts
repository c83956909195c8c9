import {
  checkedToMinor,
  exponentOf,
  isRefusal,
  refuse,
  type Currency,
  type Refusal,
} from "@onegate/contract";

/** The decimal mark of a file: `.`, `,`, or whichever the amount itself shows. */
export type DecimalMark = "." | "," | "either";

const SYMBOL = /^(?:Rp|IDR)\.?\s*/i;

/**
 * Reads an amount as people and spreadsheets write it: thousands grouped by three or not at all, `Rp` or
 * `IDR` before it, a minus or parentheses for a negative amount. With "either", a mark before exactly three
 * digits separates thousands and a mark before fewer digits separates decimals. This is unambiguous only in
 * currencies of at most two decimals; in others such an amount is refused. Never rounds. Refuses what
 * `checkedToMinor` refuses.
 */
export function readAmount(unchecked: string, mark: DecimalMark, currency: Currency): bigint | Refusal {
  const text = unchecked
    .replace(/[\u00a0\u202f\s]+/g, " ")
    .replace("\u2212", "-")
    .trim();
  const inParentheses = /^\((.*)\)$/.exec(text);
  const [, sign = "", rest = ""] = /^(-?)\s*(.*)$/.exec(inParentheses?.[1]?.trim() ?? text) ?? [];
  const [, inner = "", digits = ""] = /^(-?)(.*)$/.exec(rest.replace(SYMBOL, "")) ?? [];
  const minuses = (inParentheses ? 1 : 0) + sign.length + inner.length;
  if (minuses > 1) return refuse("amount_malformed");
  if (mark === "either" && exponentOf(currency) > 2 && /[.,]/.test(digits)) return refuse("amount_malformed");
  const marks = mark === "either" ? ([".", ","] as const) : [mark];
  const plain = marks.map((one) => toPlain(digits, one, mark === "either")).find((one) => one !== undefined);
  if (plain === undefined) return refuse("amount_malformed");
  const minor = checkedToMinor(plain, currency);
  return isRefusal(minor) || minuses === 0 ? minor : -minor;
}

/** The digits as a plain decimal, `1234567.00`; undefined where the marks are misplaced. */
function toPlain(digits: string, mark: "." | ",", guessed: boolean): string | undefined {
  const [decimal, thousands] = mark === "." ? ["\\.", ","] : [",", "\\."];
  const decimals = guessed ? "{1,2}" : "{1,8}";
  const match = new RegExp(
    `^(\\d{1,18}|\\d{1,3}(?:${thousands}\\d{3}){1,5})(?:${decimal}(\\d${decimals}))?$`,
  ).exec(digits);
  if (!match?.[1]) return undefined;
  const whole = match[1].replaceAll(/[.,]/g, "").replace(/^0+(?=\d)/, "");
  return match[2] === undefined ? whole : `${whole}.${match[2]}`;
}
