import { isRefusal, newId, refuse, type Id, type NewStaffBody, type Refusal } from "@onegate/contract";
import { inTransaction, type Database } from "../../kernel/index.ts";
import { announceAudit } from "../audit/announce-audit.ts";
import { isGuessablePin } from "../pins/policy.ts";
import { hashSecret } from "../secret.ts";
import { insertStaff, selectOutlets } from "../store.ts";
import { mayManage, toRole, type By } from "./may-manage.ts";
import { lockMerchant, selectMembers, type Member } from "./store.ts";

/**
 * Adds a staff member. A retry with the same id returns the same member, or refuses `staff_differs` if the
 * content differs. Refuses `pin_too_simple`, `request_invalid`, `role_unknown`, `rights_beyond_own`,
 * `outlet_unknown`, `forbidden`.
 */
export async function addStaff(
  database: Database,
  by: By,
  { id, name, outlet_id: outletId, pin, ...named }: NewStaffBody,
): Promise<Member | Refusal> {
  if (isGuessablePin(pin)) return refuse("pin_too_simple");
  const pinHash = await hashSecret(pin);
  const staffId = id ?? newId();
  return inTransaction(database, async (tx) => {
    await lockMerchant(tx, by.merchantId);
    const given = await toRole(tx, by, named);
    if (isRefusal(given)) return given;
    if (!given)
      return refuse("request_invalid", { field: "body/role", problem: "is missing, as is role_id" });
    if (!mayManage(by, given.role, outletId)) return refuse("forbidden");
    if (!(await selectOutlets(tx, by.merchantId)).some((outlet) => outlet.outletId === outletId))
      return refuse("outlet_unknown");
    const [before] = await selectMembers(tx, by.merchantId, { staffId });
    if (before) {
      const isSame =
        before.name === name &&
        before.role === given.role &&
        before.roleId === given.roleId &&
        before.outletId === outletId;
      return isSame ? before : refuse("staff_differs");
    }
    await insertStaff(tx, by.merchantId, outletId, { staffId, name, ...given }, pinHash);
    await announceAudit(tx, by.who, {
      action: "staff.added",
      subject: staffId,
      after: { role: given.role, role_id: given.roleId, outlet_id: outletId },
    });
    return memberOf(tx, by.merchantId, staffId);
  });
}

export async function memberOf(
  executor: Parameters<typeof selectMembers>[0],
  merchantId: Id,
  staffId: Id,
): Promise<Member> {
  const [member] = await selectMembers(executor, merchantId, { staffId });
  if (!member) throw new Error("a staff member who was just written was not found");
  return member;
}
