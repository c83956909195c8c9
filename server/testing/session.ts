import { newId, type Id } from "@onegate/contract";
import { tokenHash } from "../identity/secret.ts";
import { insertDevice } from "../identity/devices/store.ts";
import { insertSession } from "../identity/store.ts";
import type { Tx } from "../kernel/index.ts";

/** The device tokens of the sessions that tests opened, by the hash of the session's token. */
const devices = new Map<string, string>();

export function rememberDevice(token: string, device: string): void {
  devices.set(tokenHash(token).toString("hex"), device);
}

/** The headers of a caller with a token; a staff session also sends the device on which it was opened. */
export function bearing(token: string | undefined): Record<string, string> {
  const device = token === undefined ? undefined : devices.get(tokenHash(token).toString("hex"));
  return {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(device === undefined ? {} : { "onegate-device": device }),
  };
}

/**
 * Opens a session for a staff member on a new device, without a PIN. `hash` is the hash of its token.
 */
export async function openTestSession(
  tx: Tx,
  place: { merchantId: Id; outletId: Id; staffId: Id },
  hash: Buffer,
): Promise<void> {
  const { merchantId, outletId, staffId } = place;
  const deviceId = newId();
  devices.set(hash.toString("hex"), deviceId);
  await insertDevice(tx, {
    merchantId,
    outletId,
    deviceId,
    name: "Kasir",
    enrolledBy: null,
    lastAddress: null,
    hash: tokenHash(deviceId),
  });
  await insertSession(tx, {
    merchantId,
    staffId,
    deviceId,
    sessionId: newId(),
    hash,
    hours: 1,
    pinChangeOnly: false,
    address: "127.0.0.1",
  });
}
