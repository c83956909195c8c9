import { isQrisProblem, parseQris, type Qris, type QrisProblem } from "./qris.ts";
import { refuse, type Refusal } from "./refusal.ts";

/** Who holds money that was paid to a shop's own printed code, and what such a payment is called. */
export const STATIC_PROVIDER = "qris_static";
export const STATIC_METHOD = "QRIS_STATIC";

/** Days within which a statement should name a payment by a printed code. */
export const VERIFY_WITHIN_DAYS = 3;

/**
 * Reads the payload of a shop's printed code. Refuses `qris_crc_wrong`, `qris_is_transfer`, `qris_currency_unfit`,
 * `qris_country_unfit`, `qris_not_static`, and `qris_malformed` for whatever else it is not.
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
 * The number that a payer's screen shows, an RRN of 12 digits or an app's own, as `plainReference` keeps it. Refuses
 * `reference_malformed`.
 */
export function checkedToReference(unchecked: string): string | Refusal {
  const reference = plainReference(unchecked);
  const isWritten = REFERENCE.test(unchecked.normalize("NFKC").replaceAll(/\s+/g, "").toUpperCase());
  return isWritten && reference.length >= MIN_REFERENCE_LENGTH ? reference : refuse("reference_malformed");
}

/** The letters and digits of a reference, in upper case: it is one reference however people and files punctuate it. */
export function plainReference(text: string): string {
  return text
    .normalize("NFKC")
    .replaceAll(/[^0-9A-Za-z]+/g, "")
    .toUpperCase();
}
