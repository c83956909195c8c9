import type { Id } from "@onegate/contract";
import { sql } from "kysely";
import { DEMO_MERCHANT, DEMO_OUTLET } from "../server/demo/index.ts";
import { accountId, CHART, drawerCode } from "../server/ledger/index.ts";
import type { KnownSale, Stage } from "./stage.ts";

type SaleRow = {
  id: Id;
  state: string;
  receipt: string | null;
  day: string;
  succeeded: bigint;
  cash: boolean;
  refunded: bigint;
  /** What was really refunded. */
  back: bigint;
};
type PaidPayment = { readonly order: string; readonly minor: bigint; readonly back: bigint };
/** A paid sale: what its cashier knows of it, and what the books say. */
type PaidSale = KnownSale & Pick<SaleRow, "id" | "cash" | "back" | "refunded">;

/** Compares sales, receipts, stock and the shop's books with what the cashiers rang up. */
export async function auditSales(stage: Stage): Promise<void> {
  const { world, auditor, orders } = stage;
  const { rows: sales } = await sql<Omit<SaleRow, "succeeded" | "back">>`
    select sale_id as id, state, receipt_number as receipt, business_date as day,
           tendered is not null as cash, refunded
      from sale where merchant_id = ${DEMO_MERCHANT}`.execute(world.eye);
  const paid = await readPaid(world.eye);
  const paidFor = Map.groupBy(paid, ({ order }) => order);
  const rows = sales.map((sale): SaleRow => {
    const own = paidFor.get(sale.id) ?? [];
    return {
      ...sale,
      succeeded: own.reduce((sum, { minor }) => sum + minor, 0n),
      back: own.reduce((sum, { back }) => sum + back, 0n),
    };
  });
  const known = new Map(orders.flatMap(({ orderId, sale }) => (sale ? [[orderId, sale] as const] : [])));
  for (const row of rows) {
    const sale = known.get(row.id);
    const whole = sale ? sale.total + sale.rounding : 0n;
    auditor.expect(
      "sale",
      (row.state === "paid") === (row.succeeded === whole),
      () => `${row.id} of ${whole} is ${row.state} with ${row.succeeded} paid`,
    );
    auditor.expect(
      "receipts",
      (row.receipt !== null) === (row.state === "paid"),
      () => `${row.id} is ${row.state} with receipt ${row.receipt}`,
    );
    auditor.expect("unasked", known.has(row.id), () => `sale ${row.id}`);
  }
  const there = new Map(rows.map((row) => [row.id, row]));
  for (const [id, { receipt }] of known) {
    const found = there.get(id)?.receipt;
    auditor.expect(
      "acknowledged",
      receipt === null || found === receipt,
      () => `a cashier has receipt ${receipt} of ${id}; the shop has ${found}`,
    );
  }
  receiptsAreConsecutive(stage, rows);
  const paidSales = rows
    .filter(({ state }) => state === "paid")
    .flatMap((row) => (known.has(row.id) ? [{ ...known.get(row.id)!, ...row }] : []));
  await booksMatch(stage, paidSales, paid);
  await stockMatches(stage, paidSales);
}

/**
 * Succeeded payments and the refunds of each. They are joined here, because the tables have no statistics yet
 * and a plan made without them is quadratic.
 */
async function readPaid(eye: Stage["world"]["eye"]): Promise<PaidPayment[]> {
  const { rows: refunds } = await sql<{ payment: Id; minor: bigint }>`
    select payment_id as payment, amount as minor from refund
     where merchant_id = ${DEMO_MERCHANT} and state = 'succeeded' and payment_id is not null`.execute(eye);
  const back = new Map<Id, bigint>();
  for (const { payment, minor } of refunds) back.set(payment, (back.get(payment) ?? 0n) + minor);
  const { rows: payments } = await sql<{ id: Id; order: string; minor: bigint }>`
    select payment_id as id, order_id as order, amount as minor
      from payment where merchant_id = ${DEMO_MERCHANT} and state = 'succeeded'`.execute(eye);
  return payments.map(({ id, order, minor }) => ({ order, minor, back: back.get(id) ?? 0n }));
}

