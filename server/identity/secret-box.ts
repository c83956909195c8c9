import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

/** Keeps secrets that must be read again, such as a signing key: AES-256-GCM, bound to what each is about. */
export type SecretBox = {
  close(secret: string, about: string): Buffer;
  /** Nothing, when it was closed with another key, about something else, or was changed. */
  open(closed: Buffer, about: string): string | undefined;
};

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** `key` has 32 bytes. A closed secret is nonce, tag and ciphertext in a row. */
export function createSecretBox(key: Buffer): SecretBox {
  return {
    close(secret, about) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(about));
      const text = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), text]);
    },
    open(closed, about) {
      const nonce = closed.subarray(0, NONCE_BYTES);
      const tag = closed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
      try {
        const decipher = createDecipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(about)).setAuthTag(tag);
        return decipher.update(closed.subarray(NONCE_BYTES + TAG_BYTES), undefined, "utf8") + decipher.final("utf8");
      } catch {
        return undefined;
      }
    },
  };
}
