import { randomBytes } from "node:crypto";
import { tokenHash } from "../secret.ts";

/** Crockford's alphabet: no letter is taken for another or for a digit. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH = 8;

/** A code of 40 bits that people read out and type, `ABCD-EFGH`, and what is kept of it. */
export function newCode(): { code: string; hash: Buffer } {
  const text = Array.from(randomBytes(LENGTH), (byte) => ALPHABET.charAt(byte & 31)).join("");
  return { code: `${text.slice(0, 4)}-${text.slice(4)}`, hash: tokenHash(text) };
}

/** What is kept of a code as somebody typed it: case, spaces and hyphens don't matter, O is 0, I and L are 1. Nothing when it can be no code. */
export function codeHash(unchecked: string): Buffer | undefined {
  const text = unchecked.toUpperCase().replaceAll(/[\s-]/g, "").replaceAll("O", "0").replaceAll(/[IL]/g, "1");
  return text.length === LENGTH && [...text].every((letter) => ALPHABET.includes(letter))
    ? tokenHash(text)
    : undefined;
}
