import { money, type Currency, type Id } from "@onegate/contract";
import { sql } from "kysely";
import type { Executor, Tx } from "../kernel/index.ts";
import type { Dispute, DisputeState } from "./dispute.ts";
import { visibleTo } from "./store.ts";

type DisputeRow = {
  merchant_id: Id;
  dispute_id: Id;
  payment_id: Id;
  order_id: string;
  case_id: Id | null;
  provider: string;
  reference: string;
  currency: Currency;
  amount: bigint;
  beyond: bigint;
  fee: bigint;
  state: DisputeState;
  reason: string;
  evidence_until: Date | null;
  note: string | null;
  decided_by: string | null;
  opened_at: Date;
  decided_at: Date | null;
};

const COLUMNS = sql.raw(
  "merchant_id, dispute_id, payment_id, order_id, case_id, provider, reference, currency, amount, beyond, " +
    "fee, state, reason, evidence_until, note, decided_by, opened_at, decided_at",
);

function toDispute(row: DisputeRow): Dispute {
  return {
    merchantId: row.merchant_id,
    disputeId: row.dispute_id,
    paymentId: row.payment_id,
    orderId: row.order_id,
    caseId: row.case_id,
    provider: row.provider,
    reference: row.reference,
    amount: money(row.amount, row.currency),
    beyond: row.beyond,
    fee: row.fee,
    state: row.state,
    reason: row.reason,
    evidenceUntil: row.evidence_until,
    note: row.note,
    decidedBy: row.decided_by,
    openedAt: row.opened_at,
    decidedAt: row.decided_at,
  };
}

export type NewDispute = Pick<
  Dispute,
  | "merchantId"
  | "disputeId"
  | "paymentId"
  | "orderId"
  | "caseId"
  | "provider"
  | "reference"
  | "amount"
  | "beyond"
  | "reason"
>;

/** Inserts a dispute; undefined if its provider reported it before. */
export async function insertDispute(tx: Tx, dispute: NewDispute): Promise<Dispute | undefined> {
  const { rows } = await sql<DisputeRow>`
    insert into dispute (merchant_id, dispute_id, payment_id, order_id, case_id, provider, reference,
      currency, amount, beyond, reason)
    values (${dispute.merchantId}, ${dispute.disputeId}, ${dispute.paymentId}, ${dispute.orderId},
      ${dispute.caseId}, ${dispute.provider}, ${dispute.reference}, ${dispute.amount.currency},
      ${dispute.amount.minor}, ${dispute.beyond}, ${dispute.reason.slice(0, 200)})
    on conflict do nothing
    returning ${COLUMNS}`.execute(tx);
  return rows[0] && toDispute(rows[0]);
}

/** Selects a dispute, unless its payment belongs to another outlet than the given one. */
export async function selectVisibleDispute(
  executor: Executor,
  merchantId: Id,
  disputeId: Id,
  outletId: Id | null,
): Promise<Dispute | undefined> {
  const { rows } = await sql<DisputeRow>`
    select ${COLUMNS} from dispute d
     where merchant_id = ${merchantId} and dispute_id = ${disputeId} and ${visibleTo("d", outletId)}`.execute(
    executor,
  );
  return rows[0] && toDispute(rows[0]);
}

/** Selects a dispute. With `lock`, its row is locked until the transaction ends. */
export async function selectDispute(
  executor: Executor,
  merchantId: Id,
  disputeId: Id,
  lock = false,
): Promise<Dispute | undefined> {
  const { rows } = await sql<DisputeRow>`
    select ${COLUMNS} from dispute
     where merchant_id = ${merchantId} and dispute_id = ${disputeId}
     ${lock ? sql`for update` : sql``}`.execute(executor);
  return rows[0] && toDispute(rows[0]);
}

/** Disputes of a payment, oldest first. */
export async function selectDisputesOf(
  executor: Executor,
  merchantId: Id,
  paymentId: Id,
): Promise<Dispute[]> {
  const { rows } = await sql<DisputeRow>`
    select ${COLUMNS} from dispute
     where merchant_id = ${merchantId} and payment_id = ${paymentId}
     order by opened_at, dispute_id`.execute(executor);
  return rows.map(toDispute);
}

/** Disputes, oldest first: in a state if one is given, and visible to an outlet if one is given. */
export async function selectDisputes(
  executor: Executor,
  merchantId: Id,
  { state, outletId }: { state: DisputeState | undefined; outletId: Id | null },
  limit: number,
): Promise<Dispute[]> {
  const { rows } = await sql<DisputeRow>`
    select ${COLUMNS} from dispute d
     where merchant_id = ${merchantId} and (${state ?? null}::text is null or state = ${state ?? null})
       and ${visibleTo("d", outletId)}
     order by opened_at, dispute_id limit ${limit}`.execute(executor);
  return rows.map(toDispute);
}

/** Those of the orders that have a dispute which is not won. */
export async function selectDisputedOrders(
  executor: Executor,
  merchantId: Id,
  orderIds: readonly string[],
): Promise<Set<string>> {
  const { rows } = await sql<{ order_id: string }>`
    select distinct order_id from dispute
     where merchant_id = ${merchantId} and order_id = any (${[...orderIds]}::text[])
       and state <> 'won'`.execute(executor);
  return new Set(rows.map((row) => row.order_id));
}

export async function updateDispute(
  tx: Tx,
  { merchantId, disputeId }: Dispute,
  state: DisputeState,
  { fee, note, by }: { fee: bigint; note: string; by: string },
): Promise<Dispute> {
  const { rows } = await sql<DisputeRow>`
    update dispute set state = ${state}, fee = ${fee}, note = ${note.slice(0, 300)}, decided_by = ${by},
           decided_at = now()
     where merchant_id = ${merchantId} and dispute_id = ${disputeId}
    returning ${COLUMNS}`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error("the updated dispute was not returned");
  return toDispute(row);
}

/** Saves the deadline for evidence; undefined if no such dispute is open. */
export async function updateDeadline(
  executor: Executor,
  merchantId: Id,
  disputeId: Id,
  until: Date,
): Promise<Dispute | undefined> {
  const { rows } = await sql<DisputeRow>`
    update dispute set evidence_until = ${until}
     where merchant_id = ${merchantId} and dispute_id = ${disputeId} and state = 'opened'
    returning ${COLUMNS}`.execute(executor);
  return rows[0] && toDispute(rows[0]);
}
