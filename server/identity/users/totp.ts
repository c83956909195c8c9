import { Secret, TOTP } from "otpauth";
import type { SecretBox } from "../secret-box.ts";
import type { Id } from "@onegate/contract";

const PERIOD_S = 30;
/** Accepts clocks that are off by one period. */
const WINDOW = 1;
const SECRET_BYTES = 20;
const CODE = /^[0-9]{6}$/;

/** One-time codes as authenticator apps make them (RFC 6238): SHA-1, six digits, 30 seconds. */
function totp(secret: Secret, label: string): TOTP {
  return new TOTP({ issuer: "Onegate", label, secret, algorithm: "SHA1", digits: 6, period: PERIOD_S });
}

/** A new secret: in base 32, as the URI for an app's QR code, and encrypted for storage. */
export function newTotp(
  box: SecretBox,
  userId: Id,
  label: string,
): { base32: string; uri: string; closed: Buffer } {
  const secret = new Secret({ size: SECRET_BYTES });
  return {
    base32: secret.base32,
    uri: totp(secret, label).toString(),
    closed: box.close(secret.base32, about(userId)),
  };
}

/** The 30-second step since 1970 that a code belongs to. Nothing if the code is wrong or too old. */
export function stepOf(
  box: SecretBox,
  userId: Id,
  closed: Buffer,
  code: string,
  nowMs: number,
): number | undefined {
  const base32 = box.open(closed, about(userId));
  if (base32 === undefined) throw new Error("a TOTP secret was sealed with another ONEGATE_SECRET_KEY");
  const delta = CODE.test(code)
    ? totp(Secret.fromBase32(base32), "").validate({ token: code, timestamp: nowMs, window: WINDOW })
    : null;
  return delta === null ? undefined : Math.floor(nowMs / 1000 / PERIOD_S) + delta;
}

function about(userId: Id): string {
  return `totp ${userId}`;
}
