import type { EventPayload, Id } from "@onegate/contract";
import { sql } from "kysely";
import type { Consumer, EventOf, Tx } from "../kernel/index.ts";

type Counted = Pick<
  EventPayload<"sale.returned">,
  "outlet_id" | "business_date" | "sold_hour" | "sold_method"
>;

/**
 * Adds each paid sale to its hour and its products to their day, exactly once, through the outbox. Returns
 * are subtracted from the day on which they happen: money when it is refunded, products when they come back.
 * A void sale is not counted, unless its money stays.
 */
export const rollup: Consumer = {
  name: "reports",
  topics: ["sale."],
  async handle(tx, events) {
    for (const event of events) {
      if (event.topic === "sale.paid") await add(tx, event);
      // events written before refunds were rolled up have no method
      if (event.topic === "sale.refunded" && "method" in event.payload) await subtractMoney(tx, event);
      if (event.topic === "sale.returned") await subtractProducts(tx, event);
      if (event.topic === "sale.void_failed") await countSale(tx, event.merchantId, event.payload, 1);
    }
  },
};

async function add(tx: Tx, event: EventOf<"sale.paid">): Promise<void> {
  const sale = event.payload;
  await sql`
    insert into report_hour as r (merchant_id, outlet_id, business_date, hour, method, sales, gross, tax)
    values (${event.merchantId}, ${sale.outlet_id}, ${sale.business_date}, ${sale.hour}, ${sale.method},
      1, ${sale.gross}, ${sale.tax})
    on conflict (merchant_id, outlet_id, business_date, hour, method)
    do update set sales = r.sales + 1, gross = r.gross + excluded.gross, tax = r.tax + excluded.tax`.execute(
    tx,
  );
  await addProducts(tx, event.merchantId, sale, 1);
}

async function subtractMoney(
  tx: Tx,
  { merchantId, payload: refund }: EventOf<"sale.refunded">,
): Promise<void> {
  await sql`
    insert into report_hour as r
      (merchant_id, outlet_id, business_date, hour, method, sales, gross, tax, returns, returned)
    values (${merchantId}, ${refund.outlet_id}, ${refund.business_date}, ${refund.hour}, ${refund.method},
      0, -${refund.gross}::bigint, -${refund.tax}::bigint, 1, ${refund.gross})
    on conflict (merchant_id, outlet_id, business_date, hour, method)
    do update set gross = r.gross + excluded.gross, tax = r.tax + excluded.tax,
      returns = r.returns + 1, returned = r.returned + excluded.returned`.execute(tx);
}

async function subtractProducts(
  tx: Tx,
  { merchantId, payload: returned }: EventOf<"sale.returned">,
): Promise<void> {
  await addProducts(tx, merchantId, returned, -1);
  if (returned.kind === "void") await countSale(tx, merchantId, returned, -1);
}

/** Takes a void sale out of its hour's count, and adds it again when its money stays after all. */
async function countSale(tx: Tx, merchantId: Id, sale: Counted, sign: 1 | -1): Promise<void> {
  await sql`
    update report_hour set sales = sales + ${sign}::int
     where merchant_id = ${merchantId} and outlet_id = ${sale.outlet_id}
       and business_date = ${sale.business_date} and hour = ${sale.sold_hour}
       and method = ${sale.sold_method}`.execute(tx);
}

async function addProducts(
  tx: Tx,
  merchantId: Id,
  {
    outlet_id,
    business_date,
    lines,
  }: Pick<EventPayload<"sale.paid">, "outlet_id" | "business_date" | "lines">,
  sign: 1 | -1,
): Promise<void> {
  for (const line of lines) {
    await sql`
      insert into report_product as r
        (merchant_id, outlet_id, business_date, product_id, name, quantity, amount)
      values (${merchantId}, ${outlet_id}, ${business_date}, ${line.product_id}, ${line.name},
        ${sign * line.quantity}, ${sign}::int * ${line.amount}::bigint)
      on conflict (merchant_id, outlet_id, business_date, product_id)
      do update set quantity = r.quantity + excluded.quantity, amount = r.amount + excluded.amount`.execute(
      tx,
    );
  }
}
