import type { Currency, Id } from "@onegate/contract";
import { sql, type RawBuilder } from "kysely";
import { derivedAt, type Executor, type Tx } from "../kernel/index.ts";
import { visibleTo } from "../payments/index.ts";
import type { CaseEvent, CaseKind, CaseState, DocumentKind, SettlementCase } from "./case.ts";
import type { Layout } from "./layout.ts";
import type { Document, Judged, Outcome } from "./match.ts";
import type { MdrFinding } from "./mdr.ts";
import type { NewRow, RowKind, Statement, StatementRow, StatementState } from "./statement.ts";

// statements

/** Locks a provider until the commit, so that its statements and cases are written one after another. */
export async function lockProvider(tx: Tx, merchantId: Id, provider: string): Promise<void> {
  await sql`
    select pg_advisory_xact_lock(hashtextextended(${`settlement ${merchantId} ${provider}`}, 0))`.execute(tx);
}

type StatementRecord = {
  merchant_id: Id;
  statement_id: Id;
  provider: string;
  name: string;
  sha256: string;
  layout: string;
  period_from: string;
  period_to: string;
  currency: Currency;
  rows: number;
  skipped: number;
  gross: bigint;
  fee: bigint;
  net: bigint;
  mdr: MdrRecord[];
  state: StatementState;
  imported_at: Date;
};

type MdrRecord = {
  class: string;
  basis_points: number;
  rows: number;
  differing: number;
  gross: string;
  fee: string;
  expected: string;
};

function toFinding({ basis_points: basisPoints, gross, fee, expected, ...rest }: MdrRecord): MdrFinding {
  return { ...rest, basisPoints, gross: BigInt(gross), fee: BigInt(fee), expected: BigInt(expected) };
}

function toMdrRecord({ basisPoints, gross, fee, expected, ...rest }: MdrFinding): MdrRecord {
  return {
    ...rest,
    basis_points: basisPoints,
    gross: gross.toString(),
    fee: fee.toString(),
    expected: expected.toString(),
  };
}

const STATEMENT = sql.raw(`
  merchant_id, statement_id, provider, name, encode(sha256, 'hex') as sha256, layout, period_from, period_to,
  currency, rows, skipped, gross, fee, net, mdr, state, imported_at`);

function toStatement(row: StatementRecord): Statement {
  return {
    merchantId: row.merchant_id,
    statementId: row.statement_id,
    provider: row.provider,
    name: row.name,
    sha256: row.sha256,
    layout: row.layout,
    periodFrom: row.period_from,
    periodTo: row.period_to,
    currency: row.currency,
    rows: row.rows,
    skipped: row.skipped,
    gross: row.gross,
    fee: row.fee,
    net: row.net,
    mdr: row.mdr.map(toFinding),
    state: row.state,
    importedAt: row.imported_at,
  };
}

export async function insertStatement(
  tx: Tx,
  statement: Omit<Statement, "importedAt">,
  mapping: Layout,
  staffId: Id,
): Promise<void> {
  await sql`
    insert into settlement_statement (merchant_id, statement_id, provider, name, sha256, layout, mapping,
           time_zone, period_from, period_to, currency, rows, skipped, gross, fee, net, mdr, state,
           imported_by)
    values (${statement.merchantId}, ${statement.statementId}, ${statement.provider}, ${statement.name},
            decode(${statement.sha256}, 'hex'), ${statement.layout}, ${JSON.stringify(mapping)}::jsonb,
            ${mapping.time_zone}, ${statement.periodFrom}, ${statement.periodTo}, ${statement.currency},
            ${statement.rows}, ${statement.skipped}, ${statement.gross}, ${statement.fee}, ${statement.net},
            ${JSON.stringify(statement.mdr.map(toMdrRecord))}::jsonb, ${statement.state},
            ${staffId})`.execute(tx);
}

export async function selectStatement(
  executor: Executor,
  merchantId: Id,
  by: { statementId: Id } | { provider: string; sha256: string },
): Promise<Statement | undefined> {
  const condition =
    "statementId" in by
      ? sql`statement_id = ${by.statementId}`
      : sql`provider = ${by.provider} and sha256 = decode(${by.sha256}, 'hex')`;
  const { rows } = await sql<StatementRecord>`
    select ${STATEMENT}
      from settlement_statement
     where merchant_id = ${merchantId} and ${condition}`.execute(executor);
  return rows[0] && toStatement(rows[0]);
}

