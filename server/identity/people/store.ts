import type { Id } from "@onegate/contract";
import { sql } from "kysely";
import type { Executor, Tx } from "../../kernel/index.ts";
import { PIN_POLICY } from "../pins/policy.ts";
import type { StaffRole } from "../staff.ts";

/** A staff member as owners and managers see them. */
export type Member = {
  readonly staffId: Id;
  readonly name: string;
  readonly role: StaffRole;
  readonly roleId: Id | null;
  readonly roleName: string | null;
  readonly outletId: Id;
  readonly isActive: boolean;
  readonly mustChangePin: boolean;
  readonly blockedOn: readonly Id[];
  readonly lastUnlockedAt: Date | null;
  readonly createdAt: Date;
};

/** The staff of one outlet or of all, or one member. Those who left come last. */
export async function selectMembers(
  executor: Executor,
  merchantId: Id,
  only: { outletId?: Id | null; staffId?: Id } = {},
): Promise<Member[]> {
  const { rows } = await sql<{
    staff_id: Id;
    name: string;
    role: StaffRole;
    role_id: Id | null;
    role_name: string | null;
    outlet_id: Id;
    is_active: boolean;
    must_change_pin: boolean;
    blocked_on: Id[];
    last_unlocked_at: Date | null;
    created_at: Date;
  }>`
    select s.staff_id, s.name, s.role, s.role_id, r.name as role_name, s.outlet_id, s.is_active,
           s.must_change_pin, s.created_at,
           (select max(t.unlocked_at) from pin_try t
             where t.merchant_id = s.merchant_id and t.staff_id = s.staff_id) as last_unlocked_at,
           array(select t.device_id from pin_try t join device d using (merchant_id, device_id)
                  where t.merchant_id = s.merchant_id and t.staff_id = s.staff_id
                    and t.wrong_pins >= ${PIN_POLICY.pair.blocked} and d.revoked_at is null
                  order by 1) as blocked_on
      from staff s left join staff_role r on r.merchant_id = s.merchant_id and r.role_id = s.role_id
     where s.merchant_id = ${merchantId}
       and (${only.outletId ?? null}::uuid is null or s.outlet_id = ${only.outletId ?? null}::uuid)
       and (${only.staffId ?? null}::uuid is null or s.staff_id = ${only.staffId ?? null}::uuid)
     order by not s.is_active, array_position('{owner,manager,custom,cashier}', s.role::text), s.name,
              s.staff_id
     limit 1000`.execute(executor);
  return rows.map((row) => ({
    staffId: row.staff_id,
    name: row.name,
    role: row.role,
    roleId: row.role_id,
    roleName: row.role_name,
    outletId: row.outlet_id,
    isActive: row.is_active,
    mustChangePin: row.must_change_pin,
    blockedOn: row.blocked_on,
    lastUnlockedAt: row.last_unlocked_at,
    createdAt: row.created_at,
  }));
}

/** The number of active owners other than this one. */
export async function countOtherOwners(tx: Tx, merchantId: Id, staffId: Id): Promise<number> {
  const { rows } = await sql<{ count: bigint }>`
    select count(*) as count
      from staff
     where merchant_id = ${merchantId} and role = 'owner' and is_active
       and staff_id <> ${staffId}`.execute(tx);
  return Number(rows[0]?.count ?? 0n);
}

/** Locks the merchant's row until the transaction ends, so that changes of staff run one after another. */
export async function lockMerchant(tx: Tx, merchantId: Id): Promise<void> {
  await sql`select from merchant where merchant_id = ${merchantId} for no key update`.execute(tx);
}

export async function updateMember(
  tx: Tx,
  merchantId: Id,
  staffId: Id,
  to: { name: string; role: StaffRole; roleId: Id | null; outletId: Id; isActive: boolean },
): Promise<void> {
  await sql`
    update staff
       set name = ${to.name}, role = ${to.role}, role_id = ${to.roleId}, outlet_id = ${to.outletId},
           is_active = ${to.isActive}
     where merchant_id = ${merchantId} and staff_id = ${staffId}`.execute(tx);
}

export async function updatePin(tx: Tx, merchantId: Id, staffId: Id, pinHash: string): Promise<void> {
  await sql`
    update staff set pin_hash = ${pinHash}, must_change_pin = false
     where merchant_id = ${merchantId} and staff_id = ${staffId}`.execute(tx);
}

/** Turns a session that could only choose a new PIN into an ordinary one. */
export async function liftPinChange(tx: Tx, merchantId: Id, sessionId: Id): Promise<void> {
  await sql`
    update staff_session set pin_change_only = false
     where merchant_id = ${merchantId} and session_id = ${sessionId}`.execute(tx);
}

export type ListedSession = {
  readonly sessionId: Id;
  readonly staffId: Id;
  readonly staffName: string;
  readonly staffRole: StaffRole;
  readonly deviceId: Id;
  readonly deviceName: string;
  readonly outletId: Id;
  readonly address: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
};

/** Open sessions, newest first: of an outlet's devices, of one person, one by its id, or all. */
export async function selectSessions(
  executor: Executor,
  merchantId: Id,
  only: { outletId?: Id; staffId?: Id; sessionId?: Id },
): Promise<ListedSession[]> {
  const { rows } = await sql<{
    session_id: Id;
    staff_id: Id;
    staff_name: string;
    staff_role: StaffRole;
    device_id: Id;
    device_name: string;
    outlet_id: Id;
    address: string | null;
    created_at: Date;
    expires_at: Date;
  }>`
    select x.session_id, x.staff_id, s.name as staff_name, s.role as staff_role, x.device_id,
           d.name as device_name, d.outlet_id, host(x.address) as address, x.created_at, x.expires_at
      from staff_session x
      join staff s on s.merchant_id = x.merchant_id and s.staff_id = x.staff_id
      join device d on d.merchant_id = x.merchant_id and d.device_id = x.device_id
     where x.merchant_id = ${merchantId} and x.expires_at > now()
       and (${only.outletId ?? null}::uuid is null or d.outlet_id = ${only.outletId ?? null}::uuid)
       and (${only.staffId ?? null}::uuid is null or x.staff_id = ${only.staffId ?? null}::uuid)
       and (${only.sessionId ?? null}::uuid is null or x.session_id = ${only.sessionId ?? null}::uuid)
     order by x.created_at desc, x.session_id limit 500`.execute(executor);
  return rows.map((row) => ({
    sessionId: row.session_id,
    staffId: row.staff_id,
    staffName: row.staff_name,
    staffRole: row.staff_role,
    deviceId: row.device_id,
    deviceName: row.device_name,
    outletId: row.outlet_id,
    address: row.address,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  }));
}
