import { createHash, createHmac, sign, timingSafeEqual, verify, type KeyObject } from "node:crypto";

/**
 * The signatures of SNAP BI, the Indonesian standard for open payment APIs (document 1.0.2, September 2024),
 * symmetric and asymmetric. A signature is base64. It covers several parts joined by colons; they are joined
 * only in this file.
 */
export type Signable = {
  readonly method: "POST";
  /** The absolute path without the host, with the bank's prefix before `/v1.0/`. */
  readonly path: string;
  /** The bytes that are sent. */
  readonly body: string | Uint8Array;
  /** The exact `X-TIMESTAMP` header. */
  readonly timestamp: string;
};

/** The text that the key pair signs to request a token: client key and time. */
export function tokenText(clientKey: string, timestamp: string): string {
  return `${clientKey}|${timestamp}`;
}

/** The text that the shared secret signs; the token without `Bearer `. */
export function symmetricText({ method, path, body, timestamp }: Signable, token: string): string {
  return [method, path, token, digest(body), timestamp].join(":");
}

/** The text that a key pair signs: the same without a token. */
export function asymmetricText({ method, path, body, timestamp }: Signable): string {
  return [method, path, digest(body), timestamp].join(":");
}

/** HMAC-SHA512 with the client secret. */
export function signBySecret(secret: string, text: string): string {
  return createHmac("sha512", secret).update(text).digest("base64");
}

/** SHA256withRSA (PKCS #1 v1.5). */
export function signByKey(privateKey: KeyObject, text: string): string {
  return sign("sha256", Buffer.from(text), privateKey).toString("base64");
}

export function isSignedBySecret(secret: string, text: string, signature: string): boolean {
  const [given, expected] = [
    Buffer.from(signature, "base64"),
    Buffer.from(signBySecret(secret, text), "base64"),
  ];
  return given.length === expected.length && timingSafeEqual(given, expected);
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
 * A JSON text without the white space between its tokens. The standard hashes the minified body, but a sender
 * may send it with spaces. Works byte by byte, because parsing would rewrite `1.0` and `\/`.
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

/** Milliseconds to a SNAP BI time: ISO 8601 in Jakarta, `2024-03-15T10:30:00+07:00`. */
export function toSnapTime(ms: number): string {
  return `${new Date(ms + JAKARTA_MS).toISOString().slice(0, 19)}+07:00`;
}

/** Reads a time, with or without milliseconds, to Unix milliseconds; undefined without an offset. */
export function readSnapTime(unchecked: unknown): number | undefined {
  if (typeof unchecked !== "string" || !TIME.test(unchecked)) return undefined;
  const ms = Date.parse(unchecked.replace(/([+-]\d{2})(\d{2})$/, "$1:$2"));
  return Number.isNaN(ms) ? undefined : ms;
}
