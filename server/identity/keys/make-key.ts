import { newId, refuse, type Id, type NewKeyBody, type Refusal } from "@onegate/contract";
import { inTransaction, type Database } from "../../kernel/index.ts";
import { announceAudit } from "../audit/announce-audit.ts";
import type { Who } from "../audit/entry.ts";
import { newToken, tokenHash } from "../secret.ts";
import { MAX_ACTIVE, PREFIX_LENGTH, type KeyMode, type MerchantKey } from "./key.ts";
import { countActive, insertKey, revoke } from "./store.ts";

/** Makes a key. Its secret is returned only here. Refuses `key_limit`. */
export async function makeKey(
  database: Database,
  mode: KeyMode,
  who: Who,
  { name, scopes, expires_in_days: days }: NewKeyBody,
): Promise<{ key: MerchantKey; secret: string } | Refusal> {
  const { merchantId, actor: by } = who;
  const secret = `ogk_${mode}_${newToken().token}`;
  return inTransaction(database, async (tx) => {
    if ((await countActive(tx, merchantId, mode)) >= MAX_ACTIVE) return refuse("key_limit");
    const key = await insertKey(tx, {
      merchantId,
      keyId: newId(),
      name,
      mode,
      scopes,
      prefix: secret.slice(0, PREFIX_LENGTH),
      createdBy: by,
      hash: tokenHash(secret),
      days: days ?? null,
    });
    await announceAudit(tx, who, {
      action: "key.made",
      subject: key.keyId,
      after: { name, mode, scopes, prefix: key.prefix, expires_at: key.expiresAt?.toISOString() ?? null },
    });
    return { key, secret };
  });
}

/** Revokes a key. Every replica refuses it within a second. Refuses `key_unknown`. */
export async function revokeKey(database: Database, who: Who, keyId: Id): Promise<MerchantKey | Refusal> {
  const { merchantId, actor: by } = who;
  return inTransaction(database, async (tx) => {
    const key = await revoke(tx, merchantId, keyId, by);
    if (!key) return refuse("key_unknown");
    await announceAudit(tx, who, {
      action: "key.revoked",
      subject: keyId,
      before: { name: key.name, mode: key.mode, prefix: key.prefix },
    });
    return key;
  });
}
