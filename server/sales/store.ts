import type { Currency, Id } from "@onegate/contract";
import { sql } from "kysely";
import type { Executor, Tx } from "../kernel/index.ts";
import type { Outlet } from "../identity/index.ts";
import type { Oversold, Sale, SaleState } from "./sale.ts";

type SaleRow = {
  sale_id: Id;
  outlet_id: Id;
  staff_name: string;
  state: SaleState;
  receipt_number: string | null;
  currency: Currency;
  subtotal: bigint;
  tax: bigint;
  total: bigint;
  rounding: bigint;
  tendered: bigint | null;
  refunded: bigint;
  business_date: string;
  created_at: Date;
  paid_at: Date | null;
  oversold: ReadonlyArray<{ product_id: Id; on_hand: number }> | null;
  lines: ReadonlyArray<{
    product_id: Id;
    name: string;
    quantity: number;
    /** Text: JSON has no bigint. */
    unit_price: string;
  }>;
};

/** Includes the lines, so that a sale is read by one statement. */
const COLUMNS = sql.raw(
  "s.sale_id, s.outlet_id, f.name as staff_name, s.state, s.receipt_number, s.currency, s.subtotal, s.tax, " +
    "s.total, s.rounding, s.tendered, s.refunded, s.business_date, s.created_at, s.paid_at, s.oversold, " +
    "(select coalesce(jsonb_agg(jsonb_build_object('product_id', l.product_id, 'name', l.name, " +
    "'quantity', l.quantity, 'unit_price', l.unit_price::text) order by l.line), '[]') " +
    "from sale_line l where l.merchant_id = s.merchant_id and l.sale_id = s.sale_id) as lines",
);

function toSale(merchantId: Id, row: SaleRow): Sale {
  return {
    merchantId,
    saleId: row.sale_id,
    outletId: row.outlet_id,
    staffName: row.staff_name,
    state: row.state,
    receiptNumber: row.receipt_number,
    currency: row.currency,
    subtotal: row.subtotal,
    tax: row.tax,
    total: row.total,
    rounding: row.rounding,
    tendered: row.tendered,
    refunded: row.refunded,
    businessDate: row.business_date,
    createdAt: row.created_at,
    paidAt: row.paid_at,
    oversold: (row.oversold ?? []).map((level) => ({ productId: level.product_id, onHand: level.on_hand })),
    lines: row.lines.map(({ product_id: productId, name, quantity, unit_price: price }) => ({
      productId,
      name,
      quantity,
      unitPrice: BigInt(price),
    })),
  };
}

export async function selectSale(
  executor: Executor,
  merchantId: Id,
  saleId: Id,
  lock: "" | "for update of s" = "",
): Promise<Sale | undefined> {
  const { rows } = await sql<SaleRow>`
    select ${COLUMNS} from sale s join staff f using (merchant_id, staff_id)
     where s.merchant_id = ${merchantId} and s.sale_id = ${saleId} ${sql.raw(lock)}`.execute(executor);
  return rows[0] && toSale(merchantId, rows[0]);
}

/** The newest sales of an outlet. */
export async function selectRecentSales(
  executor: Executor,
  merchantId: Id,
  outletId: Id,
  limit: number,
): Promise<Sale[]> {
  const { rows } = await sql<SaleRow>`
    select ${COLUMNS} from sale s join staff f using (merchant_id, staff_id)
     where s.merchant_id = ${merchantId} and s.outlet_id = ${outletId}
     order by s.created_at desc limit ${limit}`.execute(executor);
  return rows.map((row) => toSale(merchantId, row));
}

export type NewSale = Omit<
  Sale,
  "staffName" | "receiptNumber" | "createdAt" | "paidAt" | "state" | "refunded" | "businessDate" | "oversold"
> & { readonly staffId: Id };

