import { argon2, createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

const derive = promisify(argon2);

/** Argon2id as OWASP's password storage cheat sheet recommends: 19 MiB, two passes, one lane. */
const COST = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const TAG_BYTES = 32;

function tagOf(secret: string, nonce: Buffer): Promise<Buffer> {
  return derive("argon2id", { message: secret, nonce, tagLength: TAG_BYTES, ...COST });
}

/** Hashes a PIN or password to a PHC string. */
export async function hashSecret(secret: string): Promise<string> {
  const nonce = randomBytes(16);
  const tag = await tagOf(secret, nonce);
  const cost = `m=${COST.memory},t=${COST.passes},p=${COST.parallelism}`;
  return `$argon2id$v=19$${cost}$${nonce.toString("base64url")}$${tag.toString("base64url")}`;
}

export async function isSecret(secret: string, hash: string): Promise<boolean> {
  const [, , , , nonce, tag] = hash.split("$");
  if (!nonce || !tag) return false;
  return timingSafeEqual(await tagOf(secret, Buffer.from(nonce, "base64url")), Buffer.from(tag, "base64url"));
}

/** A new bearer token of 256 bits, and its hash, which alone is stored. */
export function newToken(): { token: string; hash: Buffer } {
  const token = randomBytes(32).toString("base64url");
  return { token, hash: tokenHash(token) };
}

export function tokenHash(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
