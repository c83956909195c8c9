import { refuse, type Id, type Refusal } from "@onegate/contract";
import type { Tx } from "../../kernel/index.ts";
import { rightsOf } from "../rights.ts";
import { lockRole } from "../shop-roles/store.ts";
import type { Requester, StaffRole } from "../staff.ts";

export type By = Pick<Requester, "role" | "rights" | "merchantId" | "outletId" | "staffId" | "who">;
export type Given = { readonly role: StaffRole; readonly roleId: Id | null };

/**
 * Whether `by` may manage staff of a role at an outlet: an owner anyone, a manager the cashiers of their own
 * outlet.
 */
export function mayManage(by: By, role: StaffRole, outletId: Id): boolean {
  return by.role === "owner" || (by.role === "manager" && role === "cashier" && outletId === by.outletId);
}

/**
 * The role that a body names by `role` or `role_id`; nothing if it names none. Refuses `request_invalid` if
 * it names both, `role_unknown`, `rights_beyond_own`.
 */
export async function toRole(
  tx: Tx,
  by: By,
  { role, role_id: roleId }: { role?: "owner" | "manager" | "cashier"; role_id?: Id },
): Promise<Given | Refusal | undefined> {
  if (role !== undefined && roleId !== undefined)
    return refuse("request_invalid", {
      field: "body/role_id",
      problem: "conflicts with role; send only one of them",
    });
  if (role === undefined && roleId === undefined) return undefined;
  const own = roleId === undefined ? undefined : await lockRole(tx, by.merchantId, roleId);
  if (roleId !== undefined && !own) return refuse("role_unknown");
  const given: Given = own
    ? { role: "custom", roleId: own.roleId }
    : { role: role ?? "cashier", roleId: null };
  for (const right of rightsOf(given.role, own?.rights))
    if (!by.rights.has(right)) return refuse("rights_beyond_own");
  return given;
}