/** Statements, newest first, starting before the given one. */
export async function selectStatements(
  executor: Executor,
  merchantId: Id,
  { provider, before, limit }: { provider?: string | undefined; before?: Id | undefined; limit: number },
): Promise<Statement[]> {
  const { rows } = await sql<StatementRecord>`
    select ${STATEMENT} from settlement_statement
     where merchant_id = ${merchantId}
       and (${provider ?? null}::text is null or provider = ${provider ?? null})
       and (${before ?? null}::uuid is null or statement_id < ${before ?? null})
     order by statement_id desc limit ${limit}`.execute(executor);
  return rows.map(toStatement);
}

export type OutcomeSum = {
  readonly outcome: Outcome;
  readonly rows: number;
  readonly gross: bigint;
  readonly fee: bigint;
  readonly net: bigint;
};

/** A statement's rows grouped by outcome. The sums add up to the statement's. */
export async function selectOutcomes(
  executor: Executor,
  merchantId: Id,
  statementId: Id,
): Promise<OutcomeSum[]> {
  const { rows } = await sql<OutcomeSum>`
    select m.outcome, count(*)::int as rows, sum(r.gross)::bigint as gross, sum(r.fee)::bigint as fee,
           sum(r.net)::bigint as net
      from settlement_row r join settlement_match m using (merchant_id, row_id)
     where r.merchant_id = ${merchantId} and r.statement_id = ${statementId}
     group by m.outcome
     order by m.outcome`.execute(executor);
  return rows;
}

/** The providers with imported statements, and the first day that those cover. */
export async function selectCovered(
  executor: Executor,
  merchantId: Id,
): Promise<Array<{ provider: string; since: string }>> {
  const { rows } = await sql<{ provider: string; since: string }>`
    select provider, min(period_from) as since
      from settlement_statement
     where merchant_id = ${merchantId}
     group by provider
     order by provider`.execute(executor);
  return rows;
}

export async function markStatement(
  tx: Tx,
  merchantId: Id,
  statementId: Id,
  state: StatementState,
): Promise<void> {
  await sql`
    update settlement_statement
       set state = ${state}
     where merchant_id = ${merchantId} and statement_id = ${statementId}`.execute(tx);
}

