import { refuse, type Refusal } from "./refusal.ts";

/** A longer text is refused without parsing. */
const MAX_TYPED_LENGTH = 320;

/** E.164. Indonesian numbers have 8 to 12 digits after +62 and no leading zero. */
const PHONE = /^\+(?:62[1-9][0-9]{7,11}|(?!62)[1-9][0-9]{6,14})$/;

/**
 * Normalizes a telephone number to E.164: `0812-0000-0001`, `62 812 0000 0001`, `0062…`, `+62081…` and
 * `+62 (0)812 0000 0001` become `+6281200000001`. A number of another country begins with + or 00. A number
 * such as `812…` is refused, because its country is unknown. Refuses `phone_invalid`.
 */
export function checkedToPhone(unchecked: string): string | Refusal {
  if (unchecked.length > MAX_TYPED_LENGTH) return refuse("phone_invalid");
  const digits = unchecked
    .normalize("NFKC")
    .trim()
    .replace(/[\s().\p{Pd}]/gu, "")
    .replace(/^00/, "+");
  const international = digits.replace(/^(?:\+?620?|0)(?=[1-9])/, "+62");
  return PHONE.test(international) ? international : refuse("phone_invalid");
}

/**
 * An E.164 number in the local form of Indonesian mobile numbers, `0812…`; `undefined` for any other number.
 */
export function toLocalMobile(phone: string | null): string | undefined {
  return phone?.startsWith("+628") ? `0${phone.slice(3)}` : undefined;
}
