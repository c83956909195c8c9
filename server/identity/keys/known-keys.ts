import type { Database } from "../../kernel/index.ts";
import { tokenHash } from "../secret.ts";
import type { KeyMode, MerchantKey } from "./key.ts";
import { selectByHash } from "./store.ts";

export type KnownKey = Pick<MerchantKey, "merchantId" | "keyId" | "scopes">;

/** How long a valid key is cached. A revoked key is refused on every replica after this time. */
const CACHE_MS = 1_000;
const MAX_REMEMBERED = 10_000;

/** Looks keys up, each at most once a second. An invalid key is never cached. */
export function createKnownKeys(
  database: Database,
  mode: KeyMode,
): (secret: string) => Promise<KnownKey | undefined> {
  const known = new Map<string, { until: number; found: Promise<KnownKey | undefined> }>();
  return async (secret) => {
    const hash = tokenHash(secret);
    const cacheKey = hash.toString("base64");
    const remembered = known.get(cacheKey);
    if (remembered && performance.now() < remembered.until) return remembered.found;
    if (known.size >= MAX_REMEMBERED) known.clear();
    const found = selectByHash(database.kysely, hash, mode);
    known.set(cacheKey, { until: performance.now() + CACHE_MS, found });
    try {
      const key = await found;
      if (!key) known.delete(cacheKey);
      return key;
    } catch (error) {
      known.delete(cacheKey);
      throw error;
    }
  };
}
