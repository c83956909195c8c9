import { isRefusal, newId, refuse, type Id, type NewRoleBody, type Refusal } from "@onegate/contract";
import { codeOf, inTransaction, type Database } from "../../kernel/index.ts";
import { announceAudit } from "../audit/announce-audit.ts";
import { grantable, type Right } from "../rights.ts";
import type { Requester } from "../staff.ts";
import { deleteRole, isRoleInUse, lockRole, upsertRole, type ShopRole } from "./store.ts";

type By = Pick<Requester, "merchantId" | "staffId" | "rights" | "who">;

/** Makes a role. Refuses `right_not_grantable`, `rights_beyond_own`, `role_name_taken`. */
export async function makeRole(
  database: Database,
  by: By,
  { name, rights }: NewRoleBody,
): Promise<ShopRole | Refusal> {
  return write(database, by, { roleId: newId(), name, rights }, false);
}

/**
 * Changes a role, which takes effect with the next request of its holders. Refuses what `makeRole` refuses,
 * and `role_unknown`.
 */
export async function changeRole(
  database: Database,
  by: By,
  roleId: Id,
  { name, rights }: NewRoleBody,
): Promise<ShopRole | Refusal> {
  return write(database, by, { roleId, name, rights }, true);
}

async function write(
  database: Database,
  by: By,
  role: ShopRole,
  exists: boolean,
): Promise<ShopRole | Refusal> {
  const ungrantable = role.rights.find((right) => !(grantable as readonly string[]).includes(right));
  if (ungrantable !== undefined) return refuse("right_not_grantable", { right: ungrantable });
  if (role.rights.some((right) => !by.rights.has(right as Right))) return refuse("rights_beyond_own");
  return inTransaction<ShopRole | Refusal>(database, async (tx) => {
    const before = exists ? await lockRole(tx, by.merchantId, role.roleId) : undefined;
    if (exists && !before) return refuse("role_unknown");
    await upsertRole(tx, by.merchantId, role);
    await announceAudit(tx, by.who, {
      action: before ? "role.changed" : "role.added",
      subject: role.roleId,
      before: before && { name: before.name, rights: before.rights },
      after: { name: role.name, rights: role.rights },
    });
    return role;
  }).catch((error: unknown) => {
    if (codeOf(error) === "23505") return refuse("role_name_taken");
    throw error;
  });
}

/** Removes a role that no staff member has. Refuses `role_unknown`, `role_in_use`. */
export async function removeRole(database: Database, by: By, roleId: Id): Promise<Refusal | undefined> {
  const removed = await inTransaction(database, async (tx) => {
    const before = await lockRole(tx, by.merchantId, roleId);
    if (!before) return refuse("role_unknown");
    if (await isRoleInUse(tx, by.merchantId, roleId)) return refuse("role_in_use");
    await deleteRole(tx, by.merchantId, roleId);
    await announceAudit(tx, by.who, {
      action: "role.removed",
      subject: roleId,
      before: { name: before.name, rights: before.rights },
    });
    return true;
  });
  return isRefusal(removed) ? removed : undefined;
}
