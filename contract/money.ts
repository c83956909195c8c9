import { checkedToCurrency, exponentOf, type Currency } from "./currency.ts";
import { refuse, type Refusal } from "./refusal.ts";

/** An amount in minor units with its currency: `{ minor: 1250000n, currency: "IDR" }` is Rp 12.500,00. */
export type Money = { readonly minor: bigint; readonly currency: Currency };

/** Money on the wire: a decimal text in major units, and the currency. */
export type WireMoney = { readonly amount: string; readonly currency: string };

/** The largest amount of one posting, in minor units; ten of them still fit PostgreSQL's bigint. */
export const MAX_MINOR = 900_000_000_000_000_000n;

/**
 * The largest order, sale, price or cash payment, in minor units: nine trillion rupiah. With any fee on top
 * it still has at most 15 digits, which a JSON number holds exactly, and thousands of them fit into one
 * balance.
 */
export const MAX_ORDER_MINOR = 900_000_000_000_000n;

/** Refuses `amount_too_large` above the largest order. */
export function tooLargeForOrder(minor: bigint): Refusal | undefined {
  return minor > MAX_ORDER_MINOR
    ? refuse("amount_too_large", { maximum: MAX_ORDER_MINOR.toString() })
    : undefined;
}

export function money(minor: bigint, currency: Currency): Money {
  return { minor, currency };
}

/** Adds amounts of one currency. Mixing currencies is a bug, so it throws. */
export function add(first: Money, ...rest: Money[]): Money {
  let minor = first.minor;
  for (const term of rest) {
    if (term.currency !== first.currency) throw new Error(`adding ${term.currency} to ${first.currency}`);
    minor += term.minor;
  }
  return money(minor, first.currency);
}

/** How a division with a remainder is rounded. The caller's choice decides in whose favour. */
export type Rounding = "floor" | "ceil" | "halfUp" | "halfEven";

/** Divides `numerator / denominator` (denominator > 0) and rounds to a whole number. */
export function divide(numerator: bigint, denominator: bigint, rounding: Rounding): bigint {
  if (denominator <= 0n) throw new Error("denominator must be above zero");
  let floor = numerator / denominator;
  let rest = numerator % denominator;
  if (rest < 0n) {
    rest += denominator;
    floor -= 1n;
  }
  if (rest === 0n || rounding === "floor") return floor;
  if (rounding === "ceil") return floor + 1n;
  const twice = rest * 2n;
  if (twice !== denominator) return twice > denominator ? floor + 1n : floor;
  if (rounding === "halfUp") return floor + 1n;
  return floor % 2n === 0n ? floor : floor + 1n;
}

/**
 * Splits `minor` over the weights so that the parts sum to it exactly; the largest remainders get the odd
 * units.
 */
export function allocate(minor: bigint, weights: readonly bigint[]): bigint[] {
  const whole = weights.reduce((sum, weight) => sum + weight, 0n);
  if (whole <= 0n || weights.some((weight) => weight < 0n))
    throw new Error("weights must be non-negative with a positive sum");
  const sign = minor < 0n ? -1n : 1n;
  const size = minor * sign;
  const parts = weights.map((weight) => (size * weight) / whole);
  let left = size - parts.reduce((sum, part) => sum + part, 0n);
  const byRemainder = weights
    .map((weight, index) => ({ index, remainder: (size * weight) % whole }))
    .sort((a, b) => (a.remainder === b.remainder ? a.index - b.index : a.remainder > b.remainder ? -1 : 1));
  for (const { index } of byRemainder) {
    if (left === 0n) break;
    parts[index] = (parts[index] ?? 0n) + 1n;
    left -= 1n;
  }
  return parts.map((part) => part * sign);
}

/** Minor units as a plain decimal text in major units: 1250000n IDR → `12500.00`. */
export function toDecimal({ minor, currency }: Money): string {
  const exponent = exponentOf(currency);
  if (exponent === 0) return minor.toString();
  const sign = minor < 0n ? "-" : "";
  const digits = (minor < 0n ? -minor : minor).toString().padStart(exponent + 1, "0");
  return `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

/**
 * A JSON number in major units for clients that need one; only for responses. An inexact number is a bug, so
 * it throws.
 */
export function toNumber(sum: Money): number {
  const text = toDecimal(sum);
  const number = Number(text);
  if (checkedToMinor(number, sum.currency) !== sum.minor) throw new Error(`${text} has no exact JSON number`);
  return number;
}

export function toWire(sum: Money): WireMoney {
  return { amount: toDecimal(sum), currency: sum.currency };
}

const DECIMAL = /^(-?)(0|[1-9][0-9]{0,20})(?:\.([0-9]{1,8}))?$/;

/**
 * Reads an amount in major units: a decimal text, or a JSON number that is exact (|n| ≤ 2^53 and no more
 * decimals than the currency has). Refuses `amount_malformed`, `amount_too_precise`, `amount_too_large`,
 * never rounds.
 */
export function checkedToMinor(unchecked: unknown, currency: Currency): bigint | Refusal {
  let text: string;
  if (typeof unchecked === "string") text = unchecked;
  else if (
    typeof unchecked === "number" &&
    Number.isFinite(unchecked) &&
    Math.abs(unchecked) <= Number.MAX_SAFE_INTEGER
  ) {
    text = String(unchecked);
  } else
    return refuse(
      typeof unchecked === "number" && Number.isFinite(unchecked) ? "amount_too_large" : "amount_malformed",
    );
  const match = DECIMAL.exec(text);
  if (!match) return refuse("amount_malformed");
  const [, sign = "", whole = "0", fraction = ""] = match;
  const exponent = exponentOf(currency);
  const significant = fraction.replace(/0+$/, "");
  if (significant.length > exponent) return refuse("amount_too_precise");
  const minor = BigInt(whole + significant.padEnd(exponent, "0"));
  if (minor > MAX_MINOR) return refuse("amount_too_large");
  return sign === "-" ? -minor : minor;
}

/** Reads wire money; with `positive` also refuses `amount_not_positive`. */
export function checkedToMoney(
  unchecked: { amount: unknown; currency: unknown },
  rule: "positive" | "any" = "positive",
): Money | Refusal {
  const currency = checkedToCurrency(unchecked.currency);
  if (!currency) return refuse("currency_unknown");
  const minor = checkedToMinor(unchecked.amount, currency);
  if (typeof minor !== "bigint") return minor;
  if (rule === "positive" && minor <= 0n) return refuse("amount_not_positive");
  return money(minor, currency);
}

/** Money for people: `Rp 12.500` (`id`) or `IDR 12,500` (`en`); rupiah shows no sen unless there are some. */
export function toText(sum: Money, language: "id" | "en" = "id"): string {
  const [whole = "0", fraction = ""] = toDecimal(sum).replace("-", "").split(".");
  const [thousands, point] = language === "id" ? [".", ","] : [",", "."];
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, thousands);
  const hideFraction = sum.currency === "IDR" && /^0*$/.test(fraction);
  const figures = fraction && !hideFraction ? `${grouped}${point}${fraction}` : grouped;
  const symbol = sum.currency === "IDR" && language === "id" ? "Rp" : sum.currency;
  return `${sum.minor < 0n ? "-" : ""}${symbol} ${figures}`;
}
