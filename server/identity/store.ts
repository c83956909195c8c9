import type { Currency, Id, TaxRule, CashRounding } from "@onegate/contract";
import { sql } from "kysely";
import type { Executor, Tx } from "../kernel/index.ts";
import type { Staff, StaffPrincipal, StaffRole } from "./staff.ts";

export type Merchant = {
  readonly merchantId: Id;
  readonly name: string;
  readonly currency: Currency;
  readonly isDemo: boolean;
};

export async function selectMerchants(executor: Executor): Promise<Merchant[]> {
  const { rows } = await sql<{ merchant_id: Id; name: string; currency: Currency; is_demo: boolean }>`
    select merchant_id, name, currency, is_demo
      from merchant
     order by created_at, merchant_id`.execute(executor);
  return rows.map((row) => ({
    merchantId: row.merchant_id,
    name: row.name,
    currency: row.currency,
    isDemo: row.is_demo,
  }));
}

export async function insertMerchant(
  tx: Executor,
  { merchantId, name, currency, isDemo }: Merchant,
): Promise<void> {
  await sql`
    insert into merchant (merchant_id, name, currency, is_demo)
    values (${merchantId}, ${name}, ${currency}, ${isDemo})`.execute(tx);
}

export type Outlet = {
  readonly merchantId: Id;
  readonly outletId: Id;
  readonly name: string;
  readonly address: string;
  readonly phone: string;
  readonly timeZone: string;
  readonly dayBegins: string;
  readonly tax: TaxRule | undefined;
  readonly cashRounding: CashRounding;
  readonly receiptCode: string;
  readonly receiptHeader: string;
  readonly receiptFooter: string;
};

type TaxJson = {
  name: string;
  rate_basis_points: number;
  base_numerator: number;
  base_denominator: number;
  included: boolean;
};

export async function selectOutlets(executor: Executor, merchantId: Id): Promise<Outlet[]> {
  const { rows } = await sql<{
    outlet_id: Id;
    name: string;
    address: string;
    phone: string;
    time_zone: string;
    day_begins: string;
    tax: TaxJson | null;
    cash_rounding: CashRounding;
    receipt_code: string;
    receipt_header: string;
    receipt_footer: string;
  }>`
    select outlet_id, name, address, phone, time_zone, day_begins, tax, cash_rounding, receipt_code,
           receipt_header, receipt_footer
      from outlet where merchant_id = ${merchantId} order by outlet_id`.execute(executor);
  return rows.map((row) => ({
    merchantId,
    outletId: row.outlet_id,
    name: row.name,
    address: row.address,
    phone: row.phone,
    timeZone: row.time_zone,
    dayBegins: row.day_begins,
    tax: row.tax
      ? {
          name: row.tax.name,
          rateBasisPoints: row.tax.rate_basis_points,
          baseNumerator: row.tax.base_numerator,
          baseDenominator: row.tax.base_denominator,
          included: row.tax.included,
        }
      : undefined,
    cashRounding: row.cash_rounding,
    receiptCode: row.receipt_code,
    receiptHeader: row.receipt_header,
    receiptFooter: row.receipt_footer,
  }));
}

function taxJsonOf({ tax }: Outlet): string | null {
  const json: TaxJson | undefined = tax && {
    name: tax.name,
    rate_basis_points: tax.rateBasisPoints,
    base_numerator: tax.baseNumerator,
    base_denominator: tax.baseDenominator,
    included: tax.included,
  };
  return json ? JSON.stringify(json) : null;
}

export async function insertOutlet(tx: Executor, outlet: Outlet): Promise<void> {
  await sql`
    insert into outlet (merchant_id, outlet_id, name, address, phone, time_zone, day_begins, tax,
      cash_rounding, receipt_code, receipt_header, receipt_footer)
    values (${outlet.merchantId}, ${outlet.outletId}, ${outlet.name}, ${outlet.address}, ${outlet.phone},
      ${outlet.timeZone}, ${outlet.dayBegins}, ${taxJsonOf(outlet)}::jsonb,
      ${JSON.stringify(outlet.cashRounding)}::jsonb, ${outlet.receiptCode},
      ${outlet.receiptHeader}, ${outlet.receiptFooter})`.execute(tx);
}

export async function updateOutlet(tx: Executor, outlet: Outlet): Promise<void> {
  await sql`
    update outlet
       set name = ${outlet.name}, address = ${outlet.address}, phone = ${outlet.phone},
           time_zone = ${outlet.timeZone}, day_begins = ${outlet.dayBegins},
           tax = ${taxJsonOf(outlet)}::jsonb, cash_rounding = ${JSON.stringify(outlet.cashRounding)}::jsonb,
           receipt_header = ${outlet.receiptHeader}, receipt_footer = ${outlet.receiptFooter}
     where merchant_id = ${outlet.merchantId} and outlet_id = ${outlet.outletId}`.execute(tx);
}

