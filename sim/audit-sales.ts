import type { Id } from "@onegate/contract";
import { sql } from "kysely";
import { DEMO_MERCHANT, DEMO_OUTLET } from "../server/demo/index.ts";
import { accountId, CHART, drawerCode } from "../server/ledger/index.ts";
import type { KnownSale, Stage } from "./stage.ts";

type SaleRow = { id: Id; state: string; receipt: string | null; day: string; succeeded: bigint; cash: boolean };

/** Holds sales, receipts, shelf and shop's books against what the cashiers rang up. */
export async function auditSales(stage: Stage): Promise<void> {
  const { world, auditor, orders } = stage;
  const { rows } = await sql<SaleRow>`
    select s.sale_id as id, s.state, s.receipt_number as receipt, s.business_date as day,
           (select count(*) from payment p where p.merchant_id = s.merchant_id and p.order_id = s.sale_id::text and p.state = 'succeeded') as succeeded,
           s.tendered is not null as cash
      from sale s where s.merchant_id = ${DEMO_MERCHANT}`.execute(world.eye);
  const known = new Map(orders.flatMap(({ orderId, sale }) => (sale ? [[orderId, sale] as const] : [])));
  for (const row of rows) {
    auditor.expect("sale", (row.state === "paid") === (row.succeeded > 0n), () => `${row.id} is ${row.state} with ${row.succeeded} succeeded payments`);
    auditor.expect("receipts", (row.receipt !== null) === (row.state === "paid"), () => `${row.id} is ${row.state} with receipt ${row.receipt}`);
    auditor.expect("unasked", known.has(row.id), () => `sale ${row.id}`);
  }
  const there = new Map(rows.map((row) => [row.id, row]));
  for (const [id, { receipt }] of known) {
    const found = there.get(id)?.receipt;
    auditor.expect("acknowledged", receipt === null || found === receipt, () => `a cashier has receipt ${receipt} of ${id}; the shop has ${found}`);
  }
  receiptsRunOn(stage, rows);
  const paid = rows.filter(({ state }) => state === "paid").flatMap((row) => (known.has(row.id) ? [{ ...known.get(row.id)!, cash: row.cash }] : []));
  await booksAreThoseOf(stage, paid);
  await shelfIsThatOf(stage, paid);
}

function receiptsRunOn({ auditor }: Stage, rows: readonly SaleRow[]): void {
  for (const [day, sales] of Map.groupBy(rows.filter(({ receipt }) => receipt !== null), ({ day }) => day)) {
    const numbers = sales.map(({ receipt }) => Number(receipt?.slice(-4))).sort((a, b) => a - b);
    auditor.expect("receipts", numbers.every((number, index) => number === index + 1), () => `${day}: ${numbers.join(" ")}`);
  }
}

async function booksAreThoseOf({ world, auditor, orders }: Stage, paid: ReadonlyArray<KnownSale & { cash: boolean }>): Promise<void> {
  const sum = (part: (sale: KnownSale & { cash: boolean }) => bigint) => paid.reduce((total, sale) => total + part(sale), 0n);
  const { rows: received } = await sql<{ order: string }>`
    select order_id as order from payment where merchant_id = ${DEMO_MERCHANT} and state = 'succeeded'`.execute(world.eye);
  const byId = new Map(orders.map((order) => [order.orderId, order]));
  const unrecognised = received.reduce((total, { order }) => total + (byId.get(order)?.sale ? 0n : (byId.get(order)?.minor ?? 0n)), 0n);
  const expected = new Map<string, bigint>([
    [CHART.sales, sum(({ total, tax }) => total - tax)],
    [CHART.tax, sum(({ tax }) => tax)],
    [CHART.rounding, sum(({ rounding }) => rounding)],
    [drawerCode(DEMO_OUTLET), -sum(({ total, rounding, cash }) => (cash ? total + rounding : 0n))],
    [CHART.received, unrecognised],
  ]);
  for (const [code, minor] of expected) {
    const { rows } = await sql<{ posted: bigint }>`
      select posted from ledger_balance where merchant_id = ${DEMO_MERCHANT} and account_id = ${accountId(DEMO_MERCHANT, code)}`.execute(world.eye);
    auditor.equal("revenue", code, rows[0]?.posted, minor);
  }
}

async function shelfIsThatOf({ world, auditor, products }: Stage, paid: readonly KnownSale[]): Promise<void> {
  const sold = new Map<Id, number>();
  for (const { body } of paid) for (const { product_id: id, quantity } of body.lines) sold.set(id, (sold.get(id) ?? 0) + quantity);
  const { rows } = await sql<{ id: Id; pieces: number }>`
    select product_id as id, on_hand as pieces from stock_level where merchant_id = ${DEMO_MERCHANT}`.execute(world.eye);
  const pieces = new Map(rows.map((row) => [row.id, row.pieces]));
  for (const { productId, stock } of products) auditor.equal("stock", productId, pieces.get(productId), stock - (sold.get(productId) ?? 0));
}
