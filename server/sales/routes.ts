import {
  ConfirmStaticSchema,
  IDR,
  isRefusal,
  money,
  MoneySchema,
  NewReturnSchema,
  NewSaleSchema,
  NewVoidSchema,
  ProblemSchema,
  ReturnSumSchema,
  refuse,
  SaleSchema,
  STATIC_METHOD,
  toWire,
  type Refusal,
  type SaleBody,
  IdSchema,
} from "@onegate/contract";
import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { sessionEnd, staffOf, streamHoldersOf, type StaffPrincipal } from "../identity/index.ts";
import { answer, answerOnce, keyOf, type Http, type OutboxEvent, type Streams } from "../kernel/index.ts";
import { cancelSale } from "./cancel.ts";
import { confirmStatic } from "./confirm-static.ts";
import type { Sales } from "./context.ts";
import { createSale } from "./create.ts";
import { openDrawer } from "./open-drawer.ts";
import { readSales, type ShownSale } from "./read-sales.ts";
import { returnSale, sumReturn } from "./return-sale.ts";
import type { ReturnLine } from "./return-sum.ts";
import type { Sale } from "./sale.ts";

const tags = ["till"];
const service = "sales";
/** Enough for a sale of 500 lines. */
const SALE_LIMIT_BYTES = 262_144;
const SaleParams = Type.Object({ id: IdSchema });

