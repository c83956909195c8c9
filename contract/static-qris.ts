import { isQrisProblem, parseQris, type Qris, type QrisProblem } from "./qris.ts";
import { refuse, type Refusal } from "./refusal.ts";

/** The provider and the method of payments by a shop's own printed code. */
export const STATIC_PROVIDER = "qris_static";
export const STATIC_METHOD = "QRIS_STATIC";

/** Days within which a statement should contain a payment by a printed code. */
export const VERIFY_WITHIN_DAYS = 3;

/**
 * Reads the payload of a shop's printed code. Refuses `qris_crc_wrong`, `qris_is_transfer`,
 * `qris_currency_unfit`, `qris_country_unfit`, `qris_not_static`, and `qris_malformed` for any other problem.
 */
export function checkedToStaticQris(unchecked: string): Qris | Refusal {
  const parsed = parseQris(unchecked.trim());
  if (isQrisProblem(parsed)) return refusalOf(parsed);
  return parsed.initiation === "static" ? parsed : refuse("qris_not_static");
}

function refusalOf({ problem, tag }: QrisProblem): Refusal {
  if (problem === "crc_wrong") return refuse("qris_crc_wrong");
  if (problem === "transfer_not_purchase") return refuse("qris_is_transfer");
  if (problem === "value_invalid" && tag === "53") return refuse("qris_currency_unfit");
  if (problem === "value_invalid" && tag === "58") return refuse("qris_country_unfit");
  return refuse("qris_malformed", { problem, ...(tag === undefined ? {} : { tag }) });
}

const REFERENCE = /^[0-9A-Z][0-9A-Z./_-]{5,39}$/;
const MIN_REFERENCE_LENGTH = 6;

/**
 * Normalizes the reference number on the payer's screen, a 12-digit RRN or an app's own number, with
 * `plainReference`. Refuses `reference_malformed`.
 */
export function checkedToReference(unchecked: string): string | Refusal {
  const reference = plainReference(unchecked);
  const isWellFormed = REFERENCE.test(unchecked.normalize("NFKC").replaceAll(/\s+/g, "").toUpperCase());
  return isWellFormed && reference.length >= MIN_REFERENCE_LENGTH ? reference : refuse("reference_malformed");
}

/**
 * The letters and digits of a reference in upper case, so that references compare equal whatever their
 * punctuation.
 */
export function plainReference(text: string): string {
  return text
    .normalize("NFKC")
    .replaceAll(/[^0-9A-Za-z]+/g, "")
    .toUpperCase();
}