function receiptsAreConsecutive({ auditor }: Stage, rows: readonly SaleRow[]): void {
  for (const [day, sales] of Map.groupBy(
    rows.filter(({ receipt }) => receipt !== null),
    ({ day }) => day,
  )) {
    const numbers = sales.map(({ receipt }) => Number(receipt?.slice(-4))).sort((a, b) => a - b);
    auditor.expect(
      "receipts",
      numbers.every((number, index) => number === index + 1),
      () => `${day}: ${numbers.join(" ")}`,
    );
  }
}

async function booksMatch(
  { world, auditor }: Stage,
  paid: readonly PaidSale[],
  payments: readonly PaidPayment[],
): Promise<void> {
  const sum = (part: (sale: PaidSale) => bigint) => paid.reduce((total, sale) => total + part(sale), 0n);
  const recognised = new Set<string>(paid.map(({ id }) => id));
  const unrecognised = payments.reduce(
    (total, { order, minor, back }) => total + (recognised.has(order) ? 0n : minor - back),
    0n,
  );
  for (const sale of paid)
    auditor.equal("takenBack", `refunded of sale ${sale.id}`, sale.refunded, sale.back);
  // the tax in the refunded amount, rounded down to the sen; for a sale refunded in full, all of its tax
  const taxBack = ({ tax, back, total, rounding }: PaidSale) =>
    back === total + rounding ? tax : (tax * back - ((tax * back) % (total + rounding))) / (total + rounding);
  auditor.equal("takenBack", "tax taken back", await takenBack(world.eye, "tax_return"), sum(taxBack));
  auditor.equal(
    "takenBack",
    "revenue taken back",
    await takenBack(world.eye, "sale_return"),
    sum((sale) => sale.back - taxBack(sale)),
  );
  const expected = new Map<string, bigint>([
    [CHART.sales, sum((sale) => sale.total - sale.tax - sale.back + taxBack(sale))],
    [CHART.tax, sum((sale) => sale.tax - taxBack(sale))],
    [CHART.rounding, sum(({ rounding }) => rounding)],
    [drawerCode(DEMO_OUTLET), -sum(({ total, rounding, cash }) => (cash ? total + rounding : 0n))],
    [CHART.received, unrecognised],
  ]);
  for (const [code, minor] of expected) {
    const { rows } = await sql<{ posted: bigint }>`
      select posted from ledger_balance
       where merchant_id = ${DEMO_MERCHANT} and account_id = ${accountId(DEMO_MERCHANT, code)}`.execute(
      world.eye,
    );
    auditor.equal("revenue", code, rows[0]?.posted, minor);
  }
}

/** What sales took back in total, by the kind of posting. */
async function takenBack(eye: Stage["world"]["eye"], kind: string): Promise<bigint> {
  const { rows } = await sql<{ sum: bigint }>`
    select coalesce(sum(amount), 0)::bigint as sum from ledger_transfer
     where merchant_id = ${DEMO_MERCHANT} and kind = ${kind}`.execute(eye);
  return rows[0]?.sum ?? 0n;
}

async function stockMatches({ world, auditor, products }: Stage, paid: readonly KnownSale[]): Promise<void> {
  const sold = new Map<Id, number>();
  for (const { body } of paid)
    for (const { product_id: id, quantity } of body.lines) sold.set(id, (sold.get(id) ?? 0) + quantity);
  const { rows } = await sql<{ id: Id; pieces: number }>`
    select product_id as id, on_hand as pieces from stock_level where merchant_id = ${DEMO_MERCHANT}`.execute(
    world.eye,
  );
  const pieces = new Map(rows.map((row) => [row.id, row.pieces]));
  for (const { productId, stock } of products)
    auditor.equal("stock", productId, pieces.get(productId), stock - (sold.get(productId) ?? 0));
}
