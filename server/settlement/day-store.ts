import type { Currency, Id } from "@onegate/contract";
import { sql } from "kysely";
import { derivedAt, type Executor } from "../kernel/index.ts";
import type { CaseState, DocumentKind } from "./case.ts";
import type { Outcome } from "./match.ts";
import { dayOf, saleIdOf, zoneOf } from "./store.ts";

export type DaySale = {
  readonly saleId: Id;
  readonly receiptNumber: string;
  readonly currency: Currency;
  readonly total: bigint;
  readonly tax: bigint;
  readonly rounding: bigint;
};

/** The paid sales of a business day. */
export async function selectSales(executor: Executor, merchantId: Id, date: string): Promise<DaySale[]> {
  const { rows } = await sql<{
    sale_id: Id;
    receipt_number: string | null;
    currency: Currency;
    total: bigint;
    tax: bigint;
    rounding: bigint;
  }>`
    select sale_id, receipt_number, currency, total, tax, rounding from sale
     where merchant_id = ${merchantId} and business_date = ${date} and state = 'paid'
     order by receipt_number`.execute(executor);
  return rows.map((row) => ({
    saleId: row.sale_id,
    receiptNumber: row.receipt_number ?? row.sale_id,
    currency: row.currency,
    total: row.total,
    tax: row.tax,
    rounding: row.rounding,
  }));
}

export type DayPayment = {
  readonly paymentId: Id;
  readonly orderId: string;
  readonly provider: string;
  readonly method: string;
  readonly amount: bigint;
  readonly fee: bigint;
  readonly reference: string;
  /** Its order is a sale that is not paid. */
  readonly unpaidSale: boolean;
  /** It was taken out of suspense: the suspense case is what the provider owes. */
  readonly fromSuspense: boolean;
  /** Only a cashier confirmed it; no statement lists it yet. */
  readonly unverified: boolean;
};

/** The payments of a day's sales, and those paid on the day whose order is not a paid sale. */
export async function selectPayments(
  executor: Executor,
  merchantId: Id,
  date: string,
): Promise<DayPayment[]> {
  const { rows } = await sql<{
    payment_id: Id;
    order_id: string;
    provider: string;
    method: string;
    amount: bigint;
    fee_merchant: bigint | null;
    reference: string;
    unpaid_sale: boolean;
    from_suspense: boolean;
    unverified: boolean;
  }>`
    with of_day as (
      select p.*, false as unpaid_sale
        from sale s
        join payment p on p.merchant_id = s.merchant_id and p.order_id = s.sale_id::text
       where s.merchant_id = ${merchantId} and s.business_date = ${date} and s.state = 'paid'
         and p.state = 'succeeded'
      union all
      select p.*, s.sale_id is not null
        from payment p ${zoneOf(merchantId)}
        left join sale s on s.merchant_id = p.merchant_id and s.sale_id = ${sql.raw(saleIdOf("p.order_id"))}
       where p.merchant_id = ${merchantId} and p.state = 'succeeded' and p.paid_at >= ${date}::date - 1
         and p.paid_at < ${date}::date + 2
         and ${dayOf("p.paid_at", "p.order_id")} = ${date} and s.state is distinct from 'paid')
    select p.payment_id, p.order_id, p.provider, p.method, p.amount, p.fee_merchant,
           coalesce(p.reference, p.merchant_ref) as reference, p.unpaid_sale,
           p.verification is not distinct from 'unverified' as unverified,
           exists (select
                     from suspense_case c
                    where c.merchant_id = p.merchant_id and c.provider = p.provider
                      and c.reference = p.reference) as from_suspense
      from of_day p order by p.payment_id`.execute(executor);
  return rows.map((row) => ({
    paymentId: row.payment_id,
    orderId: row.order_id,
    provider: row.provider,
    method: row.method,
    amount: row.amount,
    fee: (row.fee_merchant ?? 0n) > 0n ? (row.fee_merchant ?? 0n) : 0n,
    reference: row.reference,
    unpaidSale: row.unpaid_sale,
    fromSuspense: row.from_suspense,
    unverified: row.unverified,
  }));
}

/**
 * `provider` is `bank` where the bank paid a refund. `amount` is negative for money that left. `transferIds`
 * are the transfers whose sum it is.
 */
