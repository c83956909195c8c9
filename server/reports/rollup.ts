import type { Id } from "@onegate/contract";
import { sql } from "kysely";
import type { Consumer, OutboxEvent, Tx } from "../kernel/index.ts";

type SalePaid = {
  outlet_id: Id; business_date: string; hour: number; method: string; gross: string; tax: string;
  lines: Array<{ product_id: Id; name: string; quantity: number; amount: string }>;
};

type SaleRefunded = { outlet_id: Id; business_date: string; hour: number; method: string; gross: string; tax: string };
type Counted = Pick<SalePaid, "outlet_id" | "business_date"> & { sold_hour: number; sold_method: string };
type SaleReturned = Counted & Pick<SalePaid, "lines"> & { kind: "refund" | "void" };

/**
 * Adds each paid sale to its hour and its products to their day, once, by the outbox. What goes back is taken off the day
 * it goes back on: the money when it is given, the products when they are returned. A sale that is void was none, unless its money stays.
 */
export const rollup: Consumer = {
  name: "reports",
  topics: ["sale."],
  async handle(tx, events) {
    for (const event of events) {
      if (event.topic === "sale.paid") await add(tx, event);
      // an event from before refunds were rolled up names no method
      if (event.topic === "sale.refunded" && "method" in event.payload) await takeMoneyOff(tx, event);
      if (event.topic === "sale.returned") await takeProductsOff(tx, event);
      if (event.topic === "sale.void_failed") await countSale(tx, event.merchantId, event.payload as Counted, 1);
    }
  },
};

async function add(tx: Tx, event: OutboxEvent): Promise<void> {
  const sale = event.payload as SalePaid;
  await sql`
    insert into report_hour as r (merchant_id, outlet_id, business_date, hour, method, sales, gross, tax)
    values (${event.merchantId}, ${sale.outlet_id}, ${sale.business_date}, ${sale.hour}, ${sale.method}, 1, ${sale.gross}, ${sale.tax})
    on conflict (merchant_id, outlet_id, business_date, hour, method)
    do update set sales = r.sales + 1, gross = r.gross + excluded.gross, tax = r.tax + excluded.tax`.execute(tx);
  await addProducts(tx, event.merchantId, sale, 1);
}

async function takeMoneyOff(tx: Tx, { merchantId, payload }: OutboxEvent): Promise<void> {
  const back = payload as SaleRefunded;
  await sql`
    insert into report_hour as r (merchant_id, outlet_id, business_date, hour, method, sales, gross, tax, returns, returned)
    values (${merchantId}, ${back.outlet_id}, ${back.business_date}, ${back.hour}, ${back.method}, 0, -${back.gross}::bigint, -${back.tax}::bigint, 1, ${back.gross})
    on conflict (merchant_id, outlet_id, business_date, hour, method)
    do update set gross = r.gross + excluded.gross, tax = r.tax + excluded.tax, returns = r.returns + 1, returned = r.returned + excluded.returned`.execute(tx);
}

async function takeProductsOff(tx: Tx, { merchantId, payload }: OutboxEvent): Promise<void> {
  const back = payload as SaleReturned;
  await addProducts(tx, merchantId, back, -1);
  if (back.kind === "void") await countSale(tx, merchantId, back, -1);
}

/** Counts a sale off its hour when it is void, and on again when its money stays after all. */
async function countSale(tx: Tx, merchantId: Id, sale: Counted, sign: 1 | -1): Promise<void> {
  await sql`
    update report_hour set sales = sales + ${sign}::int
     where merchant_id = ${merchantId} and outlet_id = ${sale.outlet_id} and business_date = ${sale.business_date}
       and hour = ${sale.sold_hour} and method = ${sale.sold_method}`.execute(tx);
}

async function addProducts(tx: Tx, merchantId: Id, { outlet_id, business_date, lines }: Pick<SalePaid, "outlet_id" | "business_date" | "lines">, sign: 1 | -1): Promise<void> {
  for (const line of lines) {
    await sql`
      insert into report_product as r (merchant_id, outlet_id, business_date, product_id, name, quantity, amount)
      values (${merchantId}, ${outlet_id}, ${business_date}, ${line.product_id}, ${line.name}, ${sign * line.quantity}, ${sign}::int * ${line.amount}::bigint)
      on conflict (merchant_id, outlet_id, business_date, product_id)
      do update set quantity = r.quantity + excluded.quantity, amount = r.amount + excluded.amount`.execute(tx);
  }
}
