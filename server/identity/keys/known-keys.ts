import type { Database } from "../../kernel/index.ts";
import { tokenHash } from "../secret.ts";
import type { KeyMode, MerchantKey } from "./key.ts";
import { selectByHash } from "./store.ts";

export type KnownKey = Pick<MerchantKey, "merchantId" | "keyId" | "scopes">;

/** So long a key that was good is believed without asking: a revoked one is refused everywhere after this. */
const BELIEVED_MS = 1_000;
const MAX_REMEMBERED = 10_000;

/** Looks keys up, each once a second however many requests it makes. A key that is not good is never remembered. */
export function createKnownKeys(
  database: Database,
  mode: KeyMode,
): (secret: string) => Promise<KnownKey | undefined> {
  const known = new Map<string, { until: number; found: Promise<KnownKey | undefined> }>();
  return async (secret) => {
    const hash = tokenHash(secret);
    const place = hash.toString("base64");
    const remembered = known.get(place);
    if (remembered && performance.now() < remembered.until) return remembered.found;
    if (known.size >= MAX_REMEMBERED) known.clear();
    const found = selectByHash(database.kysely, hash, mode);
    known.set(place, { until: performance.now() + BELIEVED_MS, found });
    try {
      const key = await found;
      if (!key) known.delete(place);
      return key;
    } catch (error) {
      known.delete(place);
      throw error;
    }
  };
}
