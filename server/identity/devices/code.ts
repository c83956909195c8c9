import { randomBytes } from "node:crypto";
import { tokenHash } from "../secret.ts";

/** Crockford's alphabet, without letters that are easily confused with another letter or a digit. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH = 8;

/**
 * A new code of 40 bits for people to read out and type, such as `ABCD-EFGH`, and the hash that is stored.
 */
export function newCode(): { code: string; hash: Buffer } {
  const text = Array.from(randomBytes(LENGTH), (byte) => ALPHABET.charAt(byte & 31)).join("");
  return { code: `${text.slice(0, 4)}-${text.slice(4)}`, hash: tokenHash(text) };
}

/**
 * The hash of a typed code. Ignores case, spaces and hyphens; reads O as 0, and I and L as 1. Nothing if the
 * text is not a code.
 */
export function codeHash(unchecked: string): Buffer | undefined {
  const text = unchecked.toUpperCase().replaceAll(/[\s-]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");
  return text.length === LENGTH && [...text].every((letter) => ALPHABET.includes(letter))
    ? tokenHash(text)
    : undefined;
}
