import { newId, type Id } from "@onegate/contract";
import { tokenHash } from "../identity/secret.ts";
import { insertDevice } from "../identity/devices/store.ts";
import { insertSession } from "../identity/store.ts";
import type { Tx } from "../kernel/index.ts";

/** A session for a staff member on a device of their own, without a PIN. The token's hash is the session's. */
export async function openTestSession(tx: Tx, place: { merchantId: Id; outletId: Id; staffId: Id }, hash: Buffer): Promise<void> {
  const { merchantId, outletId, staffId } = place;
  const deviceId = newId();
  await insertDevice(tx, { merchantId, outletId, deviceId, name: "Kasir", enrolledBy: null, lastAddress: null, hash: tokenHash(deviceId) });
  await insertSession(tx, { merchantId, staffId, deviceId, sessionId: newId(), hash, hours: 1, pinChangeOnly: false, address: "127.0.0.1" });
}
