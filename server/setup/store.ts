import type { Id } from "@onegate/contract";
import { sql } from "kysely";
import type { Executor, Tx } from "../kernel/index.ts";

export async function insertSetupCode(executor: Executor, hash: Buffer, hours: number): Promise<Date> {
  await sql`delete from setup_code where expires_at < now() - interval '1 day'`.execute(executor);
  const { rows } = await sql<{ expires_at: Date }>`
    insert into setup_code (code_hash, expires_at) values (${hash}, now() + make_interval(hours => ${hours}))
    returning expires_at`.execute(executor);
  const [row] = rows;
  if (!row) throw new Error("the inserted code was not returned");
  return row.expires_at;
}

/** Whether a code can be used now. */
export async function isSetupCode(executor: Executor, hash: Buffer): Promise<boolean> {
  const { rows } = await sql`
    select from setup_code
     where code_hash = ${hash} and used_at is null and expires_at > now()`.execute(executor);
  return rows.length > 0;
}

/** Marks a code as used. Returns false when it is unknown, expired or already used. */
export async function useSetupCode(tx: Tx, hash: Buffer): Promise<boolean> {
  const { rows } = await sql`
    update setup_code set used_at = now()
     where code_hash = ${hash} and used_at is null and expires_at > now()
    returning code_hash`.execute(tx);
  return rows.length > 0;
}

export type Done = {
  readonly merchantId: Id;
  readonly name: string;
  readonly outletId: Id;
  readonly ownerId: Id;
  readonly deviceId: Id;
  readonly isRecent: boolean;
};

/** The shop that was set up under a key. */
export async function selectDone(executor: Executor, keyHash: Buffer): Promise<Done | undefined> {
  const { rows } = await sql<{
    merchant_id: Id;
    name: string;
    outlet_id: Id;
    owner_id: Id;
    device_id: Id;
    is_recent: boolean;
  }>`
    select u.merchant_id, m.name, u.outlet_id, u.owner_id, u.device_id,
           u.set_up_at > now() - interval '1 hour' as is_recent
      from merchant_setup u join merchant m using (merchant_id)
     where u.key_hash = ${keyHash}`.execute(executor);
  const [row] = rows;
  return (
    row && {
      merchantId: row.merchant_id,
      name: row.name,
      outletId: row.outlet_id,
      ownerId: row.owner_id,
      deviceId: row.device_id,
      isRecent: row.is_recent,
    }
  );
}

/** Throws SQLSTATE 23505 when another set-up has the key. */
export async function insertDone(
  tx: Tx,
  keyHash: Buffer,
  { merchantId, outletId, ownerId, deviceId }: Pick<Done, "merchantId" | "outletId" | "ownerId" | "deviceId">,
): Promise<void> {
  await sql`
    insert into merchant_setup (merchant_id, key_hash, outlet_id, owner_id, device_id)
    values (${merchantId}, ${keyHash}, ${outletId}, ${ownerId}, ${deviceId})`.execute(tx);
}

export async function updateDevice(tx: Tx, merchantId: Id, deviceId: Id): Promise<void> {
  await sql`update merchant_setup set device_id = ${deviceId} where merchant_id = ${merchantId}`.execute(tx);
}