export type DayOther = {
  readonly kind: "suspense" | "refund" | "dispute";
  readonly documentId: Id;
  readonly provider: string;
  readonly reference: string;
  readonly amount: bigint;
  readonly transferIds: readonly Id[];
};

const BOOKED_AS = { suspense: [], refund: ["refund"], dispute: ["dispute", "dispute_beyond"] } as const;

/** Money that went into suspense, refunds and disputes of a day. */
export async function selectOthers(executor: Executor, merchantId: Id, date: string): Promise<DayOther[]> {
  const { rows } = await sql<{
    kind: DayOther["kind"];
    document_id: Id;
    provider: string;
    reference: string;
    amount: bigint;
    transfer_id: Id | null;
  }>`
    select 'suspense' as kind, c.case_id as document_id, c.provider, c.reference, c.amount, c.transfer_id
      from suspense_case c ${zoneOf(merchantId)}
     where c.merchant_id = ${merchantId} and c.opened_at >= ${date}::date - 1
       and c.opened_at < ${date}::date + 2
       and to_char(c.opened_at at time zone home.time_zone, 'YYYY-MM-DD') = ${date}
    union all
    select 'refund', r.refund_id, case r.paid_from when 'bank' then 'bank' else r.provider end,
           coalesce(r.reference, r.refund_ref), -r.amount, null
      from refund r ${zoneOf(merchantId)}
     where r.merchant_id = ${merchantId} and r.state = 'succeeded' and r.updated_at >= ${date}::date - 1
       and r.updated_at < ${date}::date + 2
       and to_char(r.updated_at at time zone home.time_zone, 'YYYY-MM-DD') = ${date}
    union all
    select 'dispute', d.dispute_id, d.provider, d.reference, -(d.amount + d.beyond), null
      from dispute d ${zoneOf(merchantId)}
     where d.merchant_id = ${merchantId} and d.opened_at >= ${date}::date - 1
       and d.opened_at < ${date}::date + 2
       and to_char(d.opened_at at time zone home.time_zone, 'YYYY-MM-DD') = ${date}
     order by 1, 2`.execute(executor);
  return rows.map((row) => ({
    kind: row.kind,
    documentId: row.document_id,
    provider: row.provider,
    reference: row.reference,
    amount: row.amount,
    transferIds:
      row.transfer_id === null
        ? BOOKED_AS[row.kind].map((kind) => derivedAt(row.document_id, kind, merchantId))
        : [row.transfer_id],
  }));
}

export type DayRow = {
  readonly rowId: Id;
  readonly provider: string;
  readonly shown: string;
  readonly gross: bigint;
  readonly fee: bigint;
  readonly net: bigint;
  readonly outcome: Outcome;
  readonly documentKind: DocumentKind | null;
  readonly documentId: Id | null;
  readonly caseState: CaseState | null;
};

/** The rows of the given documents, and the rows of the day that have no document or are doubled. */
export async function selectDayRows(
  executor: Executor,
  merchantId: Id,
  date: string,
  documentIds: readonly Id[],
): Promise<DayRow[]> {
  const { rows } = await sql<{
    row_id: Id;
    provider: string;
    shown: string;
    gross: bigint;
    fee: bigint;
    net: bigint;
    outcome: Outcome;
    document_kind: DocumentKind | null;
    document_id: Id | null;
    case_state: CaseState | null;
  }>`
    with wanted as (
      select m.row_id
        from settlement_match m
       where m.merchant_id = ${merchantId} and m.document_id = any (${[...documentIds]}::uuid[])
         and m.outcome not in ('missing_here', 'doubled')
      union
      select r.row_id from settlement_row r join settlement_match m using (merchant_id, row_id)
       where r.merchant_id = ${merchantId} and r.paid_day = ${date}
         and m.outcome in ('missing_here', 'doubled'))
    select r.row_id, r.provider, s.name || ' line ' || r.line as shown, r.gross, r.fee, r.net, m.outcome,
           m.document_kind, m.document_id, c.state as case_state
      from wanted w
      join settlement_row r on r.merchant_id = ${merchantId} and r.row_id = w.row_id
      join settlement_match m on m.merchant_id = r.merchant_id and m.row_id = r.row_id
      join settlement_statement s on s.merchant_id = r.merchant_id and s.statement_id = r.statement_id
      left join settlement_case c on c.merchant_id = r.merchant_id and c.row_id = r.row_id
     order by s.imported_at, r.line`.execute(executor);
  return rows.map((row) => ({
    rowId: row.row_id,
    provider: row.provider,
    shown: row.shown,
    gross: row.gross,
    fee: row.fee,
    net: row.net,
    outcome: row.outcome,
    documentKind: row.document_kind,
    documentId: row.document_id,
    caseState: row.case_state,
  }));
}

