import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";

/** Keeps secrets that must be read again, such as a signing key: AES-256-GCM, bound to what each is about. */
export type SecretBox = {
  /** Names the key that closes, and tells nothing of it. */
  readonly keyId: string;
  close(secret: string, about: string): Buffer;
  /** Nothing, when it was closed with a key that is not here, about something else, or was changed. */
  open(closed: Buffer, about: string): string | undefined;
};

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

const KEY_ID_DIGITS = 12;

/** `key` has 32 bytes and closes; `before` still opens. A closed secret is nonce, tag and ciphertext in a row. */
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
