import type { KeyObject } from "node:crypto";

const MIN_BITS = 2_048;

/** An RSA key of 2048 bits or more that `create` reads from a PEM; `undefined` if it is not one. */
export function checkedToRsaKey(
  create: (pem: string) => KeyObject,
  unchecked: string,
): KeyObject | undefined {
  try {
    const key = create(unchecked);
    return key.asymmetricKeyType === "rsa" && (key.asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_BITS
      ? key
      : undefined;
  } catch {
    return undefined;
  }
}
