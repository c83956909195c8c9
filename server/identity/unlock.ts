import { newId, refuse, isRefusal, type Id, type Refusal } from "@onegate/contract";
import { inTransaction, type Database, type Tx } from "../kernel/index.ts";
import { announceAudit } from "./audit/announce-audit.ts";
import type { Device } from "./devices/device.ts";
import { lockDevice } from "./devices/store.ts";
import { provePin } from "./pins/prove-pin.ts";
import { PIN_CHANGE_RIGHTS, rightsOf, type Right } from "./rights.ts";
import { newToken } from "./secret.ts";
import type { Staff } from "./staff.ts";
import { insertSession, lockStaff } from "./store.ts";

export type Session = {
  readonly token: string;
  readonly expiresAt: Date;
  readonly staff: Staff;
  readonly rights: ReadonlySet<Right>;
  readonly mustChangePin: boolean;
};

/** The origin of a request. */
export type From = { readonly address: string; readonly requestId: string | null };

/** Covers a working day, from morning to night. */
const SESSION_HOURS = 14;

/**
 * Opens a till session for a staff member by PIN, on a device. Refuses what `provePin` and `openSession` do.
 */
export async function unlock(
  database: Database,
  device: Pick<Device, "merchantId" | "deviceId">,
  staffId: Id,
  pin: string,
  from: From,
): Promise<Session | Refusal> {
  const proven = await provePin(
    database,
    { merchantId: device.merchantId, deviceId: device.deviceId, staffId },
    pin,
  );
  if (isRefusal(proven)) return proven;
  return inTransaction(database, (tx) => openSession(tx, device, staffId, from, proven.pinHash));
}

/**
 * Opens a session without checking a PIN. Refuses `device_revoked`, `staff_unknown`, and `pin_wrong` if the
 * PIN has changed since `provenHash` was proven.
 */
export async function openSession(
  tx: Tx,
  { merchantId, deviceId }: Pick<Device, "merchantId" | "deviceId">,
  staffId: Id,
  from: From,
  provenHash?: string,
): Promise<Session | Refusal> {
  const device = await lockDevice(tx, merchantId, deviceId);
  if (!device || device.revokedAt) return refuse("device_revoked");
  const staff = await lockStaff(tx, merchantId, staffId);
  if (!staff?.isActive || (staff.role !== "owner" && staff.outletId !== device.outletId))
    return refuse("staff_unknown");
  if (provenHash !== undefined && staff.pinHash !== provenHash) return refuse("pin_wrong");
  const { token, hash } = newToken();
  const { mustChangePin } = staff;
  const expiresAt = await insertSession(tx, {
    merchantId,
    staffId,
    deviceId,
    sessionId: newId(),
    hash,
    hours: SESSION_HOURS,
    pinChangeOnly: mustChangePin,
    address: from.address,
  });
  await announceAudit(
    tx,
    { merchantId, actor: staffId, deviceId, outletId: device.outletId, ...from },
    {
      action: "staff.signed_in",
      subject: staffId,
      after: { role: staff.role, must_change_pin: mustChangePin },
    },
  );
  return {
    token,
    expiresAt,
    staff,
    rights: mustChangePin ? PIN_CHANGE_RIGHTS : rightsOf(staff.role, staff.granted),
    mustChangePin,
  };
}