export type StaticQris = {
  readonly merchantId: Id;
  readonly outletId: Id;
  /** The text of the printed code. */
  readonly payload: string;
  readonly merchantName: string;
  readonly verifyWithinDays: number;
  readonly setBy: Id;
  readonly setAt: Date;
};

type StaticQrisRow = {
  merchant_id: Id;
  outlet_id: Id;
  payload: string;
  merchant_name: string;
  verify_within_days: number;
  set_by: Id;
  set_at: Date;
};

function toStaticQris(row: StaticQrisRow): StaticQris {
  return {
    merchantId: row.merchant_id,
    outletId: row.outlet_id,
    payload: row.payload,
    merchantName: row.merchant_name,
    verifyWithinDays: row.verify_within_days,
    setBy: row.set_by,
    setAt: row.set_at,
  };
}

export async function selectStaticQris(
  executor: Executor,
  merchantId: Id,
  outletId: Id,
): Promise<StaticQris | undefined> {
  const { rows } = await sql<StaticQrisRow>`
    select merchant_id, outlet_id, payload, merchant_name, verify_within_days, set_by, set_at
      from static_qris
     where merchant_id = ${merchantId} and outlet_id = ${outletId}`.execute(executor);
  return rows[0] && toStaticQris(rows[0]);
}

export async function upsertStaticQris(
  tx: Tx,
  { merchantId, outletId, payload, merchantName, verifyWithinDays, setBy }: Omit<StaticQris, "setAt">,
): Promise<StaticQris> {
  const { rows } = await sql<StaticQrisRow>`
    insert into static_qris (merchant_id, outlet_id, payload, merchant_name, verify_within_days, set_by)
    values (${merchantId}, ${outletId}, ${payload}, ${merchantName}, ${verifyWithinDays}, ${setBy})
    on conflict (merchant_id, outlet_id) do update
      set payload = excluded.payload, merchant_name = excluded.merchant_name,
          verify_within_days = excluded.verify_within_days, set_by = excluded.set_by, set_at = now()
    returning merchant_id, outlet_id, payload, merchant_name, verify_within_days, set_by, set_at`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error("the upsert of a static QRIS returned no row");
  return toStaticQris(row);
}

/** Returns whether one existed. */
export async function deleteStaticQris(tx: Tx, merchantId: Id, outletId: Id): Promise<boolean> {
  const { rows } = await sql`
    delete from static_qris
     where merchant_id = ${merchantId} and outlet_id = ${outletId}
    returning outlet_id`.execute(tx);
  return rows.length > 0;
}

export async function insertStaff(
  tx: Executor,
  merchantId: Id,
  outletId: Id,
  staff: Staff,
  pinHash: string,
): Promise<void> {
  await sql`
    insert into staff (merchant_id, staff_id, outlet_id, name, role, role_id, pin_hash)
    values (${merchantId}, ${staff.staffId}, ${outletId}, ${staff.name}, ${staff.role},
      ${staff.roleId ?? null}, ${pinHash})`.execute(tx);
}

/** The staff who may unlock the outlet's tills: its own staff, and the merchant's owners. */
export async function selectStaff(executor: Executor, merchantId: Id, outletId: Id): Promise<Staff[]> {
  const { rows } = await sql<{
    staff_id: Id;
    name: string;
    role: StaffRole;
    role_name: string | null;
    rights: string[] | null;
  }>`
    select s.staff_id, s.name, s.role, r.name as role_name, r.rights
      from staff s
      left join staff_role r using (merchant_id, role_id)
     where merchant_id = ${merchantId} and (s.outlet_id = ${outletId} or s.role = 'owner') and s.is_active
     order by array_position('{cashier,custom,manager,owner}', s.role::text),
              s.name, s.staff_id`.execute(executor);
  return rows.map((row) => ({
    staffId: row.staff_id,
    name: row.name,
    role: row.role,
    roleName: row.role_name,
    granted: row.rights ?? [],
  }));
}

/** The active owners, oldest first. */
export async function selectOwners(executor: Executor, merchantId: Id): Promise<Id[]> {
  const { rows } = await sql<{ staff_id: Id }>`
    select staff_id
      from staff
     where merchant_id = ${merchantId} and role = 'owner' and is_active
     order by created_at, staff_id`.execute(executor);
  return rows.map((row) => row.staff_id);
}

