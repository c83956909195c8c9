import type { Currency, Id, TaxRule, CashRounding } from "@onegate/contract";
import { sql } from "kysely";
import type { Executor, Tx } from "../kernel/index.ts";
import { FREE_TRIES, LONGEST_DELAY_S, type Staff, type StaffRole } from "./staff.ts";

export type Merchant = { readonly merchantId: Id; readonly name: string; readonly currency: Currency; readonly isDemo: boolean };

export async function selectMerchants(executor: Executor): Promise<Merchant[]> {
  const { rows } = await sql<{ merchant_id: Id; name: string; currency: Currency; is_demo: boolean }>`
    select merchant_id, name, currency, is_demo from merchant order by created_at, merchant_id`.execute(executor);
  return rows.map((row) => ({ merchantId: row.merchant_id, name: row.name, currency: row.currency, isDemo: row.is_demo }));
}

export async function insertMerchant(tx: Executor, { merchantId, name, currency, isDemo }: Merchant): Promise<void> {
  await sql`
    insert into merchant (merchant_id, name, currency, is_demo) values (${merchantId}, ${name}, ${currency}, ${isDemo})`.execute(tx);
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

type TaxJson = { name: string; rate_basis_points: number; base_numerator: number; base_denominator: number; included: boolean };

export async function selectOutlets(executor: Executor, merchantId: Id): Promise<Outlet[]> {
  const { rows } = await sql<{
    outlet_id: Id; name: string; address: string; phone: string; time_zone: string; day_begins: string; tax: TaxJson | null;
    cash_rounding: CashRounding; receipt_code: string; receipt_header: string; receipt_footer: string;
  }>`
    select outlet_id, name, address, phone, time_zone, day_begins, tax, cash_rounding, receipt_code, receipt_header, receipt_footer
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
      ? { name: row.tax.name, rateBasisPoints: row.tax.rate_basis_points, baseNumerator: row.tax.base_numerator, baseDenominator: row.tax.base_denominator, included: row.tax.included }
      : undefined,
    cashRounding: row.cash_rounding,
    receiptCode: row.receipt_code,
    receiptHeader: row.receipt_header,
    receiptFooter: row.receipt_footer,
  }));
}

export async function insertOutlet(tx: Executor, outlet: Outlet): Promise<void> {
  const { tax } = outlet;
  const taxJson: TaxJson | null = tax
    ? { name: tax.name, rate_basis_points: tax.rateBasisPoints, base_numerator: tax.baseNumerator, base_denominator: tax.baseDenominator, included: tax.included }
    : null;
  await sql`
    insert into outlet (merchant_id, outlet_id, name, address, phone, time_zone, day_begins, tax, cash_rounding, receipt_code, receipt_header, receipt_footer)
    values (${outlet.merchantId}, ${outlet.outletId}, ${outlet.name}, ${outlet.address}, ${outlet.phone}, ${outlet.timeZone}, ${outlet.dayBegins},
      ${taxJson && JSON.stringify(taxJson)}::jsonb, ${JSON.stringify(outlet.cashRounding)}::jsonb, ${outlet.receiptCode}, ${outlet.receiptHeader}, ${outlet.receiptFooter})`.execute(tx);
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

type StaticQrisRow = { merchant_id: Id; outlet_id: Id; payload: string; merchant_name: string; verify_within_days: number; set_by: Id; set_at: Date };

function toStaticQris(row: StaticQrisRow): StaticQris {
  return { merchantId: row.merchant_id, outletId: row.outlet_id, payload: row.payload, merchantName: row.merchant_name, verifyWithinDays: row.verify_within_days, setBy: row.set_by, setAt: row.set_at };
}

export async function selectStaticQris(executor: Executor, merchantId: Id, outletId: Id): Promise<StaticQris | undefined> {
  const { rows } = await sql<StaticQrisRow>`
    select merchant_id, outlet_id, payload, merchant_name, verify_within_days, set_by, set_at from static_qris where merchant_id = ${merchantId} and outlet_id = ${outletId}`.execute(executor);
  return rows[0] && toStaticQris(rows[0]);
}

export async function upsertStaticQris(tx: Tx, { merchantId, outletId, payload, merchantName, verifyWithinDays, setBy }: Omit<StaticQris, "setAt">): Promise<StaticQris> {
  const { rows } = await sql<StaticQrisRow>`
    insert into static_qris (merchant_id, outlet_id, payload, merchant_name, verify_within_days, set_by)
    values (${merchantId}, ${outletId}, ${payload}, ${merchantName}, ${verifyWithinDays}, ${setBy})
    on conflict (merchant_id, outlet_id) do update
      set payload = excluded.payload, merchant_name = excluded.merchant_name, verify_within_days = excluded.verify_within_days, set_by = excluded.set_by, set_at = now()
    returning merchant_id, outlet_id, payload, merchant_name, verify_within_days, set_by, set_at`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error("what was set comes back");
  return toStaticQris(row);
}

/** Whether there was one. */
export async function deleteStaticQris(tx: Tx, merchantId: Id, outletId: Id): Promise<boolean> {
  const { rows } = await sql`delete from static_qris where merchant_id = ${merchantId} and outlet_id = ${outletId} returning outlet_id`.execute(tx);
  return rows.length > 0;
}

export async function insertStaff(tx: Executor, merchantId: Id, outletId: Id, staff: Staff, pinHash: string): Promise<void> {
  await sql`
    insert into staff (merchant_id, staff_id, outlet_id, name, role, pin_hash)
    values (${merchantId}, ${staff.staffId}, ${outletId}, ${staff.name}, ${staff.role}, ${pinHash})`.execute(tx);
}

export async function selectStaff(executor: Executor, merchantId: Id, outletId: Id): Promise<Staff[]> {
  const { rows } = await sql<{ staff_id: Id; name: string; role: StaffRole }>`
    select staff_id, name, role from staff
     where merchant_id = ${merchantId} and outlet_id = ${outletId} and is_active
     order by array_position('{cashier,manager,owner}', role::text), name`.execute(executor);
  return rows.map((row) => ({ staffId: row.staff_id, name: row.name, role: row.role }));
}

/** Counts a try at a PIN, with its delay, before it is looked at: many at once get no more tries than one after another. */
export async function countTry(executor: Executor, merchantId: Id, staffId: Id): Promise<
  { name: string; role: StaffRole; outletId: Id; pinHash: string; waitSeconds: number } | undefined
> {
  const { rows } = await sql<{ name: string; role: StaffRole; outlet_id: Id; pin_hash: string; wait_seconds: number }>`
    with tried as (
      update staff set wrong_pins = wrong_pins + 1,
             delayed_until = case when wrong_pins + 1 >= ${FREE_TRIES}
               then clock_timestamp() + least(power(2, least(wrong_pins + 1 - ${FREE_TRIES}, 20)), case role when 'owner' then ${LONGEST_DELAY_S.owner}::int else ${LONGEST_DELAY_S.others}::int end) * interval '1 second' end
       where merchant_id = ${merchantId} and staff_id = ${staffId} and is_active and coalesce(delayed_until, clock_timestamp()) <= clock_timestamp()
      returning staff_id)
    select s.name, s.role, s.outlet_id, s.pin_hash,
           case when t.staff_id is null then greatest(1, ceil(extract(epoch from s.delayed_until - clock_timestamp())))::int else 0 end as wait_seconds
      from staff s left join tried t using (staff_id)
     where s.merchant_id = ${merchantId} and s.staff_id = ${staffId} and s.is_active`.execute(executor);
  const [row] = rows;
  return row && { name: row.name, role: row.role, outletId: row.outlet_id, pinHash: row.pin_hash, waitSeconds: row.wait_seconds };
}

export async function clearTries(executor: Executor, merchantId: Id, staffId: Id): Promise<void> {
  await sql`update staff set wrong_pins = 0, delayed_until = null where merchant_id = ${merchantId} and staff_id = ${staffId}`.execute(executor);
}

export async function insertSession(tx: Tx, merchantId: Id, staffId: Id, hash: Buffer, hours: number): Promise<Date> {
  await sql`update staff set wrong_pins = 0, delayed_until = null where merchant_id = ${merchantId} and staff_id = ${staffId}`.execute(tx);
  await sql`delete from staff_session where merchant_id = ${merchantId} and staff_id = ${staffId} and expires_at < now()`.execute(tx);
  const { rows } = await sql<{ expires_at: Date }>`
    insert into staff_session (token_hash, merchant_id, staff_id, expires_at)
    values (${hash}, ${merchantId}, ${staffId}, now() + make_interval(hours => ${hours})) returning expires_at`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error("an inserted session comes back");
  return row.expires_at;
}

export async function selectSession(executor: Executor, hash: Buffer): Promise<{ merchantId: Id; outletId: Id; staffId: Id; name: string; role: StaffRole } | undefined> {
  const { rows } = await sql<{ merchant_id: Id; outlet_id: Id; staff_id: Id; name: string; role: StaffRole }>`
    select s.merchant_id, s.outlet_id, s.staff_id, s.name, s.role
      from staff_session x join staff s using (merchant_id, staff_id)
     where x.token_hash = ${hash} and x.expires_at > now() and s.is_active`.execute(executor);
  const [row] = rows;
  return row && { merchantId: row.merchant_id, outletId: row.outlet_id, staffId: row.staff_id, name: row.name, role: row.role };
}

export async function deleteSession(executor: Executor, hash: Buffer): Promise<void> {
  await sql`delete from staff_session where token_hash = ${hash}`.execute(executor);
}
