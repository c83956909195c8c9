import { ConfirmStaticSchema, isRefusal, money, NewSaleSchema, ProblemSchema, refuse, SaleSchema, STATIC_METHOD, toWire, type Refusal, type SaleBody, IdSchema } from "@onegate/contract";
import { Type } from "typebox";
import { sessionEnd, staffOf } from "../identity/index.ts";
import { answer, answerOnce, keyOf, type Http, type Streams } from "../kernel/index.ts";
import { disputedOrders, paymentsOf, type Payment } from "../payments/index.ts";
import { cancelSale } from "./cancel.ts";
import { confirmStatic } from "./confirm-static.ts";
import type { Sales } from "./context.ts";
import { createSale } from "./create.ts";
import type { Sale } from "./sale.ts";
import { selectRecentSales, selectSale } from "./store.ts";

const tags = ["till"];
const service = "sales";
const OneSale = Type.Object({ id: IdSchema });

export function saleRoutes(http: Http, sales: Sales, streams: Streams): void {
  const { database } = sales;

  const send = async (sale: Sale | Refusal): Promise<SaleBody | Refusal> => {
    if (isRefusal(sale)) return sale;
    const { merchantId, saleId } = sale;
    return saleBody(sale, await paymentsOf(database.kysely, merchantId, saleId), await disputedOrders(database.kysely, merchantId, [saleId]));
  };

  http.post("/api/v1/till/sales", { config: { right: "sale.create", service }, schema: { tags, summary: "Take a sale", body: NewSaleSchema, response: { 201: SaleSchema, "4xx": ProblemSchema, 502: ProblemSchema } } }, async (request, reply) => {
    const key = keyOf(request);
    if (isRefusal(key)) return answer(request, reply, key);
    const { answer: sale, replayed } = await createSale(sales, staffOf(request), request.body, key);
    return answerOnce(request, reply, { answer: await send(sale), replayed }, 201);
  });

  http.get(
    "/api/v1/till/sales",
    { config: { right: "sale.read", service }, schema: { tags, summary: "The newest sales of the outlet", querystring: Type.Object({ limit: Type.Optional(Type.String({ pattern: "^([1-9]|[1-9][0-9]|100)$" })) }), response: { 200: Type.Object({ sales: Type.Array(SaleSchema) }), "4xx": ProblemSchema } } },
    async (request) => {
      const { merchantId, outletId } = staffOf(request);
      const recent = await selectRecentSales(database.kysely, merchantId, outletId, Number(request.query.limit ?? 20));
      const disputed = await disputedOrders(database.kysely, merchantId, recent.map(({ saleId }) => saleId));
      return { sales: await Promise.all(recent.map(async (sale) => saleBody(sale, await paymentsOf(database.kysely, merchantId, sale.saleId), disputed))) };
    },
  );

  http.get("/api/v1/till/sales/:id", { config: { right: "sale.read", service }, schema: { tags, summary: "One sale", params: OneSale, response: { 200: SaleSchema, "4xx": ProblemSchema } } }, async (request, reply) => {
    const { merchantId, outletId } = staffOf(request);
    const sale = await selectSale(database.kysely, merchantId, request.params.id);
    return answer(request, reply, await send(sale?.outletId === outletId ? sale : refuse("sale_unknown")));
  });

  http.post("/api/v1/till/sales/:id/cancel", { config: { right: "sale.cancel", service }, schema: { tags, summary: "Give up a sale that waits for its payment", params: OneSale, response: { 200: SaleSchema, "4xx": ProblemSchema } } }, async (request, reply) => {
    const key = keyOf(request);
    if (isRefusal(key)) return answer(request, reply, key);
    const { answer: sale, replayed } = await cancelSale(sales, staffOf(request), request.params.id, key);
    return answerOnce(request, reply, { answer: await send(sale), replayed });
  });

  http.post("/api/v1/till/sales/:id/static-qris", { config: { right: "sale.create", service }, schema: { tags, summary: "Say that the customer's proof of a payment to the printed QRIS was seen; once per Idempotency-Key", params: OneSale, body: ConfirmStaticSchema, response: { 200: SaleSchema, "4xx": ProblemSchema } } }, async (request, reply) => {
    const key = keyOf(request);
    if (isRefusal(key)) return answer(request, reply, key);
    const { answer: sale, replayed } = await confirmStatic(sales, staffOf(request), request.params.id, request.body, key);
    return answerOnce(request, reply, { answer: await send(sale), replayed });
  });

  http.get("/api/v1/till/events", { config: { right: "event.read", service }, schema: { tags, summary: "What happens at the shop, as server-sent events; resumes after Last-Event-ID" } }, async (request, reply) => {
    const staff = staffOf(request);
    await streams.open(request, reply, { merchantId: staff.merchantId, topics: TILL_TOPICS, ends: sessionEnd(database, staff) });
  });
}

/** What the topics that a till listens to begin with. */
export const TILL_TOPICS = ["sale.", "payment.", "case.", "outlet."] as const;
function saleBody(sale: Sale, payments: readonly Payment[], disputed: ReadonlySet<string>): SaleBody {
  const wire = (minor: bigint) => toWire(money(minor, sale.currency));
  return {
    id: sale.saleId,
    receipt_number: sale.receiptNumber,
    state: sale.state,
    staff_name: sale.staffName,
    created_at: sale.createdAt.toISOString(),
    paid_at: sale.paidAt?.toISOString() ?? null,
    lines: sale.lines.map(({ productId, name, quantity, unitPrice }) => ({
      product_id: productId, name, quantity, unit_price: wire(unitPrice), total: wire(unitPrice * BigInt(quantity)),
    })),
    subtotal: wire(sale.subtotal),
    tax: wire(sale.tax),
    total: wire(sale.total),
    rounding: wire(sale.rounding),
    disputed: disputed.has(sale.saleId),
    tenders: payments.map((payment) => ({
      payment_id: payment.paymentId,
      method: payment.method === "CASH" || payment.method === STATIC_METHOD ? payment.method : "QRIS",
      state: payment.state === "succeeded" && payment.verification && payment.verification !== "verified" ? payment.verification : payment.state,
      amount: toWire(payment.amount),
      tendered: payment.method === "CASH" && sale.tendered !== null ? wire(sale.tendered) : null,
      change: payment.method === "CASH" && sale.tendered !== null ? wire(sale.tendered - payment.amount.minor) : null,
      reference: payment.reference,
      qr_string: payment.qrString,
      checkout_url: payment.checkoutUrl,
      expires_at: payment.expiresAt?.toISOString() ?? null,
    })),
  };
}
