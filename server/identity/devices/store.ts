import type { Id } from "@onegate/contract";
import { sql } from "kysely";
import { announce, type Executor, type Tx } from "../../kernel/index.ts";
import { KNOWN_DAYS, type CodePurpose, type Device, type RevokeReason } from "./device.ts";

type DeviceRow = {
  merchant_id: Id;
  device_id: Id;
  outlet_id: Id;
  name: string;
  enrolled_by: Id | null;
  enrolled_at: Date;
  last_seen_at: Date;
  last_address: string | null;
  revoked_at: Date | null;
  revoked_reason: RevokeReason | null;
};

const COLUMNS = sql.raw(
  "merchant_id, device_id, outlet_id, name, enrolled_by, enrolled_at, last_seen_at, " +
    "host(last_address) as last_address, revoked_at, revoked_reason",
);

function toDevice(row: DeviceRow): Device {
  return {
    merchantId: row.merchant_id,
    deviceId: row.device_id,
    outletId: row.outlet_id,
    name: row.name,
    enrolledBy: row.enrolled_by,
    enrolledAt: row.enrolled_at,
    lastSeenAt: row.last_seen_at,
    lastAddress: row.last_address,
    revokedAt: row.revoked_at,
    revokedReason: row.revoked_reason,
  };
}

export type NewDevice = Pick<
  Device,
  "merchantId" | "deviceId" | "outletId" | "name" | "enrolledBy" | "lastAddress"
> & { readonly hash: Buffer };

export async function insertDevice(tx: Tx, device: NewDevice): Promise<Device> {
  const { rows } = await sql<DeviceRow>`
    insert into device (merchant_id, device_id, outlet_id, name, token_hash, enrolled_by, last_address)
    values (${device.merchantId}, ${device.deviceId}, ${device.outletId}, ${device.name}, ${device.hash},
      ${device.enrolledBy}, ${device.lastAddress}::inet)
    returning ${COLUMNS}`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error("the insert of a device returned no row");
  return toDevice(row);
}

/** The device with this token, even if revoked. Records when it was seen, at most once a minute. */
export async function selectDeviceByToken(
  executor: Executor,
  hash: Buffer,
  address: string,
): Promise<Device | undefined> {
  const { rows } = await sql<DeviceRow>`
    with seen as (
      update device set last_seen_at = now(), last_address = ${address}::inet
       where token_hash = ${hash} and revoked_at is null
         and (last_seen_at < now() - interval '1 minute' or last_address is distinct from ${address}::inet))
    select ${COLUMNS} from device where token_hash = ${hash}`.execute(executor);
  return rows[0] && toDevice(rows[0]);
}

/** The devices of one outlet or of all: those in use first, then revoked ones, newest first. */
export async function selectDevices(
  executor: Executor,
  merchantId: Id,
  outletId: Id | null,
): Promise<Device[]> {
  const { rows } = await sql<DeviceRow>`
    select ${COLUMNS}
      from device
     where merchant_id = ${merchantId} and (${outletId}::uuid is null or outlet_id = ${outletId}::uuid)
     order by revoked_at is not null, enrolled_at desc, device_id limit 200`.execute(executor);
  return rows.map(toDevice);
}

/** Locks a device until the transaction ends. */
export async function lockDevice(tx: Tx, merchantId: Id, deviceId: Id): Promise<Device | undefined> {
  const { rows } = await sql<DeviceRow>`
    select ${COLUMNS}
      from device
     where merchant_id = ${merchantId} and device_id = ${deviceId} for no key update`.execute(tx);
  return rows[0] && toDevice(rows[0]);
}

/** Revokes a device. A device that is already revoked is not changed. */
export async function updateRevoked(
  tx: Tx,
  merchantId: Id,
  deviceId: Id,
  by: Id,
  reason: RevokeReason,
): Promise<Device> {
  const { rows } = await sql<DeviceRow>`
    update device
       set revoked_at = coalesce(revoked_at, now()), revoked_by = coalesce(revoked_by, ${by}),
           revoked_reason = coalesce(revoked_reason, ${reason})
     where merchant_id = ${merchantId} and device_id = ${deviceId} returning ${COLUMNS}`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error("the update of a locked device returned no row");
  return toDevice(row);
}

/** Requires a new PIN, at the next unlock, of everyone who recently unlocked a device. */
export async function requireNewPins(tx: Tx, merchantId: Id, deviceId: Id): Promise<void> {
  await sql`
    update staff s set must_change_pin = true from pin_try t
     where s.merchant_id = ${merchantId} and t.merchant_id = s.merchant_id and t.staff_id = s.staff_id
       and t.device_id = ${deviceId}
       and t.unlocked_at > now() - make_interval(days => ${KNOWN_DAYS})`.execute(tx);
}

/**
 * Ends sessions and announces it to their streams: all of a device, all of a person (except `but`), or one by
 * its id. Returns how many.
 */
export async function endSessions(
  tx: Tx,
  of:
    | { merchantId: Id; deviceId: Id }
    | { merchantId: Id; staffId: Id; but?: Id }
    | { merchantId: Id; sessionId: Id },
): Promise<number> {
  const { rows } = await sql<{ session_id: Id }>`
    delete from staff_session where merchant_id = ${of.merchantId} and ${
      "deviceId" in of
        ? sql`device_id = ${of.deviceId}`
        : "staffId" in of
          ? sql`staff_id = ${of.staffId} and session_id is distinct from ${of.but ?? null}::uuid`
          : sql`session_id = ${of.sessionId}`
    }
    returning session_id`.execute(tx);
  for (const { session_id: sessionId } of rows)
    await announce(tx, of.merchantId, "staff_session.ended", sessionId, { session_id: sessionId });
  return rows.length;
}

// codes

export type NewDeviceCode = {
  readonly merchantId: Id;
  readonly hash: Buffer;
  readonly purpose: CodePurpose;
  readonly outletId: Id;
  readonly name: string;
  readonly madeBy: Id | null;
  readonly minutes: number;
};

/** Stores a code, and deletes codes that expired over a day ago. Returns when it expires. */
export async function insertCode(
  tx: Executor,
  { merchantId, hash, purpose, outletId, name, madeBy, minutes }: NewDeviceCode,
): Promise<Date> {
  await sql`delete from device_code where expires_at < now() - interval '1 day'`.execute(tx);
  const { rows } = await sql<{ expires_at: Date }>`
    insert into device_code (merchant_id, code_hash, purpose, outlet_id, name, made_by, expires_at)
    values (${merchantId}, ${hash}, ${purpose}, ${outletId}, ${name}, ${madeBy},
      now() + make_interval(mins => ${minutes}))
    returning expires_at`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error("the insert of a code returned no row");
  return row.expires_at;
}

/** Uses a code, once. Of two concurrent uses, the second finds it used. */
export async function useCode(
  tx: Tx,
  hash: Buffer,
  purpose: CodePurpose,
): Promise<{ merchantId: Id; outletId: Id; name: string; madeBy: Id | null } | undefined> {
  const { rows } = await sql<{ merchant_id: Id; outlet_id: Id; name: string; made_by: Id | null }>`
    update device_code set used_at = now()
     where code_hash = ${hash} and purpose = ${purpose} and used_at is null and expires_at > now()
    returning merchant_id, outlet_id, name, made_by`.execute(tx);
  const [row] = rows;
  return row && { merchantId: row.merchant_id, outletId: row.outlet_id, name: row.name, madeBy: row.made_by };
}
