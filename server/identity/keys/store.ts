import type { Id, KeyScope } from "@onegate/contract";
import { sql } from "kysely";
import type { Executor, Tx } from "../../kernel/index.ts";
import type { KeyMode, MerchantKey } from "./key.ts";

type KeyRow = {
  merchant_id: Id;
  key_id: Id;
  name: string;
  mode: KeyMode;
  scopes: KeyScope[];
  prefix: string;
  created_by: string;
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
  revoked_at: Date | null;
};

const COLUMNS = sql.raw(
  "merchant_id, key_id, name, mode, scopes, prefix, created_by, created_at, expires_at, last_used_at, " +
    "revoked_at",
);

function toKey(row: KeyRow): MerchantKey {
  return {
    merchantId: row.merchant_id,
    keyId: row.key_id,
    name: row.name,
    mode: row.mode,
    scopes: row.scopes,
    prefix: row.prefix,
    createdBy: row.created_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
  };
}

export type NewKey = Pick<
  MerchantKey,
  "merchantId" | "keyId" | "name" | "mode" | "scopes" | "prefix" | "createdBy"
> & { readonly hash: Buffer; readonly days: number | null };

export async function insertKey(tx: Tx, key: NewKey): Promise<MerchantKey> {
  const { rows } = await sql<KeyRow>`
    insert into merchant_key (merchant_id, key_id, name, mode, scopes, prefix, key_hash, created_by,
      expires_at)
    values (${key.merchantId}, ${key.keyId}, ${key.name}, ${key.mode}, ${[...key.scopes]}::varchar[],
      ${key.prefix}, ${key.hash}, ${key.createdBy}, now() + make_interval(days => ${key.days}::int))
    returning ${COLUMNS}`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error("the insert of a key returned no row");
  return toKey(row);
}

/**
 * The number of active keys of a mode. Locks the merchant's row, so that concurrent creations count in turn.
 */
export async function countActive(tx: Tx, merchantId: Id, mode: KeyMode): Promise<number> {
  await sql`select from merchant where merchant_id = ${merchantId} for no key update`.execute(tx);
  const { rows } = await sql<{ count: bigint }>`
    select count(*) as count from merchant_key
     where merchant_id = ${merchantId} and mode = ${mode} and revoked_at is null
       and (expires_at is null or expires_at > now())`.execute(tx);
  return Number(rows[0]?.count ?? 0n);
}

/** All keys, also revoked ones, newest first. */
export async function selectKeys(executor: Executor, merchantId: Id): Promise<MerchantKey[]> {
  const { rows } = await sql<KeyRow>`
    select ${COLUMNS}
      from merchant_key
     where merchant_id = ${merchantId}
     order by created_at desc, key_id desc limit 200`.execute(executor);
  return rows.map(toKey);
}

/** Revokes a key. A key that is already revoked is not changed. */
export async function revoke(
  tx: Executor,
  merchantId: Id,
  keyId: Id,
  by: string,
): Promise<MerchantKey | undefined> {
  const { rows } = await sql<KeyRow>`
    update merchant_key set revoked_at = coalesce(revoked_at, now()), revoked_by = coalesce(revoked_by, ${by})
     where merchant_id = ${merchantId} and key_id = ${keyId} returning ${COLUMNS}`.execute(tx);
  return rows[0] && toKey(rows[0]);
}

/** The key with this hash, if it is active. Records its use at most once an hour. */
export async function selectByHash(
  executor: Executor,
  hash: Buffer,
  mode: KeyMode,
): Promise<Pick<MerchantKey, "merchantId" | "keyId" | "scopes"> | undefined> {
  const { rows } = await sql<{ merchant_id: Id; key_id: Id; scopes: KeyScope[] }>`
    with used as (
      update merchant_key set last_used_at = now()
       where key_hash = ${hash} and revoked_at is null
         and coalesce(last_used_at, '-infinity') < now() - interval '1 hour')
    select merchant_id, key_id, scopes from merchant_key
     where key_hash = ${hash} and mode = ${mode} and revoked_at is null
       and (expires_at is null or expires_at > now())`.execute(executor);
  const [row] = rows;
  return row && { merchantId: row.merchant_id, keyId: row.key_id, scopes: row.scopes };
}
