import type { Id } from "@onegate/contract";
import { sql } from "kysely";
import type { Executor, Tx } from "../kernel/index.ts";
import type { ReturnLine, TakenBack } from "./return-sum.ts";

/** A return of a sale at the till. */
export type SaleReturn = {
  readonly merchantId: Id;
  readonly returnId: Id;
  readonly saleId: Id;
  readonly kind: "refund" | "void";
  /** Minor units of the sale's currency. */
  readonly amount: bigint;
  readonly reason: string;
  readonly restock: boolean;
  readonly businessDate: string;
  readonly returnedBy: string;
  readonly approvedBy: string | null;
  readonly returnedAt: Date;
  readonly lines: readonly ReturnLine[];
};

/**
 * Inserts a return; false if its id is taken. `returnedBy` and `approvedBy` are ids here; where a return is
 * read, they are names.
 */
export async function insertReturn(
  tx: Tx,
  {
    merchantId,
    returnId,
    saleId,
    kind,
    amount,
    reason,
    restock,
    businessDate,
    returnedBy,
    approvedBy,
    lines,
  }: Omit<SaleReturn, "returnedAt">,
): Promise<boolean> {
  const { rows } = await sql`
    insert into sale_return (merchant_id, return_id, sale_id, kind, amount, reason, restock, business_date,
      returned_by, approved_by)
    values (${merchantId}, ${returnId}, ${saleId}, ${kind}, ${amount}, ${reason}, ${restock}, ${businessDate},
      ${returnedBy}, ${approvedBy})
    on conflict do nothing
    returning return_id`.execute(tx);
  if (rows.length === 0) return false;
  await sql`
    insert into sale_return_line (merchant_id, return_id, sale_id, line, quantity)
    select ${merchantId}::uuid, ${returnId}::uuid, ${saleId}::uuid, u.line, u.quantity
      from unnest(${lines.map(({ line }) => line)}::int[], ${lines.map(({ quantity }) => quantity)}::int[])
             as u (line, quantity)`.execute(tx);
  return true;
}

export async function selectTakenBack(executor: Executor, merchantId: Id, saleId: Id): Promise<TakenBack> {
  const { rows: lines } = await sql<{ line: number; quantity: number }>`
    select line, sum(quantity)::int as quantity from sale_return_line
     where merchant_id = ${merchantId} and sale_id = ${saleId}
     group by line`.execute(executor);
  const { rows: sums } = await sql<{ given: bigint }>`
    select coalesce(sum(amount), 0)::bigint as given from sale_return
     where merchant_id = ${merchantId} and sale_id = ${saleId}`.execute(executor);
  return {
    quantities: new Map(lines.map(({ line, quantity }) => [line, quantity])),
    given: sums[0]?.given ?? 0n,
  };
}

/** The returns of sales, oldest first. */
export async function selectReturns(
  executor: Executor,
  merchantId: Id,
  saleIds: readonly Id[],
): Promise<SaleReturn[]> {
  const { rows } = await sql<{
    return_id: Id;
    sale_id: Id;
    kind: SaleReturn["kind"];
    amount: bigint;
    reason: string;
    restock: boolean;
    business_date: string;
    returned_by: string;
    approved_by: string | null;
    returned_at: Date;
    lines: ReturnLine[];
  }>`
    select r.return_id, r.sale_id, r.kind, r.amount, r.reason, r.restock, r.business_date,
           s.name as returned_by, a.name as approved_by, r.returned_at,
           coalesce((select jsonb_agg(
                              jsonb_build_object('line', l.line, 'quantity', l.quantity) order by l.line)
                       from sale_return_line l
                      where l.merchant_id = r.merchant_id and l.return_id = r.return_id), '[]') as lines
      from sale_return r
      join staff s on s.merchant_id = r.merchant_id and s.staff_id = r.returned_by
      left join staff a on a.merchant_id = r.merchant_id and a.staff_id = r.approved_by
     where r.merchant_id = ${merchantId} and r.sale_id = any (${[...saleIds]}::uuid[])
     order by r.returned_at, r.return_id`.execute(executor);
  return rows.map((row) => ({
    merchantId,
    returnId: row.return_id,
    saleId: row.sale_id,
    kind: row.kind,
    amount: row.amount,
    reason: row.reason,
    restock: row.restock,
    businessDate: row.business_date,
    returnedBy: row.returned_by,
    approvedBy: row.approved_by,
    returnedAt: row.returned_at,
    lines: row.lines,
  }));
}
