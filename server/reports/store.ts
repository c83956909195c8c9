import type { Id } from "@onegate/contract";
import { sql } from "kysely";
import type { Executor } from "../kernel/index.ts";
import type { Outlet } from "../identity/index.ts";

export async function selectBusinessDate(
  executor: Executor,
  { timeZone, dayBegins }: Outlet,
): Promise<string> {
  const { rows } = await sql<{ today: string }>`
    select ((now() at time zone ${timeZone}) - ${dayBegins}::time::interval)::date as today`.execute(
    executor,
  );
  const [row] = rows;
  if (!row) throw new Error("the business date query returned no row");
  return row.today;
}

export type HourRow = {
  readonly hour: number;
  readonly method: string;
  readonly sales: number;
  readonly gross: bigint;
  readonly tax: bigint;
  readonly returns: number;
  readonly returned: bigint;
};

export async function selectHours(
  executor: Executor,
  merchantId: Id,
  outletId: Id,
  date: string,
): Promise<HourRow[]> {
  const { rows } = await sql<HourRow>`
    select hour, method, sales, gross, tax, returns, returned from report_hour
     where merchant_id = ${merchantId} and outlet_id = ${outletId} and business_date = ${date}
     order by hour, method`.execute(executor);
  return rows;
}

/** What the outlet sold on the same day a week before, in minor units; null when it sold nothing. */
export async function selectGrossWeekBefore(
  executor: Executor,
  merchantId: Id,
  outletId: Id,
  date: string,
): Promise<bigint | null> {
  const { rows } = await sql<{ gross: string | null }>`
    select sum(gross)::text as gross from report_hour
     where merchant_id = ${merchantId} and outlet_id = ${outletId}
       and business_date = ${date}::date - 7`.execute(executor);
  const gross = rows[0]?.gross;
  return gross == null ? null : BigInt(gross);
}

/** The day's payments to the printed code that only a cashier has confirmed so far, in minor units. */
export async function selectUnverified(
  executor: Executor,
  merchantId: Id,
  outletId: Id,
  date: string,
): Promise<{ amount: bigint; count: number }> {
  const { rows } = await sql<{ amount: bigint; count: number }>`
    select coalesce(sum(p.amount), 0)::bigint as amount, count(*)::int as count
      from payment p
      join sale s
        on s.merchant_id = p.merchant_id
       and s.sale_id = case when p.verification is not null then p.order_id::uuid end
     where p.merchant_id = ${merchantId} and p.verification = 'unverified' and p.state = 'succeeded'
       and s.outlet_id = ${outletId} and s.business_date = ${date}`.execute(executor);
  return rows[0] ?? { amount: 0n, count: 0 };
}

export async function selectBestSellers(
  executor: Executor,
  merchantId: Id,
  outletId: Id,
  date: string,
  limit: number,
) {
  const { rows } = await sql<{ product_id: Id; name: string; quantity: number; amount: bigint }>`
    select product_id, name, quantity, amount from report_product
     where merchant_id = ${merchantId} and outlet_id = ${outletId} and business_date = ${date}
       and quantity > 0
     order by quantity desc, amount desc, name limit ${limit}`.execute(executor);
  return rows;
}
