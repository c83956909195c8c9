import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type CryptoKey,
  type JWK,
} from "jose";
import { inTransaction, StartFailure, type Database } from "../../kernel/index.ts";
import type { SecretBox } from "../secret-box.ts";
import { deleteOldKeys, hasCurrentKey, insertSigningKey, retireOldKey, selectSigningKeys } from "./store.ts";

/** Ed25519, the only algorithm used for signing and accepted in tokens (RFC 8037). */
export const ALGORITHM = "EdDSA";

/** Every replica learns of a new, retired or deleted key within ten minutes. */
const REREAD_MS = 600_000;
/** A token's unknown key may be new on another replica, so the keys are read again, at most this often. */
const INQUIRY_RETRY_MS = 1_000;

/** The keys as last read: the one that signs now, and all those accepted. */
export type KeyRing = {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKeys: ReadonlyMap<string, CryptoKey>;
  /** The keys that `/.well-known/jwks.json` lists. */
  readonly published: readonly JWK[];
};

export type SigningKeys = {
  /** Read at most every ten minutes; no query otherwise. */
  ring(): Promise<KeyRing>;
  /** The key ring, read again if it lacks this key and was not read just now. */
  ringWith(kid: string): Promise<KeyRing>;
  /** Makes a new key if the current one is 30 days old, and deletes keys whose tokens have all expired. */
  rotate(): Promise<void>;
};

/**
 * Opens the keys that sign access tokens, stored in the database and shared by all replicas. Makes the first
 * one.
 */
export async function openSigningKeys(database: Database, box: SecretBox): Promise<SigningKeys> {
  let known: { ring: KeyRing; readAt: number } | undefined;
  let reading: Promise<KeyRing> | undefined;

  async function rotate(): Promise<void> {
    if (!(await hasCurrentKey(database.kysely))) {
      const { publicKey, privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
      const publicJwk = await exportJWK(publicKey);
      const kid = await calculateJwkThumbprint(publicJwk);
      const closed = box.close(JSON.stringify(await exportJWK(privateKey)), about(kid));
      await inTransaction(database, async (tx) => {
        await retireOldKey(tx);
        await insertSigningKey(tx, kid, publicJwk, closed);
      });
    }
    await deleteOldKeys(database.kysely);
  }

  async function readRing(): Promise<KeyRing> {
    await rotate();
    const keys = await selectSigningKeys(database.kysely);
    const current = keys.find(({ isRetired }) => !isRetired);
    if (!current) throw new Error("no current signing key after rotation");
    const text = box.open(current.privateJwk, about(current.kid));
    if (text === undefined)
      throw new StartFailure(
        "ONEGATE_SECRET_KEY is not the one that this data's signing key was sealed with.",
        "Set ONEGATE_SECRET_KEY to the value it had, or unset it in a sandbox.",
      );
    const privateKey = await importKey(JSON.parse(text) as JWK);
    const publicKeys = new Map(
      await Promise.all(keys.map(async ({ kid, publicJwk }) => [kid, await importKey(publicJwk)] as const)),
    );
    const published = keys.map(({ kid, publicJwk }) => ({ ...publicJwk, kid, alg: ALGORITHM, use: "sig" }));
    known = { ring: { kid: current.kid, privateKey, publicKeys, published }, readAt: performance.now() };
    return known.ring;
  }

  const read = () => (reading ??= readRing().finally(() => (reading = undefined)));
  const ring = async () => (known && performance.now() - known.readAt < REREAD_MS ? known.ring : read());
  await ring();
  return {
    ring,
    async ringWith(kid) {
      const found = await ring();
      return found.publicKeys.has(kid) || (known && performance.now() - known.readAt < INQUIRY_RETRY_MS)
        ? found
        : read();
    },
    async rotate() {
      await read();
    },
  };
}

function about(kid: string): string {
  return `signing_key ${kid}`;
}

async function importKey(jwk: JWK): Promise<CryptoKey> {
  const key = await importJWK(jwk, ALGORITHM);
  if (key instanceof Uint8Array) throw new Error("an Ed25519 key is not a shared secret");
  return key;
}
