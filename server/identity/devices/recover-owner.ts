import { isRefusal, refuse, type Id, type OwnerRecoveryBody, type Refusal } from "@onegate/contract";
import { type Database } from "../../kernel/index.ts";
import { announceAudit } from "../audit/announce-audit.ts";
import { atDevice } from "../audit/entry.ts";
import { updatePin } from "../people/store.ts";
import { isGuessablePin } from "../pins/policy.ts";
import { forgetWrongPins, markKnown } from "../pins/store.ts";
import { hashSecret } from "../secret.ts";
import { lockStaff, selectOwners } from "../store.ts";
import { openSession, type Session } from "../unlock.ts";
import { CODE_MINUTES } from "./device.ts";
import { enrolIn, withCode, type Enrolled, type Place } from "./enrol.ts";
import { endSessions, insertCode } from "./store.ts";

/** Stores a recovery code for an owner, made by the operator of the server. */
export function storeOwnerCode({ kysely }: Database, place: Place, hash: Buffer): Promise<Date> {
  return insertCode(kysely, {
    ...place,
    hash,
    purpose: "owner",
    name: "Kasir pemilik",
    madeBy: null,
    minutes: CODE_MINUTES.owner,
  });
}

/**
 * Restores access for an owner who lost their devices or PIN. With a code from the server it enrols a device,
 * sets a new PIN (for the first owner, unless one is named), and ends the owner's other sessions. Refuses
 * `pin_too_simple`, `sign_in_delayed`, `device_code_unknown`, `staff_unknown`.
 */
export async function recoverOwner(
  database: Database,
  { code, pin, staff_id: staffId }: OwnerRecoveryBody,
  address: string,
): Promise<(Enrolled & { session: Session }) | Refusal> {
  if (isGuessablePin(pin)) return refuse("pin_too_simple");
  return withCode(database, code, "owner", address, async (tx, { merchantId, outletId, name }) => {
    const owners: readonly Id[] = await selectOwners(tx, merchantId);
    const ownerId = staffId ?? owners[0];
    if (ownerId === undefined || !owners.includes(ownerId)) return refuse("staff_unknown");
    const enrolled = await enrolIn(tx, {
      merchantId,
      outletId,
      name,
      enrolledBy: null,
      lastAddress: address,
    });
    await lockStaff(tx, merchantId, ownerId);
    await updatePin(tx, merchantId, ownerId, await hashSecret(pin));
    await forgetWrongPins(tx, merchantId, ownerId);
    await endSessions(tx, { merchantId, staffId: ownerId });
    await markKnown(tx, { merchantId, staffId: ownerId, deviceId: enrolled.device.deviceId });
    await announceAudit(tx, atDevice(enrolled.device, ownerId), {
      action: "owner.recovered",
      subject: ownerId,
    });
    const session = await openSession(tx, enrolled.device, ownerId, { address, requestId: null });
    return isRefusal(session) ? session : { ...enrolled, session };
  });
}
