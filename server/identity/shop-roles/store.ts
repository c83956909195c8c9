import type { Id } from "@onegate/contract";
import { sql } from "kysely";
import type { Executor, Tx } from "../../kernel/index.ts";

/** A role that a merchant made. */
export type ShopRole = { readonly roleId: Id; readonly name: string; readonly rights: readonly string[] };

export async function selectRoles(executor: Executor, merchantId: Id): Promise<ShopRole[]> {
  const { rows } = await sql<{ role_id: Id; name: string; rights: string[] }>`
    select role_id, name, rights
      from staff_role
     where merchant_id = ${merchantId} order by lower(name), role_id`.execute(executor);
  return rows.map((row) => ({ roleId: row.role_id, name: row.name, rights: row.rights }));
}

/** Locks a role, so that it is not deleted while it is being assigned. Nothing if it does not exist. */
export async function lockRole(tx: Tx, merchantId: Id, roleId: Id): Promise<ShopRole | undefined> {
  const { rows } = await sql<{ role_id: Id; name: string; rights: string[] }>`
    select role_id, name, rights
      from staff_role
     where merchant_id = ${merchantId} and role_id = ${roleId} for update`.execute(tx);
  const [row] = rows;
  return row && { roleId: row.role_id, name: row.name, rights: row.rights };
}

/** Fails with SQLSTATE 23505 if another role has the name. */
export async function upsertRole(tx: Tx, merchantId: Id, { roleId, name, rights }: ShopRole): Promise<void> {
  await sql`
    insert into staff_role (merchant_id, role_id, name, rights)
    values (${merchantId}, ${roleId}, ${name}, ${[...rights]}::varchar[])
    on conflict (merchant_id, role_id) do update
      set name = excluded.name, rights = excluded.rights`.execute(tx);
}

export async function isRoleInUse(tx: Tx, merchantId: Id, roleId: Id): Promise<boolean> {
  const { rows } = await sql`
    select from staff where merchant_id = ${merchantId} and role_id = ${roleId} limit 1`.execute(tx);
  return rows.length > 0;
}

export async function deleteRole(tx: Tx, merchantId: Id, roleId: Id): Promise<void> {
  await sql`delete from staff_role where merchant_id = ${merchantId} and role_id = ${roleId}`.execute(tx);
}