/** SQL for the current business day of an outlet. It begins at the outlet's cut-off, in its time zone. */
function businessDate({ timeZone, dayBegins }: Pick<Outlet, "timeZone" | "dayBegins">) {
  return sql`((now() at time zone ${timeZone}) - ${dayBegins}::time::interval)::date`;
}

/** The current business day and hour at an outlet. */
export async function selectMoment(
  executor: Executor,
  outlet: Pick<Outlet, "timeZone" | "dayBegins">,
): Promise<{ businessDate: string; hour: number }> {
  const { rows } = await sql<{ business_date: string; hour: number }>`
    select ${businessDate(outlet)} as business_date,
           extract(hour from now() at time zone ${outlet.timeZone})::int as hour`.execute(executor);
  const [row] = rows;
  if (!row) throw new Error("the business day was not returned");
  return { businessDate: row.business_date, hour: row.hour };
}

/** The hour of a time at an outlet. */
export async function selectHour(
  executor: Executor,
  { timeZone }: Pick<Outlet, "timeZone">,
  at: Date,
): Promise<number> {
  const { rows } = await sql<{ hour: number }>`
    select extract(hour from ${at}::timestamptz at time zone ${timeZone})::int as hour`.execute(executor);
  return rows[0]?.hour ?? 0;
}

/** Inserts a sale and its lines; false if the id is taken (then see `selectTaken`). */
export async function insertSale(
  tx: Tx,
  sale: NewSale,
  outlet: Outlet,
  requestHash: Buffer,
): Promise<boolean> {
  const { rows } = await sql`
    insert into sale (merchant_id, sale_id, outlet_id, staff_id, request_hash, state, business_date, currency,
      subtotal, tax, total, rounding, tendered)
    values (${sale.merchantId}, ${sale.saleId}, ${sale.outletId}, ${sale.staffId}, ${requestHash}, 'waiting',
      ${businessDate(outlet)}, ${sale.currency}, ${sale.subtotal}, ${sale.tax}, ${sale.total},
      ${sale.rounding}, ${sale.tendered})
    on conflict do nothing returning sale_id`.execute(tx);
  if (rows.length === 0) return false;
  await sql`
    insert into sale_line (merchant_id, sale_id, line, product_id, name, quantity, unit_price)
    select ${sale.merchantId}::uuid, ${sale.saleId}::uuid, u.line, u.product, u.name, u.quantity, u.price
      from unnest(${sale.lines.map(({ productId }) => productId)}::uuid[],
                  ${sale.lines.map(({ name }) => name)}::text[],
                  ${sale.lines.map(({ quantity }) => quantity)}::int[],
                  ${sale.lines.map(({ unitPrice }) => unitPrice.toString())}::bigint[])
           with ordinality as u (product, name, quantity, price, line)`.execute(tx);
  return true;
}

/** The outlet at which a sale was taken, and the hash of its request. */
export async function selectTaken(
  executor: Executor,
  merchantId: Id,
  saleId: Id,
): Promise<{ outletId: Id; requestHash: Buffer } | undefined> {
  const { rows } = await sql<{ outlet_id: Id; request_hash: Buffer }>`
    select outlet_id, request_hash from sale
     where merchant_id = ${merchantId} and sale_id = ${saleId}`.execute(executor);
  return rows[0] && { outletId: rows[0].outlet_id, requestHash: rows[0].request_hash };
}

/**
 * The next receipt number of the outlet's business day, for example `KS1-261121-0007`. The counter's row is
 * locked until the commit.
 */
export async function nextReceiptNumber(
  tx: Tx,
  outlet: Outlet,
): Promise<{ receiptNumber: string; businessDate: string; hour: number }> {
  const { rows } = await sql<{ last: number; business_date: string; hour: number }>`
    insert into receipt_counter as r (merchant_id, outlet_id, business_date, last)
    values (${outlet.merchantId}, ${outlet.outletId}, ${businessDate(outlet)}, 1)
    on conflict (merchant_id, outlet_id, business_date) do update set last = r.last + 1
    returning last, business_date,
              extract(hour from now() at time zone ${outlet.timeZone})::int as hour`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error("the receipt counter returned no row");
  const day = row.business_date.replaceAll("-", "").slice(2);
  return {
    receiptNumber: `${outlet.receiptCode}-${day}-${String(row.last).padStart(4, "0")}`,
    businessDate: row.business_date,
    hour: row.hour,
  };
}

