import type { KeyObject } from "node:crypto";

const MIN_BITS = 2_048;

/** An RSA key of 2048 bits or more, made of a PEM by `create`; nothing where it is none. */
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