/** The providers that have a statement covering a day. */
export async function selectCoveringProviders(
  executor: Executor,
  merchantId: Id,
  date: string,
): Promise<Set<string>> {
  const { rows } = await sql<{ provider: string }>`
    select distinct provider
      from settlement_statement
     where merchant_id = ${merchantId} and period_from <= ${date} and period_to >= ${date}`.execute(executor);
  return new Set(rows.map(({ provider }) => provider));
}

/** The case states of documents that no statement listed in time. */
export async function selectMissingStates(
  executor: Executor,
  merchantId: Id,
  documentIds: readonly Id[],
): Promise<Map<Id, CaseState>> {
  const { rows } = await sql<{ document_id: Id; state: CaseState }>`
    select document_id, state
      from settlement_case
     where merchant_id = ${merchantId} and kind in ('missing_there', 'unverified')
       and document_id = any (${[...documentIds]}::uuid[])
     order by opened_at, case_id`.execute(executor);
  return new Map(rows.map((row) => [row.document_id, row.state]));
}

export type DayTransfer = {
  readonly transferId: Id;
  readonly kind: string;
  readonly account: string;
  readonly amount: bigint;
};

/** Collections and settlements of the calendar day at the merchant's providers and drawers. */
export async function selectMovements(
  executor: Executor,
  merchantId: Id,
  date: string,
): Promise<DayTransfer[]> {
  const { rows } = await sql<{ transfer_id: Id; kind: string; code: string; amount: bigint }>`
    select t.transfer_id, t.kind, a.code, t.amount
      from ledger_account a ${zoneOf(merchantId)}
      cross join lateral (
        select ledger_version_at(
                 a.merchant_id, a.account_id, ${date}::timestamp at time zone home.time_zone) as first,
               ledger_version_at(
                 a.merchant_id, a.account_id,
                 (${date}::timestamp + interval '1 day') at time zone home.time_zone) as last) v
      join ledger_entry e on e.merchant_id = a.merchant_id and e.account_id = a.account_id
        and e.version > v.first and e.version <= v.last
      join ledger_transfer t on t.merchant_id = e.merchant_id and t.transfer_id = e.transfer_id
     where a.merchant_id = ${merchantId}
       and a.kind in ('provider_clearing', 'unverified_clearing', 'cash_drawer')
       and t.kind in ('collect', 'settle', 'settle_back')`.execute(executor);
  return rows.map((row) => ({
    transferId: row.transfer_id,
    kind: row.kind,
    account: row.code,
    amount: row.amount,
  }));
}

/**
 * What may explain transfers: payments and rows whose ids have the same timestamps, and transfers that
 * suspense cases name.
 */
export async function selectExplanations(
  executor: Executor,
  merchantId: Id,
  transferIds: readonly Id[],
): Promise<{ payments: Id[]; rows: Id[]; transfers: Id[] }> {
  const from = transferIds.map((id) => `${id.slice(0, 13)}-0000-0000-000000000000`);
  const to = transferIds.map((id) => `${id.slice(0, 13)}-ffff-ffff-ffffffffffff`);
  const { rows } = await sql<{ what: "payments" | "rows" | "transfers"; id: Id }>`
    with moments as (select distinct u.f, u.t from unnest(${from}::uuid[], ${to}::uuid[]) as u (f, t))
    select 'payments' as what, p.payment_id as id
      from moments
      join payment p on p.merchant_id = ${merchantId} and p.payment_id between f and t
    union all
    select 'rows', r.row_id
      from moments
      join settlement_row r on r.merchant_id = ${merchantId} and r.row_id between f and t
    union all
    select 'transfers', c.transfer_id
      from suspense_case c
     where c.merchant_id = ${merchantId} and c.transfer_id = any (${[...transferIds]}::uuid[])`.execute(
    executor,
  );
  const of = (what: string) => rows.filter((row) => row.what === what).map(({ id }) => id);
  return { payments: of("payments"), rows: of("rows"), transfers: of("transfers") };
}