export type StaffMember = Staff & {
  readonly outletId: Id;
  readonly isActive: boolean;
  readonly pinHash: string;
  readonly mustChangePin: boolean;
  /** The rights granted to a custom role. */
  readonly granted: readonly string[];
};

/** Locks a staff member until the transaction ends. */
export async function lockStaff(tx: Tx, merchantId: Id, staffId: Id): Promise<StaffMember | undefined> {
  const { rows } = await sql<{
    staff_id: Id;
    name: string;
    role: StaffRole;
    role_id: Id | null;
    role_name: string | null;
    rights: string[] | null;
    outlet_id: Id;
    is_active: boolean;
    pin_hash: string;
    must_change_pin: boolean;
  }>`
    select s.staff_id, s.name, s.role, s.role_id, r.name as role_name, r.rights, s.outlet_id, s.is_active,
           s.pin_hash, s.must_change_pin
      from staff s left join staff_role r on r.merchant_id = s.merchant_id and r.role_id = s.role_id
     where s.merchant_id = ${merchantId} and s.staff_id = ${staffId} for no key update of s`.execute(tx);
  const [row] = rows;
  return (
    row && {
      staffId: row.staff_id,
      name: row.name,
      role: row.role,
      roleId: row.role_id,
      roleName: row.role_name,
      granted: row.rights ?? [],
      outletId: row.outlet_id,
      isActive: row.is_active,
      pinHash: row.pin_hash,
      mustChangePin: row.must_change_pin,
    }
  );
}

export type NewSession = {
  readonly merchantId: Id;
  readonly staffId: Id;
  readonly deviceId: Id;
  readonly sessionId: Id;
  readonly hash: Buffer;
  readonly hours: number;
  readonly pinChangeOnly: boolean;
  readonly address: string;
};

export async function insertSession(
  tx: Tx,
  { merchantId, staffId, deviceId, sessionId, hash, hours, pinChangeOnly, address }: NewSession,
): Promise<Date> {
  await sql`
    delete from staff_session
     where merchant_id = ${merchantId} and staff_id = ${staffId} and expires_at < now()`.execute(tx);
  const { rows } = await sql<{ expires_at: Date }>`
    insert into staff_session (token_hash, merchant_id, staff_id, device_id, session_id, pin_change_only,
      address, expires_at)
    values (${hash}, ${merchantId}, ${staffId}, ${deviceId}, ${sessionId}, ${pinChangeOnly}, ${address}::inet,
      now() + make_interval(hours => ${hours}))
    returning expires_at`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error("the insert of a session returned no row");
  return row.expires_at;
}

export type OpenSession = Omit<StaffPrincipal, "rights" | "mustChangePin"> & {
  readonly granted: readonly string[];
  readonly pinChangeOnly: boolean;
};

/**
 * The session with this token hash or id, if it has not expired, its staff member is active and its device is
 * in use. With `deviceHash` it must also belong to that device.
 */
export async function selectSession(
  executor: Executor,
  by: Buffer | { merchantId: Id; sessionId: Id },
  deviceHash: Buffer | null = null,
): Promise<OpenSession | undefined> {
  const { rows } = await sql<{
    merchant_id: Id;
    outlet_id: Id;
    staff_id: Id;
    name: string;
    role: StaffRole;
    rights: string[] | null;
    device_id: Id;
    session_id: Id;
    pin_change_only: boolean;
  }>`
    select x.merchant_id, d.outlet_id, s.staff_id, s.name, s.role, r.rights, x.device_id, x.session_id,
           x.pin_change_only
      from staff_session x
      join staff s on s.merchant_id = x.merchant_id and s.staff_id = x.staff_id
      join device d on d.merchant_id = x.merchant_id and d.device_id = x.device_id
      left join staff_role r on r.merchant_id = s.merchant_id and r.role_id = s.role_id
     where ${
       Buffer.isBuffer(by)
         ? sql`x.token_hash = ${by}`
         : sql`x.merchant_id = ${by.merchantId} and x.session_id = ${by.sessionId}`
     }
       and (${deviceHash}::bytea is null or d.token_hash = ${deviceHash}::bytea)
       and x.expires_at > now() and s.is_active and d.revoked_at is null
       and (s.outlet_id = d.outlet_id or s.role = 'owner')`.execute(executor);
  const [row] = rows;
  return (
    row && {
      merchantId: row.merchant_id,
      outletId: row.outlet_id,
      staffId: row.staff_id,
      name: row.name,
      role: row.role,
      granted: row.rights ?? [],
      deviceId: row.device_id,
      staffSessionId: row.session_id,
      pinChangeOnly: row.pin_change_only,
    }
  );
}
