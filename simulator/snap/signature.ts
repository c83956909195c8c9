import { createHash, createHmac, createSign, createVerify, timingSafeEqual } from "node:crypto";

/** What a call's signature covers; `token` is null in asymmetric calls, which use none. */
export type Signed = {
  readonly path: string;
  readonly token: string | null;
  readonly body: unknown;
  readonly timestamp: string;
};

/** `POST:path[:token]:sha256(minified body):timestamp`, the digest in lower-case hex. */
export function textOf({ path, token, body, timestamp }: Signed): string {
  const digest = createHash("sha256").update(JSON.stringify(body)).digest("hex");
  return ["POST", path, ...(token === null ? [] : [token]), digest, timestamp].join(":");
}

/** HMAC-SHA512 in base64. */
export function hmacOf(secret: string, text: string): string {
  return createHmac("sha512", secret).update(text).digest("base64");
}

export function isHmacOf(secret: string, text: string, signature: string): boolean {
  const [given, expected] = [Buffer.from(signature), Buffer.from(hmacOf(secret, text))];
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** SHA256withRSA in base64; keys are PEM. */
export function rsaOf(privateKey: string, text: string): string {
  return createSign("RSA-SHA256").update(text).sign(privateKey, "base64");
}

export function isRsaOf(publicKey: string, text: string, signature: string): boolean {
  return createVerify("RSA-SHA256").update(text).verify(publicKey, signature, "base64");
}

const JAKARTA_MS = 7 * 3_600_000;
const DAY_MS = 86_400_000;

/** Milliseconds to ISO 8601 in Jakarta, whole seconds: `2024-03-15T10:30:00+07:00`. */
export function stamp(ms: number): string {
  return `${new Date(ms + JAKARTA_MS).toISOString().slice(0, 19)}+07:00`;
}

/** The number of the day in Jakarta; an `X-EXTERNAL-ID` is unique within a day. */
export function dayOf(ms: number): number {
  return Math.floor((ms + JAKARTA_MS) / DAY_MS);
}

/** Reads ISO 8601 with an offset, with or without milliseconds, to Unix milliseconds. */
export function readStamp(unchecked: unknown): number | undefined {
  if (
    typeof unchecked !== "string" ||
    !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?(Z|[+-]\d\d:\d\d)$/.test(unchecked)
  )
    return undefined;
  const ms = Date.parse(unchecked);
  return Number.isNaN(ms) ? undefined : ms;
}
