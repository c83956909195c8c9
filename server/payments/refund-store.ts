import { money, type Currency, type Id } from "@onegate/contract";
import { sql } from "kysely";
import type { Executor, Tx } from "../kernel/index.ts";
import type { Refund, RefundState } from "./refund.ts";

type RefundRow = {
  merchant_id: Id;
  refund_id: Id;
  payment_id: Id | null;
  case_id: Id | null;
  order_id: string | null;
  provider: string;
  refund_ref: string;
  reference: string | null;
  currency: Currency;
  amount: bigint;
  state: RefundState;
  reason: string;
  requested_by: string;
  paid_from: Refund["paidFrom"];
  decided_by: string | null;
  note: string | null;
  return_id: Id | null;
  outlet_id: Id | null;
  created_at: Date;
};

const COLUMN_NAMES = [
  "merchant_id",
  "refund_id",
  "payment_id",
  "case_id",
  "order_id",
  "provider",
  "refund_ref",
  "reference",
  "currency",
  "amount",
  "state",
  "reason",
  "requested_by",
  "paid_from",
  "decided_by",
  "note",
  "return_id",
  "outlet_id",
  "created_at",
];
const COLUMNS = sql.raw(COLUMN_NAMES.join(", "));

function toRefund(row: RefundRow): Refund {
  return {
    merchantId: row.merchant_id,
    refundId: row.refund_id,
    paymentId: row.payment_id,
    caseId: row.case_id,
    orderId: row.order_id,
    provider: row.provider,
    refundRef: row.refund_ref,
    reference: row.reference,
    amount: money(row.amount, row.currency),
    state: row.state,
    reason: row.reason,
    requestedBy: row.requested_by,
    paidFrom: row.paid_from,
    decidedBy: row.decided_by,
    note: row.note,
    returnId: row.return_id,
    outletId: row.outlet_id,
    createdAt: row.created_at,
  };
}

export type NewRefund = Omit<
  Refund,
  "createdAt" | "reference" | "note" | "paidFrom" | "decidedBy" | "returnId" | "outletId"
> &
  Partial<Pick<Refund, "returnId" | "outletId">>;

/** What becomes known about a refund as its state changes. */
export type RefundFacts = {
  readonly reference?: string | null;
  readonly note?: string;
  readonly paidFrom?: Refund["paidFrom"];
  readonly by?: string;
};

export async function insertRefund(tx: Tx, refund: NewRefund): Promise<Refund> {
  const { rows } = await sql<RefundRow>`
    insert into refund (merchant_id, refund_id, payment_id, case_id, order_id, provider, refund_ref, currency,
      amount, state, reason, requested_by, return_id, outlet_id)
    values (${refund.merchantId}, ${refund.refundId}, ${refund.paymentId}, ${refund.caseId},
      ${refund.orderId}, ${refund.provider}, ${refund.refundRef}, ${refund.amount.currency},
      ${refund.amount.minor}, ${refund.state}, ${refund.reason.slice(0, 200)}, ${refund.requestedBy},
      ${refund.returnId ?? null}, ${refund.outletId ?? null})
    returning ${COLUMNS}`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error("the inserted refund was not returned");
  return toRefund(row);
}

/** Selects a refund. With `lock`, its row is locked until the transaction ends. */
export async function selectRefund(
  executor: Executor,
  merchantId: Id,
  refundId: Id,
  lock = false,
): Promise<Refund | undefined> {
  const { rows } = await sql<RefundRow>`
    select ${COLUMNS} from refund
     where merchant_id = ${merchantId} and refund_id = ${refundId}
     ${lock ? sql`for update` : sql``}`.execute(executor);
  return rows[0] && toRefund(rows[0]);
}

/** The amount refunded of an order's payments so far, in minor units. */
export async function selectRefundedSum(
  executor: Executor,
  merchantId: Id,
  orderId: string,
): Promise<bigint> {
  const { rows } = await sql<{ sum: bigint }>`
    select coalesce(sum(r.amount), 0)::bigint as sum
      from payment p
      join refund r
        on r.merchant_id = p.merchant_id and r.payment_id = p.payment_id and r.state = 'succeeded'
     where p.merchant_id = ${merchantId} and p.order_id = ${orderId}`.execute(executor);
  return rows[0]?.sum ?? 0n;
}

/** Succeeded refunds of an order's payments, oldest first. */
export async function selectDoneRefunds(
  executor: Executor,
  merchantId: Id,
  orderId: string,
): Promise<Refund[]> {
  const { rows } = await sql<RefundRow>`
    select ${COLUMNS} from refund
     where merchant_id = ${merchantId} and state = 'succeeded'
       and payment_id in (
         select payment_id from payment where merchant_id = ${merchantId} and order_id = ${orderId})
     order by created_at, refund_id`.execute(executor);
  return rows.map(toRefund);
}

/** Refunds of a payment, oldest first. */
export async function selectRefunds(executor: Executor, merchantId: Id, paymentId: Id): Promise<Refund[]> {
  const { rows } = await sql<RefundRow>`
    select ${COLUMNS} from refund
     where merchant_id = ${merchantId} and payment_id = ${paymentId}
     order by created_at, refund_id`.execute(executor);
  return rows.map(toRefund);
}

/** Refunds that were requested by returns of sales, oldest first. */
export async function selectRefundsOfReturns(
  executor: Executor,
  merchantId: Id,
  returnIds: readonly Id[],
): Promise<Array<Refund & { readonly method: string }>> {
  const { rows } = await sql<RefundRow & { method: string }>`
    select ${sql.raw(COLUMN_NAMES.map((name) => `r.${name}`).join(", "))}, p.method
      from refund r
      join payment p using (merchant_id, payment_id)
     where r.merchant_id = ${merchantId} and r.return_id = any (${[...returnIds]}::uuid[])
     order by r.created_at, r.refund_id`.execute(executor);
  return rows.map((row) => ({ ...toRefund(row), method: row.method }));
}

export async function updateRefund(
  tx: Tx,
  { merchantId, refundId }: Refund,
  state: RefundState,
  facts: RefundFacts = {},
): Promise<Refund> {
  const { rows } = await sql<RefundRow>`
    update refund set state = ${state},
           reference = coalesce(${facts.reference ?? null}, reference),
           note = coalesce(${facts.note?.slice(0, 300) ?? null}, note),
           paid_from = coalesce(${facts.paidFrom ?? null}, paid_from),
           decided_by = coalesce(${facts.by ?? null}, decided_by),
           updated_at = now()
     where merchant_id = ${merchantId} and refund_id = ${refundId}
    returning ${COLUMNS}`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error("the updated refund was not returned");
  return toRefund(row);
}

/** At most 200 open refunds that have not changed for two minutes, oldest first. */
export async function selectForgottenRefunds(
  executor: Executor,
): Promise<Array<{ merchantId: Id; refundId: Id }>> {
  const { rows } = await sql<{ merchant_id: Id; refund_id: Id }>`
    select merchant_id, refund_id from refund
     where state in ('created', 'pending', 'unknown') and updated_at < now() - interval '2 minutes'
     order by updated_at limit 200`.execute(executor);
  return rows.map((row) => ({ merchantId: row.merchant_id, refundId: row.refund_id }));
}
