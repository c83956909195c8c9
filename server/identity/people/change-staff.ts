import { isRefusal, refuse, type Id, type Refusal, type StaffChangeBody } from "@onegate/contract";
import { inTransaction, type Database, type Tx } from "../../kernel/index.ts";
import { announceAudit } from "../audit/announce-audit.ts";
import { endSessions } from "../devices/store.ts";
import { lockStaff, selectOutlets, type StaffMember } from "../store.ts";
import { memberOf } from "./add-staff.ts";
import { mayManage, toRole, type By } from "./may-manage.ts";
import { countOtherOwners, lockMerchant, updateMember, type Member } from "./store.ts";

/**
 * Changes a staff member. One who leaves, or changes role or outlet, is signed out. Refuses `staff_unknown`,
 * `forbidden`, `request_invalid`, `role_unknown`, `rights_beyond_own`, `outlet_unknown`, `last_owner`.
 */
export async function changeStaff(
  database: Database,
  by: By,
  staffId: Id,
  { name, outlet_id: outletId, is_active: isActive, ...named }: StaffChangeBody,
): Promise<Member | Refusal> {
  return inTransaction(database, async (tx) => {
    const before = await lockManaged(tx, by, staffId);
    if (isRefusal(before)) return before;
    const given = await toRole(tx, by, named);
    if (isRefusal(given)) return given;
    const { role, roleId } = given ?? { role: before.role, roleId: before.roleId ?? null };
    const after = {
      name: name ?? before.name,
      role,
      roleId,
      outletId: outletId ?? before.outletId,
      isActive: isActive ?? before.isActive,
    };
    if (!mayManage(by, after.role, after.outletId)) return refuse("forbidden");
    if (
      outletId !== undefined &&
      !(await selectOutlets(tx, by.merchantId)).some((outlet) => outlet.outletId === outletId)
    )
      return refuse("outlet_unknown");
    const losesOwnership =
      before.role === "owner" && before.isActive && (after.role !== "owner" || !after.isActive);
    if (losesOwnership && (await countOtherOwners(tx, by.merchantId, staffId)) === 0)
      return refuse("last_owner");
    await updateMember(tx, by.merchantId, staffId, after);
    if (
      !after.isActive ||
      after.role !== before.role ||
      after.roleId !== (before.roleId ?? null) ||
      after.outletId !== before.outletId
    ) {
      await endSessions(tx, { merchantId: by.merchantId, staffId });
    }
    await announceAudit(tx, by.who, {
      action: "staff.changed",
      subject: staffId,
      before: shownOf(before),
      after: { ...shownOf(after), renamed: after.name !== before.name },
    });
    return memberOf(tx, by.merchantId, staffId);
  });
}

/** Locks a staff member whom the requester may manage. Refuses `staff_unknown`, `forbidden`. */
export async function lockManaged(tx: Tx, by: By, staffId: Id): Promise<StaffMember | Refusal> {
  await lockMerchant(tx, by.merchantId);
  const member = await lockStaff(tx, by.merchantId, staffId);
  if (!member || (by.role !== "owner" && member.outletId !== by.outletId)) return refuse("staff_unknown");
  return mayManage(by, member.role, member.outletId) ? member : refuse("forbidden");
}

function shownOf({
  role,
  roleId,
  outletId,
  isActive,
}: Pick<StaffMember, "role" | "roleId" | "outletId" | "isActive">) {
  return { role, role_id: roleId ?? null, outlet_id: outletId, is_active: isActive };
}
