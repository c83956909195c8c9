import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";

/**
 * Encrypts secrets that must be read again, such as a signing key. AES-256-GCM, bound to the subject `about`.
 */
export type SecretBox = {
  /** Identifies the encrypting key without revealing it. */
  readonly keyId: string;
  close(secret: string, about: string): Buffer;
  /** Returns nothing if the key is unknown, `about` differs, or the ciphertext was changed. */
  open(closed: Buffer, about: string): string | undefined;
};

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const KEY_ID_DIGITS = 12;

/**
 * `key` (32 bytes) encrypts; `before` still decrypts. The output is nonce, tag and ciphertext, concatenated.
 */
export function createSecretBox(key: Buffer, before: Buffer | null = null): SecretBox {
  return {
    keyId: createHash("sha256").update("key id\u0000").update(key).digest("hex").slice(0, KEY_ID_DIGITS),
    close(secret, about) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(about));
      const text = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), text]);
    },
    open: (closed, about) =>
      openWith(key, closed, about) ?? (before ? openWith(before, closed, about) : undefined),
  };
}

function openWith(key: Buffer, closed: Buffer, about: string): string | undefined {
  const nonce = closed.subarray(0, NONCE_BYTES);
  const tag = closed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(about)).setAuthTag(tag);
    return (
      decipher.update(closed.subarray(NONCE_BYTES + TAG_BYTES), undefined, "utf8") + decipher.final("utf8")
    );
  } catch {
    return undefined;
  }
}
