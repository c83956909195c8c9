import { STATIC_PROVIDER, VERIFY_WITHIN_DAYS, type Currency, type Id } from "@onegate/contract";
import { sql } from "kysely";
import type { Executor } from "../kernel/index.ts";
import { nameOf, type StaticPayment } from "./fit-static.ts";
import type { StatementRow } from "./statement.ts";

/** The day of a payment by a printed code, in the time zone of its outlet `o`. */
const DAY = sql.raw("(p.paid_at at time zone o.time_zone)::date");
const OUTLET = sql.raw("join outlet o on o.merchant_id = p.merchant_id and o.outlet_id = p.outlet_id");

/**
 * The payments by printed codes that rows may show: unverified ones of the rows' days, and any that has a
 * row's reference; only those of one outlet, if one is given.
 */
export async function selectStaticPayments(
  executor: Executor,
  merchantId: Id,
  rows: ReadonlyArray<Pick<StatementRow, "reference" | "merchantRef" | "paidDay">>,
  outletId: Id | null = null,
): Promise<StaticPayment[]> {
  const days = rows.map(({ paidDay }) => paidDay).sort();
  if (days.length === 0) return [];
  const { rows: found } = await sql<{
    payment_id: Id;
    order_id: string;
    reference: string | null;
    amount: bigint;
    day: string;
    is_waiting: boolean;
  }>`
    select p.payment_id, p.order_id, p.reference, p.amount, ${DAY} as day,
           p.verification = 'unverified' as is_waiting
      from payment p ${OUTLET}
     where p.merchant_id = ${merchantId} and p.provider = ${STATIC_PROVIDER} and p.verification is not null
       and (${outletId}::uuid is null or p.outlet_id = ${outletId}::uuid)
       and (p.verification = 'unverified' and ${DAY} between ${days[0]}::date - 1 and ${days.at(-1)}::date + 1
            or p.reference = any (${rows.map(nameOf)}::text[]))
     order by p.payment_id`.execute(executor);
  return found.map((row) => ({
    paymentId: row.payment_id,
    orderId: row.order_id,
    reference: row.reference,
    amount: row.amount,
    day: row.day,
    isWaiting: row.is_waiting,
  }));
}

export type Unverified = {
  readonly paymentId: Id;
  readonly orderId: string;
  readonly outletId: Id;
  readonly receiptNumber: string | null;
  readonly currency: Currency;
  readonly amount: bigint;
  readonly reference: string | null;
  readonly merchantRef: string;
  readonly confirmedBy: string;
  readonly confirmedAt: Date;
  /** The last day on which a statement may still list it. */
  readonly due: string;
  readonly isLate: boolean;
  /** Its suspense case, if its order was paid already. */
  readonly suspenseId: Id | null;
  /** Its settlement case, if one is open. */
  readonly caseId: Id | null;
};

/** Payments that wait for a statement, oldest first; only those of one outlet, if one is given. */
export async function selectUnverified(
  executor: Executor,
  merchantId: Id,
  outletId: Id | null = null,
): Promise<Unverified[]> {
  const { rows } = await sql<{
    payment_id: Id;
    order_id: string;
    outlet_id: Id;
    receipt_number: string | null;
    currency: Currency;
    amount: bigint;
    reference: string | null;
    merchant_ref: string;
    confirmed_by: string;
    paid_at: Date;
    due: string;
    is_late: boolean;
    suspense_id: Id | null;
    case_id: Id | null;
  }>`
    select w.*, w.due < (now() at time zone w.time_zone)::date as is_late
      from (select p.payment_id, p.order_id, p.outlet_id, s.receipt_number, p.currency, p.amount, p.reference,
                   p.merchant_ref, f.name as confirmed_by, p.paid_at, o.time_zone,
                   ${DAY} + coalesce(q.verify_within_days, ${VERIFY_WITHIN_DAYS}::int) as due,
                   (select x.case_id
                      from suspense_case x
                     where x.merchant_id = p.merchant_id and x.payment_id = p.payment_id
                       and x.provider = p.provider) as suspense_id,
                   (select c.case_id
                      from settlement_case c
                     where c.merchant_id = p.merchant_id and c.payment_id = p.payment_id
                       and c.kind = 'unverified') as case_id
              from payment p ${OUTLET}
              join staff f on f.merchant_id = p.merchant_id and f.staff_id = p.confirmed_by
              left join static_qris q on q.merchant_id = p.merchant_id and q.outlet_id = p.outlet_id
              left join sale s on s.merchant_id = p.merchant_id
                and s.sale_id = case when p.verification is not null then p.order_id::uuid end
             where p.merchant_id = ${merchantId} and p.verification = 'unverified'
               and (${outletId}::uuid is null or p.outlet_id = ${outletId}::uuid)) w
     order by w.paid_at, w.payment_id`.execute(executor);
  return rows.map((row) => ({
    paymentId: row.payment_id,
    orderId: row.order_id,
    outletId: row.outlet_id,
    receiptNumber: row.receipt_number,
    currency: row.currency,
    amount: row.amount,
    reference: row.reference,
    merchantRef: row.merchant_ref,
    confirmedBy: row.confirmed_by,
    confirmedAt: row.paid_at,
    due: row.due,
    isLate: row.is_late,
    suspenseId: row.suspense_id,
    caseId: row.case_id,
  }));
}
