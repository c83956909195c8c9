import { isRefusal, refuse, type Id, type OwnPinDoneBody, type Refusal } from "@onegate/contract";
import { inTransaction, type Database } from "../../kernel/index.ts";
import { announceAudit } from "../audit/announce-audit.ts";
import { endSessions } from "../devices/store.ts";
import { isGuessablePin } from "../pins/policy.ts";
import { provePin } from "../pins/prove-pin.ts";
import { forgetWrongPins } from "../pins/store.ts";
import { rightsOf } from "../rights.ts";
import { hashSecret } from "../secret.ts";
import type { Requester } from "../staff.ts";
import { lockStaff } from "../store.ts";
import { lockManaged } from "./change-staff.ts";
import type { By } from "./may-manage.ts";
import { liftPinChange, updatePin } from "./store.ts";

/**
 * Sets another person's PIN and signs them out. For one's own PIN there is `setOwnPin`, which requires the
 * old one. Refuses `pin_too_simple`, `staff_unknown`, `forbidden`.
 */
export async function setPin(
  database: Database,
  by: By,
  staffId: Id,
  pin: string,
): Promise<Refusal | undefined> {
  if (isGuessablePin(pin)) return refuse("pin_too_simple");
  const pinHash = await hashSecret(pin);
  return inTransaction(database, async (tx) => {
    const member = await lockManaged(tx, by, staffId);
    if (isRefusal(member)) return member;
    if (staffId === by.staffId) return refuse("forbidden");
    await updatePin(tx, by.merchantId, staffId, pinHash);
    await forgetWrongPins(tx, by.merchantId, staffId);
    await endSessions(tx, { merchantId: by.merchantId, staffId });
    await announceAudit(tx, by.who, { action: "staff.pin_changed", subject: staffId });
    return undefined;
  });
}

/**
 * Sets the requester's own PIN, given the old one, and ends their other sessions. Refuses `pin_too_simple`,
 * `pin_unchanged`, and what `provePin` refuses.
 */
export async function setOwnPin(
  database: Database,
  me: Requester,
  pin: string,
  newPin: string,
): Promise<OwnPinDoneBody | Refusal> {
  const { merchantId, staffId, deviceId, staffSessionId } = me;
  if (isGuessablePin(newPin)) return refuse("pin_too_simple");
  if (newPin === pin) return refuse("pin_unchanged");
  const proven = await provePin(database, { merchantId, staffId, deviceId }, pin);
  if (isRefusal(proven)) return proven;
  const pinHash = await hashSecret(newPin);
  return inTransaction(database, async (tx) => {
    const member = await lockStaff(tx, merchantId, staffId);
    // another person set the PIN meanwhile
    if (member?.pinHash !== proven.pinHash) return refuse("pin_wrong");
    await updatePin(tx, merchantId, staffId, pinHash);
    await endSessions(tx, { merchantId, staffId, but: staffSessionId });
    await liftPinChange(tx, merchantId, staffSessionId);
    await announceAudit(tx, me.who, { action: "staff.pin_changed", subject: staffId });
    return { rights: [...rightsOf(member.role, member.granted)], must_change_pin: false };
  });
}

/**
 * Lifts delays and blocks caused by wrong PINs. An owner may do it for anyone, a manager for their outlet's
 * staff except owners. Refuses `staff_unknown`, `forbidden`.
 */
export async function unblock(database: Database, by: By, staffId: Id): Promise<Refusal | undefined> {
  return inTransaction(database, async (tx) => {
    const member = await lockStaff(tx, by.merchantId, staffId);
    if (!member || (by.role !== "owner" && member.outletId !== by.outletId)) return refuse("staff_unknown");
    if (by.role !== "owner" && member.role === "owner") return refuse("forbidden");
    await forgetWrongPins(tx, by.merchantId, staffId);
    await announceAudit(tx, by.who, { action: "staff.unblocked", subject: staffId });
    return undefined;
  });
}
