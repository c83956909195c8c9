import type { Id } from "@onegate/contract";
import { sql } from "kysely";
import type { Consumer, OutboxEvent, Tx } from "../kernel/index.ts";

type SalePaid = {
  outlet_id: Id; business_date: string; hour: number; method: string; gross: string; tax: string;
  lines: Array<{ product_id: Id; name: string; quantity: number; amount: string }>;
};

/** Adds each paid sale to its hour and its products to their day, once, by the outbox. */
export const rollup: Consumer = {
  name: "reports",
  topics: ["sale."],
  async handle(tx, events) {
    for (const event of events) if (event.topic === "sale.paid") await add(tx, event);
  },
};

async function add(tx: Tx, event: OutboxEvent): Promise<void> {
  const sale = event.payload as SalePaid;
  await sql`
    insert into report_hour as r (merchant_id, outlet_id, business_date, hour, method, sales, gross, tax)
    values (${event.merchantId}, ${sale.outlet_id}, ${sale.business_date}, ${sale.hour}, ${sale.method}, 1, ${sale.gross}, ${sale.tax})
    on conflict (merchant_id, outlet_id, business_date, hour, method)
    do update set sales = r.sales + 1, gross = r.gross + excluded.gross, tax = r.tax + excluded.tax`.execute(tx);
  for (const line of sale.lines) {
    await sql`
      insert into report_product as r (merchant_id, outlet_id, business_date, product_id, name, quantity, amount)
      values (${event.merchantId}, ${sale.outlet_id}, ${sale.business_date}, ${line.product_id}, ${line.name}, ${line.quantity}, ${line.amount})
      on conflict (merchant_id, outlet_id, business_date, product_id)
      do update set quantity = r.quantity + excluded.quantity, amount = r.amount + excluded.amount`.execute(tx);
  }
}
