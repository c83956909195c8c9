import { Secret, TOTP } from "otpauth";
import type { SecretBox } from "../secret-box.ts";
import type { Id } from "@onegate/contract";

const PERIOD_S = 30;
/** A clock that goes half a minute wrong is forgiven. */
const WINDOW = 1;
const SECRET_BYTES = 20;
const CODE = /^[0-9]{6}$/;

/** One-time codes as authenticator apps make them (RFC 6238): SHA-1, six digits, half a minute. */
function totp(secret: Secret, label: string): TOTP {
  return new TOTP({ issuer: "Onegate", label, secret, algorithm: "SHA1", digits: 6, period: PERIOD_S });
}

/** A new secret: as base 32, as the address that an app reads from a QR code, and as it is kept. */
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

/** The half minute since 1970 that a code is of, or nothing when it is wrong or its time is over. */
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