export async function countOpenCasesOf(tx: Tx, merchantId: Id, statementId: Id): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count
      from settlement_case
     where merchant_id = ${merchantId} and statement_id = ${statementId} and state = 'open'`.execute(tx);
  return rows[0]?.count ?? 0;
}

export type QrisPayment = {
  readonly paymentId: Id;
  /** The payload of its own code. */
  readonly payload: string | null;
  /** The outlet whose printed code it was paid by. */
  readonly outletId: Id | null;
};

/** The QRIS payments among the given ones. */
export async function selectQrisPayments(
  executor: Executor,
  merchantId: Id,
  paymentIds: readonly Id[],
): Promise<QrisPayment[]> {
  const found: QrisPayment[] = [];
  for (const chunk of chunks(paymentIds)) {
    const { rows } = await sql<{ payment_id: Id; qr_string: string | null; outlet_id: Id | null }>`
      select payment_id, qr_string, outlet_id from payment
       where merchant_id = ${merchantId} and payment_id = any (${[...chunk]}::uuid[])
         and method in ('QRIS', 'QRIS_STATIC')`.execute(executor);
    for (const row of rows)
      found.push({ paymentId: row.payment_id, payload: row.qr_string, outletId: row.outlet_id });
  }
  return found;
}

// rows and their matches

/** Rows written in one statement. */
const CHUNK = 1_000;

export function* chunks<T>(all: readonly T[], size = CHUNK): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
}

export async function insertRows(
  tx: Tx,
  { merchantId, statementId, provider }: Pick<Statement, "merchantId" | "statementId" | "provider">,
  rows: readonly StatementRow[],
): Promise<void> {
  for (const chunk of chunks(rows)) {
    const json = chunk.map((row) => ({
      row_id: row.rowId,
      line: row.line,
      identity: row.identity,
      kind: row.kind,
      reference: row.reference,
      merchant_ref: row.merchantRef,
      gross: row.gross.toString(),
      fee: row.fee.toString(),
      net: row.net.toString(),
      paid_day: row.paidDay,
      paid_time: row.paidTime,
      settled_day: row.settledDay,
      raw: row.raw,
    }));
    await sql`
      insert into settlement_row (merchant_id, row_id, statement_id, provider, line, identity, kind,
             reference, merchant_ref, gross, fee, net, paid_day, paid_time, settled_day, raw)
      select ${merchantId}::uuid, row_id, ${statementId}::uuid, ${provider}, line, identity, kind, reference,
             merchant_ref, gross, fee, net, paid_day, paid_time, settled_day, raw
        from jsonb_to_recordset(${JSON.stringify(json)}::jsonb)
          as r (row_id uuid, line int, identity text, kind text, reference text, merchant_ref text,
                gross bigint, fee bigint, net bigint, paid_day date, paid_time time, settled_day date,
                raw jsonb)`.execute(tx);
  }
}

export async function insertMatches(tx: Tx, merchantId: Id, judged: readonly Judged[]): Promise<void> {
  for (const chunk of chunks(judged)) {
    const json = chunk.map(({ row, outcome, document, grossOver, feeOver }) => ({
      row_id: row.rowId,
      outcome,
      document_kind: document?.kind ?? null,
      document_id: document?.documentId ?? null,
      gross_over: grossOver.toString(),
      fee_over: feeOver.toString(),
    }));
    await sql`
      insert into settlement_match (merchant_id, row_id, outcome, document_kind, document_id, gross_over,
             fee_over)
      select ${merchantId}::uuid, m.* from jsonb_to_recordset(${JSON.stringify(json)}::jsonb)
          as m (row_id uuid, outcome text, document_kind text, document_id uuid,
                gross_over bigint, fee_over bigint)`.execute(tx);
  }
}

/** Updates the outcome of a row that was matched again. */
export async function updateMatch(
  tx: Tx,
  merchantId: Id,
  { row, outcome, document, grossOver, feeOver }: Judged,
): Promise<void> {
  await sql`
    update settlement_match
       set outcome = ${outcome}, document_kind = ${document?.kind ?? null},
           document_id = ${document?.documentId ?? null}, gross_over = ${grossOver}, fee_over = ${feeOver}
     where merchant_id = ${merchantId} and row_id = ${row.rowId}`.execute(tx);
}

type RowRecord = {
  row_id: Id;
  line: number;
  identity: string;
  kind: RowKind;
  reference: string | null;
  merchant_ref: string | null;
  gross: bigint;
  fee: bigint;
  net: bigint;
  paid_day: string;
  paid_time: string | null;
  settled_day: string | null;
  raw: Record<string, string>;
};

const ROW = sql.raw(`
  r.row_id, r.line, r.identity, r.kind, r.reference, r.merchant_ref, r.gross, r.fee, r.net, r.paid_day,
  r.paid_time, r.settled_day, r.raw`);

function toRow(row: RowRecord): StatementRow {
  return {
    rowId: row.row_id,
    line: row.line,
    identity: row.identity,
    kind: row.kind,
    reference: row.reference,
    merchantRef: row.merchant_ref,
    gross: row.gross,
    fee: row.fee,
    net: row.net,
    paidDay: row.paid_day,
    paidTime: row.paid_time,
    settledDay: row.settled_day,
    raw: row.raw,
  };
}

/** A row with its outcome and its case. */
export type ShownRow = StatementRow & {
  readonly outcome: Outcome;
  readonly documentKind: DocumentKind | null;
  readonly documentId: Id | null;
  readonly caseId: Id | null;
};

/** Rows of a statement in the order of the file, after a line. */
export async function selectShownRows(
  executor: Executor,
  merchantId: Id,
  statementId: Id,
  afterLine: number,
  limit: number,
): Promise<ShownRow[]> {
  const { rows } = await sql<
    RowRecord & {
      outcome: Outcome;
      document_kind: DocumentKind | null;
      document_id: Id | null;
      case_id: Id | null;
    }
  >`
    select ${ROW}, m.outcome, m.document_kind, m.document_id, c.case_id
      from settlement_row r
      join settlement_match m using (merchant_id, row_id)
      left join settlement_case c on c.merchant_id = r.merchant_id and c.row_id = r.row_id
     where r.merchant_id = ${merchantId} and r.statement_id = ${statementId} and r.line > ${afterLine}
     order by r.line limit ${limit}`.execute(executor);
  return rows.map((row) => ({
    ...toRow(row),
    outcome: row.outcome,
    documentKind: row.document_kind,
    documentId: row.document_id,
    caseId: row.case_id,
  }));
}

/** Rows in the order of import, with the time of each payment: noon where the file gives only the day. */
export async function selectRows(
  executor: Executor,
  merchantId: Id,
  rowIds: readonly Id[],
): Promise<Array<StatementRow & { readonly paidAt: Date }>> {
  const { rows } = await sql<RowRecord & { paid_at: Date }>`
    select ${ROW}, (r.paid_day + coalesce(r.paid_time, '12:00')) at time zone s.time_zone as paid_at
      from settlement_row r join settlement_statement s using (merchant_id, statement_id)
     where r.merchant_id = ${merchantId} and r.row_id = any (${[...rowIds]}::uuid[])
     order by r.statement_id, r.line`.execute(executor);
  return rows.map((row) => ({ ...toRow(row), paidAt: row.paid_at }));
}

/** The identities of these rows that occur in an earlier statement of the provider. */
export async function selectSeen(
  executor: Executor,
  merchantId: Id,
  provider: string,
  rows: readonly NewRow[],
): Promise<Set<string>> {
  const { rows: found } = await sql<{ identity: string }>`
    select distinct identity from settlement_row
     where merchant_id = ${merchantId} and provider = ${provider}
       and identity = any (${rows.map(({ identity }) => identity)}::text[])`.execute(executor);
  return new Set(found.map(({ identity }) => identity));
}

// our documents

type DocumentRecord = {
  kind: DocumentKind;
  document_id: Id;
  subject: string;
  refs: string[];
  merchant_refs: string[];
  gross: bigint;
  day: string;
  named: boolean;
  written_off: boolean;
};

/**
 * Selects documents that rows may refer to, or those of a range of days that no row names. The range is a day
 * wider on either side, for the time zones.
 */
type Which =
  | { readonly references: readonly string[]; readonly merchantRefs: readonly string[] }
  | { readonly from: string; readonly to: string };

/**
 * The paid payments, money in suspense, refunds and disputes of a provider, with what the ledger booked for
 * each at its clearing account. What was written off counts as zero.
 */
export async function selectDocuments(
  executor: Executor,
  merchantId: Id,
  provider: string,
  which: Which,
): Promise<Document[]> {
  const [references, merchantRefs] = "from" in which ? [[], []] : [which.references, which.merchantRefs];
  const matchesAny = (columns: readonly string[], names: readonly string[]) =>
    sql`(${sql.join(
      columns.map((column) => sql`${sql.raw(column)} = any (${[...names]}::text[])`),
      sql` or `,
    )})`;
  const among = (at: string, refs: readonly string[], ours: readonly string[]): RawBuilder<unknown> =>
    "from" in which
      ? sql`${sql.raw(at)} >= ${which.from}::date - 1 and ${sql.raw(at)} < ${which.to}::date + 2`
      : sql`(${matchesAny(refs, references)} or ${matchesAny(ours, merchantRefs)})`;
  const { rows } = await sql<DocumentRecord>`
    with documents as (
      select 'payment' as kind, p.payment_id as document_id, p.payment_id::text as subject, p.order_id,
             array_remove(array[p.reference], null) as refs,
             array_remove(
               array[p.merchant_ref, case when p.verification is not null then p.reference end],
               null) as merchant_refs,
             p.amount as gross, p.paid_at as at
        from payment p
       where p.merchant_id = ${merchantId} and p.provider = ${provider} and p.state = 'succeeded'
         and ${among("p.paid_at", ["p.reference"], ["p.merchant_ref", "p.reference"])}
         -- a payment by a printed code is owed only once it is verified
         and coalesce(p.verification, 'verified') = 'verified'
         -- for money taken out of suspense for an order, the suspense case is what is owed
         and not exists (select
                           from suspense_case c
                          where c.merchant_id = p.merchant_id and c.provider = p.provider
                            and c.reference = p.reference)
      union all
      select 'suspense', c.case_id,
             case when p.verification is null then c.provider || ':' || c.reference
                  else p.payment_id::text end,
             p.order_id,
             array_remove(
               array[c.reference, case when p.verification is not null then p.reference end],
               null),
             case when p.state <> 'succeeded' then array[p.merchant_ref] else '{}' end, c.amount, c.opened_at
        from suspense_case c
        left join payment p on p.merchant_id = c.merchant_id and p.payment_id = c.payment_id
       where c.merchant_id = ${merchantId} and c.provider = ${provider}
         and ${among("c.opened_at", ["c.reference", "p.reference"], ["p.merchant_ref"])}
         and coalesce(p.verification, 'verified') = 'verified'
      union all
      select 'refund', r.refund_id, r.refund_id::text, r.order_id,
             array_remove(array[r.reference, p.reference, c.reference], null),
             array_remove(array[r.refund_ref, p.merchant_ref], null), -r.amount, r.updated_at
        from refund r
        left join payment p on p.merchant_id = r.merchant_id and p.payment_id = r.payment_id
        left join suspense_case c on c.merchant_id = r.merchant_id and c.case_id = r.case_id
       where r.merchant_id = ${merchantId} and r.provider = ${provider} and r.state = 'succeeded'
         and r.paid_from = 'provider'
         and ${among(
           "r.updated_at",
           ["r.reference", "p.reference", "c.reference"],
           ["r.refund_ref", "p.merchant_ref"],
         )}
      union all
      select 'dispute', d.dispute_id, d.dispute_id::text, d.order_id,
             array_remove(array[d.reference, p.reference], null), array[p.merchant_ref],
             -(d.amount + d.beyond), d.opened_at
        from dispute d join payment p on p.merchant_id = d.merchant_id and p.payment_id = d.payment_id
       where d.merchant_id = ${merchantId} and d.provider = ${provider}
         and ${among("d.opened_at", ["d.reference", "p.reference"], ["p.merchant_ref"])})
    select d.kind, d.document_id, d.subject, d.refs, d.merchant_refs, d.gross,
           ${dayOf("d.at", "d.order_id")} as day,
           ${isNamed("d.document_id", merchantId)} as named,
           exists (select
                     from settlement_case x
                    where x.merchant_id = ${merchantId} and x.document_id = d.document_id
                      and x.kind = 'missing_there' and x.state = 'written_off') as written_off
      from documents d ${zoneOf(merchantId)}
     where ${"from" in which ? sql`not ${isNamed("d.document_id", merchantId)}` : sql`true`}
     order by d.at, d.document_id`.execute(executor);
  const fees = await selectTransfers(
    executor,
    merchantId,
    rows.map(({ subject }) => feeId(merchantId, subject)),
  );
  return rows.map((row) => ({
    kind: row.kind,
    documentId: row.document_id,
    references: row.refs,
    merchantRefs: row.merchant_refs,
    gross: row.written_off ? 0n : row.gross,
    fee: row.written_off ? 0n : (fees.get(feeId(merchantId, row.subject))?.amount ?? 0n),
    day: row.day,
    named: row.named,
  }));
}

function isNamed(column: string, merchantId: Id): RawBuilder<boolean> {
  return sql`
    exists (select
              from settlement_match m
             where m.merchant_id = ${merchantId} and m.document_id = ${sql.raw(column)}
               and m.outcome not in ('missing_here', 'doubled'))`;
}

/** The id of the transfer that booked a document's fee; payments post it with the collection. */
function feeId(merchantId: Id, subject: string): Id {
  return derivedAt(subject, "fee", merchantId);
}

/**
 * The day of a moment in the zone of the order's outlet, or else of the merchant's first outlet. Needs
 * `zoneOf`.
 */
export function dayOf(at: string, orderId: string): RawBuilder<string> {
  return sql`
    to_char(${sql.raw(at)} at time zone coalesce(
              (select o.time_zone
                 from sale s
                 join outlet o using (merchant_id, outlet_id)
                where s.merchant_id = home.merchant_id and s.sale_id = ${sql.raw(saleIdOf(orderId))}),
              home.time_zone),
            'YYYY-MM-DD')`;
}

/** An order of the till has the id of its sale. */
export function saleIdOf(orderId: string): string {
  return `(case when ${orderId} ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then ${orderId}::uuid end)`;
}

/** The time zone of the merchant's first outlet, as `home`. */
export function zoneOf(merchantId: Id): RawBuilder<unknown> {
  return sql`
    cross join (
      select ${merchantId}::uuid as merchant_id,
             coalesce(
               (select time_zone from outlet where merchant_id = ${merchantId} order by outlet_id limit 1),
               'Asia/Jakarta') as time_zone) home`;
}

/** The day that is `days` before today, in the zone of the merchant's first outlet. */
export async function selectDayBefore(executor: Executor, merchantId: Id, days: number): Promise<string> {
  const { rows } = await sql<{ day: string }>`
    select (now() at time zone home.time_zone)::date - ${days}::int as day
      from (select 1) one ${zoneOf(merchantId)}`.execute(executor);
  const [row] = rows;
  if (!row) throw new Error("the day could not be read");
  return row.day;
}

export type BookedTransfer = {
  readonly transferId: Id;
  readonly kind: string;
  readonly debit: Id;
  readonly credit: Id;
  readonly amount: bigint;
};

export async function selectTransfers(
  executor: Executor,
  merchantId: Id,
  ids: readonly Id[],
): Promise<Map<Id, BookedTransfer>> {
  const { rows } = await sql<{
    transfer_id: Id;
    kind: string;
    debit_account_id: Id;
    credit_account_id: Id;
    amount: bigint;
  }>`
    select transfer_id, kind, debit_account_id, credit_account_id, amount from ledger_transfer
     where merchant_id = ${merchantId} and transfer_id = any (${[...ids]}::uuid[])`.execute(executor);
  return new Map(
    rows.map((row) => [
      row.transfer_id,
      {
        transferId: row.transfer_id,
        kind: row.kind,
        debit: row.debit_account_id,
        credit: row.credit_account_id,
        amount: row.amount,
      },
    ]),
  );
}

/** The payments that rows name, in any state: name → payment. */
export async function selectNamedPayments(
  executor: Executor,
  merchantId: Id,
  provider: string,
  references: readonly string[],
  merchantRefs: readonly string[],
): Promise<Map<string, Id>> {
  const { rows } = await sql<{ payment_id: Id; reference: string | null; merchant_ref: string }>`
    select payment_id, reference, merchant_ref from payment
     where merchant_id = ${merchantId} and provider = ${provider}
       and (reference = any (${[...references]}::text[])
            or merchant_ref = any (${[...merchantRefs]}::text[]))`.execute(executor);
  return new Map(
    rows.flatMap((row) =>
      [row.merchant_ref, row.reference].flatMap((name) =>
        name === null ? [] : [[name, row.payment_id] as const],
      ),
    ),
  );
}

// cases

type CaseRecord = {
  merchant_id: Id;
  case_id: Id;
  provider: string;
  kind: CaseKind;
  statement_id: Id | null;
  row_id: Id | null;
  document_kind: DocumentKind | null;
  document_id: Id | null;
  payment_id: Id | null;
  reference: string | null;
  currency: Currency;
  gross_over: bigint;
  fee_over: bigint;
  state: CaseState;
  opened_at: Date;
};

const CASE = sql.raw(`
  c.merchant_id, c.case_id, c.provider, c.kind, c.statement_id, c.row_id, c.document_kind, c.document_id,
  c.payment_id, c.reference, c.currency, c.gross_over, c.fee_over, c.state, c.opened_at`);

function toCase(row: CaseRecord): SettlementCase {
  return {
    merchantId: row.merchant_id,
    caseId: row.case_id,
    provider: row.provider,
    kind: row.kind,
    statementId: row.statement_id,
    rowId: row.row_id,
    documentKind: row.document_kind,
    documentId: row.document_id,
    paymentId: row.payment_id,
    reference: row.reference,
    currency: row.currency,
    grossOver: row.gross_over,
    feeOver: row.fee_over,
    state: row.state,
    openedAt: row.opened_at,
  };
}

/** Opens the cases that do not exist yet. Answers the ids of those. */
export async function insertCases(
  tx: Tx,
  cases: ReadonlyArray<Omit<SettlementCase, "openedAt">>,
): Promise<Id[]> {
  const opened: Id[] = [];
  for (const chunk of chunks(cases)) {
    const json = chunk.map((settlementCase) => ({
      merchant_id: settlementCase.merchantId,
      case_id: settlementCase.caseId,
      provider: settlementCase.provider,
      kind: settlementCase.kind,
      statement_id: settlementCase.statementId,
      row_id: settlementCase.rowId,
      document_kind: settlementCase.documentKind,
      document_id: settlementCase.documentId,
      payment_id: settlementCase.paymentId,
      reference: settlementCase.reference,
      currency: settlementCase.currency,
      gross_over: settlementCase.grossOver.toString(),
      fee_over: settlementCase.feeOver.toString(),
      state: settlementCase.state,
    }));
    const { rows } = await sql<{ case_id: Id }>`
      insert into settlement_case (merchant_id, case_id, provider, kind, statement_id, row_id, document_kind,
             document_id, payment_id, reference, currency, gross_over, fee_over, state)
      select c.*
        from jsonb_to_recordset(${JSON.stringify(json)}::jsonb)
          as c (merchant_id uuid, case_id uuid, provider text, kind text, statement_id uuid, row_id uuid,
                document_kind text, document_id uuid, payment_id uuid, reference text, currency text,
                gross_over bigint, fee_over bigint, state text)
      on conflict do nothing returning case_id`.execute(tx);
    opened.push(...rows.map((row) => row.case_id));
  }
  return opened;
}

/** A case, locked until the transaction ends. */
export async function lockCase(tx: Tx, merchantId: Id, caseId: Id): Promise<SettlementCase | undefined> {
  const { rows } = await sql<CaseRecord>`
    select ${CASE}
      from settlement_case c
     where c.merchant_id = ${merchantId} and c.case_id = ${caseId} for update`.execute(tx);
  return rows[0] && toCase(rows[0]);
}

/** Open `missing_here` cases. */
export async function selectUnknown(
  executor: Executor,
  merchantId: Id,
  provider: string,
): Promise<SettlementCase[]> {
  const { rows } = await sql<CaseRecord>`
    select ${CASE} from settlement_case c
     where c.merchant_id = ${merchantId} and c.provider = ${provider} and c.kind = 'missing_here'
       and c.state = 'open'
     order by c.opened_at, c.case_id`.execute(executor);
  return rows.map(toCase);
}

/** Cases of documents that were missing in the statements and are now listed by one. */
export async function selectArrived(
  executor: Executor,
  merchantId: Id,
  provider: string,
): Promise<SettlementCase[]> {
  const { rows } = await sql<CaseRecord>`
    select ${CASE} from settlement_case c
     where c.merchant_id = ${merchantId} and c.provider = ${provider}
       and c.kind in ('missing_there', 'unverified') and c.state in ('open', 'ignored')
       and ${isNamed("c.document_id", merchantId)}
     order by c.opened_at, c.case_id`.execute(executor);
  return rows.map(toCase);
}

/** Changes a case's state, and records who decided what and why. */
export async function moveCase(
  tx: Tx,
  settlementCase: SettlementCase,
  state: CaseState,
  decision: { event: CaseEvent; staffId: Id | null; reason: string; orderId?: string | undefined },
): Promise<void> {
  await sql`
    update settlement_case
       set state = ${state}, decided_at = now()
     where merchant_id = ${settlementCase.merchantId} and case_id = ${settlementCase.caseId}`.execute(tx);
  await sql`
    insert into settlement_decision (merchant_id, case_id, step, event, staff_id, reason, order_id)
    select ${settlementCase.merchantId}, ${settlementCase.caseId}, count(*) + 1, ${decision.event},
           ${decision.staffId}, ${decision.reason}, ${decision.orderId ?? null}
      from settlement_decision
     where merchant_id = ${settlementCase.merchantId} and case_id = ${settlementCase.caseId}`.execute(tx);
}

/** Changes a case's kind: the document of its row exists now, and differs. */
export async function updateCaseKind(
  tx: Tx,
  { merchantId, caseId }: SettlementCase,
  kind: CaseKind,
  { document, grossOver, feeOver }: Judged,
): Promise<void> {
  await sql`
    update settlement_case
       set kind = ${kind}, document_kind = ${document?.kind ?? null},
           document_id = ${document?.documentId ?? null}, gross_over = ${grossOver}, fee_over = ${feeOver}
     where merchant_id = ${merchantId} and case_id = ${caseId}`.execute(tx);
}

export type Decision = {
  readonly event: CaseEvent;
  readonly staffName: string | null;
  readonly reason: string;
  readonly orderId: string | null;
  readonly decidedAt: Date;
};
export type ShownCase = SettlementCase & {
  readonly line: number | null;
  readonly decisions: readonly Decision[];
};

/** Cases, newest first, with the decisions on each; only those that an outlet may see, if one is given. */
export async function selectCases(
  executor: Executor,
  merchantId: Id,
  {
    caseId,
    state,
    statementId,
    outletId = null,
    limit,
  }: {
    caseId?: Id | undefined;
    state?: CaseState | undefined;
    statementId?: Id | undefined;
    outletId?: Id | null;
    limit: number;
  },
): Promise<ShownCase[]> {
  const { rows } = await sql<
    CaseRecord & {
      line: number | null;
      decisions: Array<{
        event: CaseEvent;
        staff_name: string | null;
        reason: string;
        order_id: string | null;
        decided_at: string;
      }>;
    }
  >`
    select ${CASE}, r.line,
           coalesce((select jsonb_agg(
                              jsonb_build_object(
                                'event', d.event, 'staff_name', s.name, 'reason', d.reason,
                                'order_id', d.order_id, 'decided_at', d.decided_at)
                              order by d.step)
                       from settlement_decision d
                       left join staff s on s.merchant_id = d.merchant_id and s.staff_id = d.staff_id
                      where d.merchant_id = c.merchant_id and d.case_id = c.case_id), '[]') as decisions
      from settlement_case c
      left join settlement_row r on r.merchant_id = c.merchant_id and r.row_id = c.row_id
     where c.merchant_id = ${merchantId}
       and (${caseId ?? null}::uuid is null or c.case_id = ${caseId ?? null})
       and (${state ?? null}::text is null or c.state = ${state ?? null})
       and (${statementId ?? null}::uuid is null or c.statement_id = ${statementId ?? null})
       and ${visibleTo("c", outletId)}
     order by c.opened_at desc, r.line, c.case_id limit ${limit}`.execute(executor);
  return rows.map((row) => ({
    ...toCase(row),
    line: row.line,
    decisions: row.decisions.map((decision) => ({
      event: decision.event,
      staffName: decision.staff_name,
      reason: decision.reason,
      orderId: decision.order_id,
      decidedAt: new Date(decision.decided_at),
    })),
  }));
}

export type SuspenseCase = {
  readonly caseId: Id;
  readonly provider: string;
  readonly reference: string;
  readonly paymentId: Id | null;
  readonly reason: string;
  readonly currency: Currency;
  readonly amount: bigint;
  readonly state: string;
  readonly openedAt: Date;
};

/** Open suspense cases, for the same list. The payments module decides on them. */
export async function selectSuspense(
  executor: Executor,
  merchantId: Id,
  outletId: Id | null,
  limit: number,
): Promise<SuspenseCase[]> {
  const { rows } = await sql<{
    case_id: Id;
    provider: string;
    reference: string;
    payment_id: Id | null;
    reason: string;
    currency: Currency;
    amount: bigint;
    state: string;
    opened_at: Date;
  }>`
    select case_id, provider, reference, payment_id, reason, currency, amount, state, opened_at
      from suspense_case c
     where merchant_id = ${merchantId} and state = 'open' and ${visibleTo("c", outletId)}
     order by opened_at desc limit ${limit}`.execute(executor);
  return rows.map((row) => ({
    caseId: row.case_id,
    provider: row.provider,
    reference: row.reference,
    paymentId: row.payment_id,
    reason: row.reason,
    currency: row.currency,
    amount: row.amount,
    state: row.state,
    openedAt: row.opened_at,
  }));
}

type Breach = { readonly rule: string; readonly subject: string; readonly detail: string };

/**
 * Statements whose sums differ from those of their rows, rows without a match or a case, and statements whose
 * state contradicts their cases.
 */
export async function selectBreaches(executor: Executor): Promise<Breach[]> {
  const { rows } = await sql<Breach>`
    select 'a statement is the sum of its rows' as rule, s.statement_id::text as subject,
           s.rows || ' rows, gross ' || s.gross || ', fee ' || s.fee || ', but '
             || count(r.row_id) || ' rows, gross ' || coalesce(sum(r.gross), 0)
             || ', fee ' || coalesce(sum(r.fee), 0) as detail
      from settlement_statement s left join settlement_row r using (merchant_id, statement_id)
     group by s.merchant_id, s.statement_id
    having s.rows <> count(r.row_id) or s.gross <> coalesce(sum(r.gross), 0)
        or s.fee <> coalesce(sum(r.fee), 0)
    union all
    select 'every row is matched or has a case', r.row_id::text, coalesce(m.outcome, 'neither')
      from settlement_row r
      left join settlement_match m using (merchant_id, row_id)
      left join settlement_case c on c.merchant_id = r.merchant_id and c.row_id = r.row_id
     where m.row_id is null or (m.outcome <> 'matched' and c.case_id is null)
    union all
    select 'a settled statement has no open case', s.statement_id::text, s.state
      from settlement_statement s
     where (s.state = 'open') <> exists (
             select
               from settlement_case c
              where c.merchant_id = s.merchant_id and c.statement_id = s.statement_id and c.state = 'open')
    limit 100`.execute(executor);
  return rows;
}