export async function markPaid(
  tx: Tx,
  sale: Pick<Sale, "merchantId" | "saleId">,
  receiptNumber: string,
  businessDay: string,
  oversold: readonly Oversold[],
): Promise<void> {
  const below = oversold.map(({ productId, onHand }) => ({ product_id: productId, on_hand: onHand }));
  await sql`
    update sale set state = 'paid', receipt_number = ${receiptNumber}, business_date = ${businessDay},
           paid_at = now(),
           oversold = ${below.length === 0 ? null : JSON.stringify(below)}::jsonb
     where merchant_id = ${sale.merchantId} and sale_id = ${sale.saleId}`.execute(tx);
}

export async function markState(
  tx: Tx,
  sale: Pick<Sale, "merchantId" | "saleId">,
  state: SaleState,
): Promise<void> {
  await sql`
    update sale set state = ${state}
     where merchant_id = ${sale.merchantId} and sale_id = ${sale.saleId}`.execute(tx);
}

/** Adds to the refunded amount of a sale; returns the amount before it, in minor units. */
export async function markRefunded(
  tx: Tx,
  { merchantId, saleId }: Pick<Sale, "merchantId" | "saleId">,
  amount: bigint,
): Promise<bigint> {
  const { rows } = await sql<{ before: bigint }>`
    update sale set refunded = refunded + ${amount}
     where merchant_id = ${merchantId} and sale_id = ${saleId}
    returning refunded - ${amount}::bigint as before`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error("the refunded sale was not found");
  return row.before;
}

type Breach = { readonly rule: string; readonly subject: string; readonly detail: string };

/** Sales that contradict their events, returns or refunds. Events are kept for 30 days. */
export async function selectBreaches(executor: Executor): Promise<Breach[]> {
  const { rows } = await sql<Breach>`
    select 'every event has its fact' as rule, e.subject,
           'sale.paid, but the sale is ' || coalesce(s.state, 'missing') as detail
      from outbox_event e
      left join sale s on s.merchant_id = e.merchant_id and s.sale_id::text = e.subject
     where e.topic = 'sale.paid' and s.state is distinct from 'paid'
    union all
    select 'every fact has its event', s.sale_id::text, 'paid, but never announced'
      from sale s
      left join outbox_event e
        on e.merchant_id = s.merchant_id and e.topic = 'sale.paid' and e.subject = s.sale_id::text
     where s.state = 'paid' and s.paid_at > now() - interval '29 days' and e.subject is null
    union all
    select 'no more of a line is returned than was sold', l.sale_id || ' line ' || l.line,
           'sold ' || l.quantity || ', returned ' || r.sum
      from sale_line l
      join (select merchant_id, sale_id, line, sum(quantity) from sale_return_line
             group by 1, 2, 3) r using (merchant_id, sale_id, line)
     where r.sum > l.quantity
    union all
    select 'what a sale took back is what was given back of it', s.sale_id::text,
           'the sale says ' || s.refunded || ', its refunds ' || coalesce(r.sum, 0)
      from sale s
      left join (select p.merchant_id, p.order_id, sum(r.amount) from payment p
                   join refund r using (merchant_id, payment_id)
                  where r.state = 'succeeded'
                  group by 1, 2) r
        on r.merchant_id = s.merchant_id and r.order_id = s.sale_id::text
     where s.state = 'paid' and s.refunded <> coalesce(r.sum, 0)
    limit 100`.execute(executor);
  return rows;
}
