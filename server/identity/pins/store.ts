import type { Id } from "@onegate/contract";
import { sql } from "kysely";
import type { Executor, Tx } from "../../kernel/index.ts";
import { KNOWN_DAYS } from "../devices/device.ts";
import type { StaffRole } from "../staff.ts";
import { PIN_POLICY, type Standing } from "./policy.ts";

export type Asked = { readonly merchantId: Id; readonly deviceId: Id; readonly staffId: Id };
export type Tried = Standing & {
  readonly name: string;
  readonly role: StaffRole;
  readonly pinHash: string;
  readonly isRevoked: boolean;
};

/** The standing of a person on a device. Nothing for a person of another outlet who is not an owner. */
export async function selectStanding(
  executor: Executor,
  { merchantId, deviceId, staffId }: Asked,
): Promise<Tried | undefined> {
  const seconds = (column: string) =>
    sql`greatest(0,
      ceil(extract(epoch from coalesce(${sql.ref(column)}, clock_timestamp()) - clock_timestamp())))::int`;
  const { rows } = await sql<{
    name: string;
    role: StaffRole;
    pin_hash: string;
    is_revoked: boolean;
    is_known: boolean;
    pair_wrong: number;
    pair_wait: number;
    device_wrong: number;
    device_wait: number;
    person_wrong: number;
  }>`
    select s.name, s.role, s.pin_hash, d.revoked_at is not null as is_revoked,
           coalesce(t.unlocked_at > now() - make_interval(days => ${KNOWN_DAYS}), false) as is_known,
           coalesce(t.wrong_pins, 0) as pair_wrong, ${seconds("t.delayed_until")} as pair_wait,
           case when d.wrong_since > now() - make_interval(secs => ${PIN_POLICY.device.windowSeconds})
                then d.wrong_pins else 0 end as device_wrong,
           ${seconds("d.delayed_until")} as device_wait,
           case when s.wrong_since > now() - make_interval(secs => ${PIN_POLICY.person.windowSeconds})
                then s.wrong_pins else 0 end as person_wrong
      from device d
      join staff s on s.merchant_id = d.merchant_id and s.staff_id = ${staffId} and s.is_active
       and (s.outlet_id = d.outlet_id or s.role = 'owner')
      left join pin_try t on t.merchant_id = s.merchant_id and t.staff_id = s.staff_id
       and t.device_id = d.device_id
     where d.merchant_id = ${merchantId} and d.device_id = ${deviceId}`.execute(executor);
  const [row] = rows;
  return (
    row && {
      name: row.name,
      role: row.role,
      pinHash: row.pin_hash,
      isRevoked: row.is_revoked,
      isOwner: row.role === "owner",
      isKnown: row.is_known,
      pair: { wrong: row.pair_wrong, waitSeconds: row.pair_wait },
      device: { wrong: row.device_wrong, waitSeconds: row.device_wait },
      person: { wrong: row.person_wrong },
    }
  );
}

/**
 * Locks the device and the person, then reads the standing. A separate statement, because one that waited for
 * the locks would read old counts.
 */
export async function lockStanding(tx: Tx, input: Asked): Promise<Tried | undefined> {
  await sql`
    select from device
     where merchant_id = ${input.merchantId} and device_id = ${input.deviceId} for no key update`.execute(tx);
  await sql`
    select from staff
     where merchant_id = ${input.merchantId} and staff_id = ${input.staffId} for no key update`.execute(tx);
  return selectStanding(tx, input);
}

/** Counts a try as wrong, for the pair, the device and the person. */
export async function countWrongPin(
  tx: Tx,
  { merchantId, deviceId, staffId }: Asked,
  standing: Standing,
  delays: { pairDelaySeconds: number; deviceDelaySeconds: number },
): Promise<void> {
  const until = (seconds: number) =>
    seconds === 0 ? sql`null` : sql`clock_timestamp() + make_interval(secs => ${seconds})`;
  await sql`
    with d as (
      update device
         set wrong_pins = ${standing.device.wrong + 1},
             wrong_since = case when ${standing.device.wrong} = 0 then now() else wrong_since end,
             delayed_until = ${until(delays.deviceDelaySeconds)}
       where merchant_id = ${merchantId} and device_id = ${deviceId}),
    s as (
      update staff
         set wrong_pins = ${standing.person.wrong + 1},
             wrong_since = case when ${standing.person.wrong} = 0 then now() else wrong_since end
       where merchant_id = ${merchantId} and staff_id = ${staffId})
    insert into pin_try (merchant_id, staff_id, device_id, wrong_pins, delayed_until)
    values (${merchantId}, ${staffId}, ${deviceId}, ${standing.pair.wrong + 1},
      ${until(delays.pairDelaySeconds)})
    on conflict (merchant_id, staff_id, device_id) do update
      set wrong_pins = excluded.wrong_pins, delayed_until = excluded.delayed_until`.execute(tx);
}

/**
 * Counts a try as right: removes it from the counts, resets the pair, and lifts the person's blocks on other
 * devices.
 */
export async function countRightPin(tx: Tx, { merchantId, deviceId, staffId }: Asked): Promise<void> {
  await sql`
    update device
       set wrong_pins = greatest(0, wrong_pins - 1),
           delayed_until = case when wrong_pins - 1 > ${PIN_POLICY.device.free} then delayed_until end
     where merchant_id = ${merchantId} and device_id = ${deviceId}`.execute(tx);
  await sql`
    update staff set wrong_pins = greatest(0, wrong_pins - 1)
     where merchant_id = ${merchantId} and staff_id = ${staffId}`.execute(tx);
  await sql`
    update pin_try
       set wrong_pins = 0, delayed_until = null,
           unlocked_at = case when device_id = ${deviceId} then now() else unlocked_at end
     where merchant_id = ${merchantId} and staff_id = ${staffId}
       and (device_id = ${deviceId} or wrong_pins >= ${PIN_POLICY.pair.blocked})`.execute(tx);
}

/** Clears a person's wrong tries on all devices, when an owner or manager vouches for them. */
export async function forgetWrongPins(tx: Tx, merchantId: Id, staffId: Id): Promise<void> {
  await sql`
    update staff set wrong_pins = 0, wrong_since = null
     where merchant_id = ${merchantId} and staff_id = ${staffId}`.execute(tx);
  await sql`
    update pin_try set wrong_pins = 0, delayed_until = null
     where merchant_id = ${merchantId} and staff_id = ${staffId}`.execute(tx);
}

/** Marks a person as known on a device without a check, because the PIN was just set there. */
export async function markKnown(tx: Tx, { merchantId, staffId, deviceId }: Asked): Promise<void> {
  await sql`
    insert into pin_try (merchant_id, staff_id, device_id, unlocked_at)
    values (${merchantId}, ${staffId}, ${deviceId}, now())
    on conflict (merchant_id, staff_id, device_id) do update set unlocked_at = now()`.execute(tx);
}
