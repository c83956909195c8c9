import { createHash, createHmac, sign, timingSafeEqual, verify, type KeyObject } from "node:crypto";

/**
 * The signatures of SNAP BI, the national standard of open payment interfaces (document 1.0.2, September 2024), in both of its
 * dialects. A signature is base64; what it covers is a text of parts by colons, so the parts are joined here and nowhere else.
 */
export type Signable = {
  readonly method: "POST";
  /** From the root, with what the bank puts before `/v1.0/`, without the host. */
  readonly path: string;
  /** The bytes that are sent. */
  readonly body: string | Uint8Array;
  /** The `X-TIMESTAMP` beside it, letter by letter. */
  readonly timestamp: string;
};

/** What the key pair signs when a token is asked for: client key and time. */
export function tokenText(clientKey: string, timestamp: string): string {
  return `${clientKey}|${timestamp}`;
}

/** What the shared secret signs; the token without `Bearer `. */
export function symmetricText({ method, path, body, timestamp }: Signable, token: string): string {
  return [method, path, token, digest(body), timestamp].join(":");
}

/** What a key pair signs: the same without a token. */
export function asymmetricText({ method, path, body, timestamp }: Signable): string {
  return [method, path, digest(body), timestamp].join(":");
}

/** HMAC-SHA512 by the client secret. */
export function signBySecret(secret: string, text: string): string {
  return createHmac("sha512", secret).update(text).digest("base64");
}

/** SHA256withRSA (PKCS #1 v1.5). */
export function signByKey(privateKey: KeyObject, text: string): string {
  return sign("sha256", Buffer.from(text), privateKey).toString("base64");
}

export function isSignedBySecret(secret: string, text: string, signature: string): boolean {
  const [given, right] = [
    Buffer.from(signature, "base64"),
    Buffer.from(signBySecret(secret, text), "base64"),
  ];
  return given.length === right.length && timingSafeEqual(given, right);
}

export function isSignedByKey(publicKey: KeyObject, text: string, signature: string): boolean {
  return verify("sha256", Buffer.from(text), publicKey, Buffer.from(signature, "base64"));
}

/** Lower-case hex SHA-256. */
function digest(body: string | Uint8Array): string {
  return createHash("sha256").update(body).digest("hex");
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
/** Space, tab, line feed, carriage return. */
const WHITE: ReadonlySet<number> = new Set([0x20, 0x09, 0x0a, 0x0d]);

/**
 * A JSON text without the white space between its parts: the standard has the minified body hashed, and a sender may send it
 * with spaces all the same. Byte by byte and not by parsing, which would write `1.0` and `\/` anew.
 */
export function minified(body: Uint8Array): Uint8Array {
  const kept = new Uint8Array(body.length);
  let [length, inText, escaped] = [0, false, false];
  for (const byte of body) {
    if (!inText && WHITE.has(byte)) continue;
    kept[length++] = byte;
    if (escaped) escaped = false;
    else if (inText && byte === BACKSLASH) escaped = true;
    else if (byte === QUOTE) inText = !inText;
  }
  return kept.subarray(0, length);
}

const JAKARTA_MS = 7 * 3_600_000;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})$/;

/** Milliseconds to what SNAP BI calls a time: ISO 8601 in Jakarta, `2024-03-15T10:30:00+07:00`. */
export function toSnapTime(ms: number): string {
  return `${new Date(ms + JAKARTA_MS).toISOString().slice(0, 19)}+07:00`;
}

/** Reads a time with or without milliseconds; one without an offset is none. Milliseconds. */
export function readSnapTime(unchecked: unknown): number | undefined {
  if (typeof unchecked !== "string" || !TIME.test(unchecked)) return undefined;
  const ms = Date.parse(unchecked.replace(/([+-]\d{2})(\d{2})$/, "$1:$2"));
  return Number.isNaN(ms) ? undefined : ms;
}
