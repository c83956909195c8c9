import { refuse, type Id, type Refusal } from "@onegate/contract";
import { announce, inTransaction, type Database, type Tx } from "../../kernel/index.ts";
import { announceAudit } from "../audit/announce-audit.ts";
import type { Who } from "../audit/entry.ts";
import type { Requester } from "../staff.ts";
import type { Device, RevokeReason } from "./device.ts";
import { reaches } from "./make-code.ts";
import { requireNewPins, endSessions, lockDevice, updateRevoked } from "./store.ts";

/**
 * Revokes a device on every replica: its token is refused, and its sessions and streams end. People who
 * recently unlocked a lost device must choose a new PIN at their next unlock, because it may have been
 * observed there. Refuses `device_not_found`.
 */
export async function revokeDevice(
  database: Database,
  by: Pick<Requester, "role" | "merchantId" | "outletId" | "staffId" | "who">,
  deviceId: Id,
  reason: RevokeReason,
): Promise<Device | Refusal> {
  return inTransaction(database, async (tx) => {
    const device = await lockDevice(tx, by.merchantId, deviceId);
    if (!device || !reaches(by, device.outletId)) return refuse("device_not_found");
    if (device.revokedAt) return device;
    if (reason === "lost") await requireNewPins(tx, by.merchantId, deviceId);
    return retireDevice(tx, by.who, deviceId, reason);
  });
}

/** Revokes an existing device, in the caller's transaction. */
export async function retireDevice(
  tx: Tx,
  who: Who,
  deviceId: Id,
  reason: RevokeReason = "replaced",
): Promise<Device> {
  const { merchantId, actor: by } = who;
  const revoked = await updateRevoked(tx, merchantId, deviceId, by, reason);
  await endSessions(tx, { merchantId, deviceId });
  await announce(tx, merchantId, "device.revoked", deviceId, {
    device_id: deviceId,
    outlet_id: revoked.outletId,
    reason,
    by,
  });
  await announceAudit(tx, who, {
    action: "device.revoked",
    subject: deviceId,
    after: { name: revoked.name, outlet_id: revoked.outletId, reason },
  });
  return revoked;
}