export function saleRoutes(http: Http, sales: Sales, streams: Streams): void {
  const { database } = sales;

  const send = async (
    request: FastifyRequest,
    sale: Pick<Sale, "saleId"> | Refusal,
  ): Promise<SaleBody | Refusal> => {
    if (isRefusal(sale)) return sale;
    const [shown] = await readSales(database, staffOf(request), { saleId: sale.saleId });
    return shown ? saleBody(shown) : refuse("sale_unknown");
  };

  http.post(
    "/api/v1/till/sales",
    {
      bodyLimit: SALE_LIMIT_BYTES,
      config: { right: "sale.create", service },
      schema: {
        tags,
        summary: "Take a sale",
        body: NewSaleSchema,
        response: { 201: SaleSchema, "4xx": ProblemSchema, 502: ProblemSchema },
      },
    },
    async (request, reply) => {
      const key = keyOf(request);
      if (isRefusal(key)) return answer(request, reply, key);
      const { answer: sale, replayed } = await createSale(sales, staffOf(request), request.body, key);
      return answerOnce(request, reply, { answer: await send(request, sale), replayed }, 201);
    },
  );

  http.get(
    "/api/v1/till/sales",
    {
      config: { right: "sale.read", service },
      schema: {
        tags,
        summary: "The newest sales of the outlet",
        querystring: Type.Object({
          limit: Type.Optional(Type.String({ pattern: "^([1-9]|[1-9][0-9]|100)$" })),
        }),
        response: { 200: Type.Object({ sales: Type.Array(SaleSchema) }), "4xx": ProblemSchema },
      },
    },
    async (request) => {
      const newest = Number(request.query.limit ?? 20);
      return { sales: (await readSales(database, staffOf(request), { newest })).map(saleBody) };
    },
  );

  http.get(
    "/api/v1/till/sales/:id",
    {
      config: { right: "sale.read", service },
      schema: {
        tags,
        summary: "One sale",
        params: SaleParams,
        response: { 200: SaleSchema, "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      return answer(request, reply, await send(request, { saleId: request.params.id }));
    },
  );

  http.post(
    "/api/v1/till/sales/:id/cancel",
    {
      config: { right: "sale.cancel", service },
      schema: {
        tags,
        summary: "Give up a sale that waits for its payment",
        params: SaleParams,
        response: { 200: SaleSchema, "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      const key = keyOf(request);
      if (isRefusal(key)) return answer(request, reply, key);
      const { answer: sale, replayed } = await cancelSale(sales, staffOf(request), request.params.id, key);
      return answerOnce(request, reply, { answer: await send(request, sale), replayed });
    },
  );

  http.post(
    "/api/v1/till/sales/:id/static-qris",
    {
      config: { right: "sale.create", service },
      schema: {
        tags,
        summary:
          "Say that the customer's proof of a payment to the printed QRIS was seen; once per Idempotency-Key",
        params: SaleParams,
        body: ConfirmStaticSchema,
        response: { 200: SaleSchema, "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      const key = keyOf(request);
      if (isRefusal(key)) return answer(request, reply, key);
      const { answer: sale, replayed } = await confirmStatic(
        sales,
        staffOf(request),
        request.params.id,
        request.body,
        key,
      );
      return answerOnce(request, reply, { answer: await send(request, sale), replayed });
    },
  );

  http.post(
    "/api/v1/till/sales/:id/refund",
    {
      config: { right: "sale.refund", service, approvable: true },
      schema: {
        tags,
        summary: "Take a sale or lines of it back, by its own tenders; once per id",
        params: SaleParams,
        body: NewReturnSchema,
        response: { 201: SaleSchema, "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      const { id, lines, reason, restock } = request.body;
      const { answer: sale, replayed } = await returnSale(
        sales,
        staffOf(request),
        request.params.id,
        { id, kind: "refund", reason, restock, ...(lines ? { lines: lines.map(toLine) } : {}) },
        request.approval,
      );
      return answerOnce(request, reply, { answer: await send(request, sale), replayed }, 201);
    },
  );

  http.post(
    "/api/v1/till/sales/:id/refund/sum",
    {
      config: { right: "sale.read", service },
      schema: {
        tags,
        summary: "What a refund of a sale or of lines of it would give back now",
        params: SaleParams,
        body: ReturnSumSchema,
        response: { 200: Type.Object({ amount: MoneySchema }), "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      const sum = await sumReturn(
        sales,
        staffOf(request),
        request.params.id,
        request.body.lines?.map(toLine),
      );
      return answer(request, reply, typeof sum === "bigint" ? { amount: toWire(money(sum, IDR)) } : sum);
    },
  );

  http.post(
    "/api/v1/till/sales/:id/void",
    {
      config: { right: "sale.void", service, approvable: true },
      schema: {
        tags,
        summary: "Take a whole sale back on its own business day; once per id",
        params: SaleParams,
        body: NewVoidSchema,
        response: { 201: SaleSchema, "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      const { answer: sale, replayed } = await returnSale(
        sales,
        staffOf(request),
        request.params.id,
        { ...request.body, kind: "void", restock: true },
        request.approval,
      );
      return answerOnce(request, reply, { answer: await send(request, sale), replayed }, 201);
    },
  );

  http.post(
    "/api/v1/till/drawer",
    {
      config: { right: "drawer.open", service, approvable: true },
      schema: {
        tags,
        summary: "Open the cash drawer without a sale; once per id",
        body: NewVoidSchema,
        response: { 201: Type.Object({ id: IdSchema }), "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      return answerOnce(
        request,
        reply,
        await openDrawer(sales, staffOf(request), request.body, request.approval),
        201,
      );
    },
  );

  http.get(
    "/api/v1/till/events",
    {
      config: { right: "event.read", service },
      schema: {
        tags,
        summary: "What happens at the shop, as server-sent events; resumes after Last-Event-ID",
      },
    },
    async (request, reply) => {
      const staff = staffOf(request);
      await streams.open(request, reply, {
        merchantId: staff.merchantId,
        holders: streamHoldersOf(request),
        topics: TILL_TOPICS,
        wants: (event) => isHeardAt(staff, event),
        ends: sessionEnd(database, staff),
      });
    },
  );
}

/** Topic prefixes of the events that a till receives. */
export const TILL_TOPICS = ["sale.", "payment.", "case.", "outlet.", "product.", "stock."] as const;
/** Events of the whole shop rather than of an outlet. */
const SHOP_TOPIC = "product.";
/** Money in suspense. Events without an outlet go to every till whose user may read cases. */
const CASE_TOPIC = "case.";

/** Whether a till receives an event: its own outlet's events, and those of the whole shop. */
function isHeardAt(
  { outletId, rights }: Pick<StaffPrincipal, "outletId" | "rights">,
  { topic, payload }: Pick<OutboxEvent, "topic" | "payload">,
): boolean {
  if (topic.startsWith(SHOP_TOPIC)) return true;
  const of = "outlet_id" in payload ? payload.outlet_id : undefined;
  if (topic.startsWith(CASE_TOPIC)) return rights.has("case.read") && (of === undefined || of === outletId);
  return of === outletId;
}

function toLine({ line_id, quantity }: { line_id: number; quantity: number }): ReturnLine {
  return { line: line_id, quantity };
}

/** The till's name for a payment method: any method of a provider is QRIS. */
function methodOf(method: string): SaleBody["tenders"][number]["method"] {
  return method === "CASH" || method === STATIC_METHOD ? method : "QRIS";
}

function saleBody({ sale, payments, isDisputed, returns, refunds }: ShownSale): SaleBody {
  const wire = (minor: bigint) => toWire(money(minor, sale.currency));
  const returnedOf = (number: number) =>
    returns
      .flatMap(({ lines }) => lines)
      .reduce((sum, { line, quantity }) => (line === number ? sum + quantity : sum), 0);
  return {
    id: sale.saleId,
    receipt_number: sale.receiptNumber,
    state: sale.state,
    staff_name: sale.staffName,
    created_at: sale.createdAt.toISOString(),
    paid_at: sale.paidAt?.toISOString() ?? null,
    lines: sale.lines.map(({ productId, name, quantity, unitPrice }, index) => ({
      line_id: index + 1,
      product_id: productId,
      name,
      quantity,
      returned: returnedOf(index + 1),
      unit_price: wire(unitPrice),
      total: wire(unitPrice * BigInt(quantity)),
    })),
    subtotal: wire(sale.subtotal),
    tax: wire(sale.tax),
    total: wire(sale.total),
    rounding: wire(sale.rounding),
    disputed: isDisputed,
    tenders: payments.map((payment) => ({
      payment_id: payment.paymentId,
      method: methodOf(payment.method),
      state:
        payment.state === "succeeded" && payment.verification && payment.verification !== "verified"
          ? payment.verification
          : payment.state,
      amount: toWire(payment.amount),
      tendered: payment.method === "CASH" && sale.tendered !== null ? wire(sale.tendered) : null,
      change:
        payment.method === "CASH" && sale.tendered !== null
          ? wire(sale.tendered - payment.amount.minor)
          : null,
      reference: payment.reference,
      qr_string: payment.qrString,
      checkout_url: payment.checkoutUrl,
      expires_at: payment.expiresAt?.toISOString() ?? null,
    })),
    stock_below_zero: sale.oversold.map(({ productId, onHand }) => ({
      product_id: productId,
      name: sale.lines.find((line) => line.productId === productId)?.name ?? "",
      level: onHand,
    })),
    refunded: wire(sale.refunded),
    returns: returns.map((saleReturn) => ({
      id: saleReturn.returnId,
      kind: saleReturn.kind,
      amount: wire(saleReturn.amount),
      reason: saleReturn.reason,
      restock: saleReturn.restock,
      business_date: saleReturn.businessDate,
      returned_by: saleReturn.returnedBy,
      approved_by: saleReturn.approvedBy,
      returned_at: saleReturn.returnedAt.toISOString(),
      lines: saleReturn.lines.map(({ line, quantity }) => ({ line_id: line, quantity })),
      refunds: refunds
        .filter(({ returnId }) => returnId === saleReturn.returnId)
        .map(({ method, amount, state }) => ({ method: methodOf(method), amount: toWire(amount), state })),
    })),
  };
}
