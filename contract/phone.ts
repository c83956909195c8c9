import { refuse, type Refusal } from "./refusal.ts";

/** A text longer than this is no number, and is not even looked at. */
const MAX_TYPED_LENGTH = 320;

/** E.164; Indonesian numbers have 8 to 12 digits after +62, and none begins with a nought. */
const PHONE = /^\+(?:62[1-9][0-9]{7,11}|(?!62)[1-9][0-9]{6,14})$/;

/**
 * The one reader of telephone numbers: `0812-0000-0001`, `62 812 0000 0001`, `0062…`, `+62081…` and `+62 (0)812 0000 0001`
 * are `+6281200000001`; a number of another country begins with + or 00. Without any of these it can't be told which country
 * `812…` is of. Refuses `phone_invalid`.
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

/** An Indonesian mobile number as people write it, `0812…`; undefined for any other. Takes E.164. */
export function toLocalMobile(phone: string | null): string | undefined {
  return phone?.startsWith("+628") ? `0${phone.slice(3)}` : undefined;
}
