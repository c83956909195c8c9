import {
  ChannelFeesSchema,
  ChannelSchema,
  checkedToMethod,
  checkedToMinor,
  Envelope,
  IDR,
  IdSchema,
  InstructionSchema,
  isRefusal,
  money,
  NewOrderSchema,
  NewPaymentSchema,
  OrderSchema,
  ProblemSchema,
  refuse,
  toNumber,
  tooLargeForOrder,
  type Id,
  type OrderBody,
} from "@onegate/contract";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { ServerResponse } from "node:http";
import { Type } from "typebox";
import { merchantOf, sessionEnd, streamHoldersOf } from "../identity/index.ts";
import { answer, type Http, type Streams, type OutboxEvent, type Tail } from "../kernel/index.ts";
import type { Fee } from "../providers/index.ts";
import { listChannels } from "./channels.ts";
import { calculateFees } from "./fees.ts";
import { instructionsFor, readInstructions } from "./instructions.ts";
import { providerOf, type Payments } from "./context.ts";
import { receiveNotification } from "./notify.ts";
import { openPaymentOf } from "./open.ts";
import type { Order } from "./order.ts";
import { isOpen, paidSum, type Payment } from "./payment.ts";
import { placeOrder } from "./place-order.ts";
import { selectRefundedSum } from "./refund-store.ts";
import { SURCHARGE_WARNING } from "./surcharge.ts";
import { toQrImage } from "./qr-image.ts";
import { selectOrder, selectPayments } from "./store.ts";

const tags = ["payment"];
const service = "payments";
const StatusQuery = Type.Object({
  order_id: Type.String({ minLength: 1, maxLength: 64 }),
  wait: Type.Optional(
    Type.String({ pattern: "^([0-9]|[12][0-9]|30)$", description: "seconds to wait for news, at most 30" }),
  ),
});
const Code = Type.String({ minLength: 1, maxLength: 32 });
const FeeQuery = Type.Object(
  { amount: Type.String({ maxLength: 40 }), code: Type.Optional(Code) },
  { additionalProperties: false },
);
const InstructionQuery = Type.Object(
  {
    code: Code,
    pay_code: Type.Optional(Type.String({ maxLength: 64 })),
    amount: Type.Optional(Type.String({ maxLength: 40 })),
  },
  { additionalProperties: false },
);
/** Enough for an order of 500 items. */
const ORDER_LIMIT_BYTES = 262_144;
const PROVIDER = Type.String({ pattern: "^[a-z]{1,20}$" });
/** Topic prefixes of an order's events. */
export const ORDER_TOPICS = ["payment.", "refund."] as const;

/** Routes of the gateway, and the path for providers' notifications. */
export function paymentRoutes(http: Http, payments: Payments, tail: Tail, streams: Streams): void {
  http.get(
    "/api/v1/payment/get-payment-channel",
    {
      config: { right: "channel.read", service },
      schema: {
        tags,
        summary: "Channels with fees, limits and icons",
        response: { 200: Envelope(Type.Array(ChannelSchema)), "4xx": ProblemSchema, 502: ProblemSchema },
      },
    },
    async (request, reply) => {
      const channels = await listChannels(payments, merchantOf(request));
      if (isRefusal(channels)) return answer(request, reply, channels);
      const data = channels.map((channel) => ({
        group: channel.group,
        code: channel.code,
        name: channel.name,
        type: channel.type,
        fee_merchant: fee(channel.feeMerchant),
        fee_customer: fee(channel.feeCustomer),
        total_fee: fee(channel.totalFee),
        minimum_fee: channel.minimumFee && toNumber(channel.minimumFee),
        maximum_fee: channel.maximumFee && toNumber(channel.maximumFee),
        minimum_amount: toNumber(channel.minimumAmount),
        maximum_amount: toNumber(channel.maximumAmount),
        icon_url: channel.iconUrl,
        active: channel.active,
        ...(channel.surcharges ? { warning: SURCHARGE_WARNING } : {}),
      }));
      return { success: true, message: "", data };
    },
  );

  http.get(
    "/api/v1/payment/fee-calculator",
    {
      config: { right: "channel.read", service },
      schema: {
        tags,
        summary: "What a sum costs by each channel, or by one",
        querystring: FeeQuery,
        response: { 200: Envelope(Type.Array(ChannelFeesSchema)), "4xx": ProblemSchema, 502: ProblemSchema },
      },
    },
    async (request, reply) => {
      const amount = checkedToMinor(request.query.amount, IDR);
      if (isRefusal(amount)) return answer(request, reply, amount);
      if (amount <= 0n) return answer(request, reply, refuse("amount_not_positive"));
      const tooLarge = tooLargeForOrder(amount);
      if (tooLarge) return answer(request, reply, tooLarge);
      const fees = await calculateFees(payments, merchantOf(request), money(amount, IDR), request.query.code);
      if (isRefusal(fees)) return answer(request, reply, fees);
      const data = fees.map(({ code, name, fee: parts, least, most, merchant, customer }) => ({
        code,
        name,
        fee: { ...fee(parts), min: least && toNumber(least), max: most && toNumber(most) },
        total_fee: { merchant: toNumber(merchant), customer: toNumber(customer) },
      }));
      return { success: true, message: "", data };
    },
  );

  http.get(
    "/api/v1/payment/instruction",
    {
      config: { right: "channel.read", service },
      schema: {
        tags,
        summary: "How to pay by a channel",
        querystring: InstructionQuery,
        response: { 200: Envelope(Type.Array(InstructionSchema)), "4xx": ProblemSchema, 502: ProblemSchema },
      },
    },
    async (request, reply) => {
      const { code, pay_code: payCode, amount } = request.query;
      const sum = amount === undefined ? undefined : checkedToMinor(amount, IDR);
      if (isRefusal(sum)) return answer(request, reply, sum);
      const tooLarge = sum === undefined ? undefined : tooLargeForOrder(sum);
      if (tooLarge) return answer(request, reply, tooLarge);
      const instructions = await readInstructions(
        payments,
        merchantOf(request),
        code,
        payCode ?? null,
        sum === undefined ? null : money(sum, IDR),
      );
      return answer(
        request,
        reply,
        isRefusal(instructions) ? instructions : { success: true, message: "", data: instructions },
      );
    },
  );

  http.post(
    "/api/v1/payment/create-transaction",
    {
      bodyLimit: ORDER_LIMIT_BYTES,
      config: { right: "order.create", service, form: true },
      schema: {
        tags,
        summary: "Record what is being bought",
        body: NewOrderSchema,
        response: { 201: Envelope(OrderSchema), "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      const order = await placeOrder(payments, merchantOf(request), request.body);
      if (isRefusal(order)) return answer(request, reply, order);
      return reply.code(201).send({ success: true, message: "", data: await orderBody(payments, order) });
    },
  );

  http.post(
    "/api/v1/payment/create-payment",
    {
      config: { right: "payment.create", service, form: true },
      schema: {
        tags,
        summary: "Open the payment of an order on a channel",
        body: NewPaymentSchema,
        response: {
          201: Envelope(OrderSchema),
          202: Envelope(OrderSchema),
          "4xx": ProblemSchema,
          502: ProblemSchema,
        },
      },
    },
    async (request, reply) => {
      const merchantId = merchantOf(request);
      const method = checkedToMethod(request.body);
      if (isRefusal(method)) return answer(request, reply, method);
      const part = request.body.amount === undefined ? undefined : checkedToMinor(request.body.amount, IDR);
      if (isRefusal(part)) return answer(request, reply, part);
      const order = await selectOrder(payments.database.kysely, merchantId, request.body.order_id);
      if (!order) return answer(request, reply, refuse("order_unknown"));
      const payment = await openPaymentOf(
        payments,
        order,
        method,
        part === undefined ? undefined : money(part, IDR),
      );
      if (isRefusal(payment)) return answer(request, reply, payment);
      if (payment.state === "failed") return answer(request, reply, refuse("provider_refused"));
      const isUnclear = payment.state === "unknown" || payment.state === "created";
      const message = isUnclear
        ? "The provider has not answered yet; call get-status-payment, don't pay twice"
        : "";
      return reply
        .code(isUnclear ? 202 : 201)
        .send({ success: true, message, data: await orderBody(payments, order) });
    },
  );

  http.get(
    "/api/v1/payment/get-status-payment",
    {
      config: { right: "order.read", service },
      schema: {
        tags,
        summary: "The state of an order; with wait, as soon as something happened to it",
        querystring: StatusQuery,
        response: { 200: Envelope(OrderSchema), "4xx": ProblemSchema },
      },
    },
    async (request, reply) => {
      const merchantId = merchantOf(request);
      const { order_id: orderId, wait } = request.query;
      const order = await selectOrder(payments.database.kysely, merchantId, orderId);
      if (!order) return answer(request, reply, refuse("order_unknown"));
      const first = await orderBody(payments, order);
      const { stopping } = request.server;
      const deadline = performance.now() + Number(wait ?? 0) * 1000;
      let body = first;
      while (
        body.status === first.status &&
        MAY_CHANGE.has(first.status) &&
        performance.now() < deadline &&
        !reply.raw.destroyed &&
        !stopping.aborted
      ) {
        // subscribe before reading the order, so that no event in between is missed
        const news = listenFor(tail, merchantId, orderId, deadline - performance.now(), reply.raw, stopping);
        body = await orderBody(payments, order);
        if (body.status === first.status) await news.heard;
        news.end();
        body = await orderBody(payments, order);
      }
      return { success: true, message: "", data: body };
    },
  );

  http.get(
    "/api/v1/payment/events",
    {
      config: { right: "order.read", service },
      schema: {
        tags,
        summary: "What happens to an order, as server-sent events; resumes after Last-Event-ID",
        querystring: Type.Object({ order_id: Type.String({ minLength: 1, maxLength: 64 }) }),
      },
    },
    async (request, reply) => {
      const { order_id: orderId } = request.query;
      const { principal } = request;
      await streams.open(request, reply, {
        merchantId: merchantOf(request),
        holders: streamHoldersOf(request),
        topics: ORDER_TOPICS,
        wants: (event) => isOfOrder(event, orderId),
        ...("staffSessionId" in principal ? { ends: sessionEnd(payments.database, principal) } : {}),
      });
    },
  );

  // A provider's signature covers the raw bytes: this scope keeps them, and the provider parses them.
  void http.register(async (scope: Http) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
    const receive = async (
      provider: string,
      accountId: Id | null,
      request: FastifyRequest,
      reply: FastifyReply,
    ) => {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const outcome = await receiveNotification(
        payments,
        provider,
        { headers: request.headers, body },
        accountId,
      );
      return answer(
        request,
        reply,
        isRefusal(outcome) ? outcome : (await providerOf(payments, { provider, accountId })).acknowledgement,
      );
    };
    const config = { right: "provider.notify", service } as const;
    const schema = { tags: ["provider"], response: { "4xx": ProblemSchema, "5xx": ProblemSchema } };
    scope.post<{ Params: { provider: string } }>(
      "/api/v1/providers/:provider/notifications",
      {
        config,
        schema: {
          ...schema,
          summary: "A provider's signed notification (callback); answered as that provider wants it",
          params: Type.Object({ provider: PROVIDER }),
        },
      },
      (request, reply) => receive(request.params.provider, null, request, reply),
    );
    scope.post<{ Params: { provider: string; account: string } }>(
      "/api/v1/providers/:provider/notifications/:account",
      {
        config,
        schema: {
          ...schema,
          summary: "The same for a merchant's own account at the provider",
          params: Type.Object({ provider: PROVIDER, account: IdSchema }),
        },
      },
      (request, reply) => receive(request.params.provider, request.params.account, request, reply),
    );
    scope.post(
      "/v1.0/qr/qr-mpm-notify",
      { config, schema: { ...schema, summary: "The same for a bank, at the path that SNAP BI gives it" } },
      (request, reply) => receive("snap", null, request, reply),
    );
  });
}

const MAY_CHANGE: ReadonlySet<string> = new Set(["UNPAID", "UNKNOWN", "PARTIAL"]);

function isOfOrder({ topic, payload }: OutboxEvent, orderId: string): boolean {
  return (
    ORDER_TOPICS.some((prefix) => topic.startsWith(prefix)) &&
    "order_id" in payload &&
    payload.order_id === orderId
  );
}

/** Waits for an order's next event, until the time is over, the caller disconnects or the server stops. */
function listenFor(
  tail: Tail,
  merchantId: string,
  orderId: string,
  ms: number,
  caller: ServerResponse,
  stopping: AbortSignal,
): { heard: Promise<void>; end(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const unsubscribe = tail.subscribe((event) => {
    if (event.merchantId === merchantId && isOfOrder(event, orderId)) resolve();
  });
  const timer = setTimeout(resolve, ms);
  const giveUp = () => resolve();
  caller.once("close", giveUp);
  stopping.addEventListener("abort", giveUp);
  return {
    heard: promise,
    end() {
      clearTimeout(timer);
      unsubscribe();
      caller.off("close", giveUp);
      stopping.removeEventListener("abort", giveUp);
    },
  };
}

function fee({ flat, percentBasisPoints }: Fee): { flat: number; percent: number } {
  return { flat: toNumber(flat), percent: percentBasisPoints / 100 };
}

const STATUS = {
  created: "UNKNOWN",
  unknown: "UNKNOWN",
  pending: "UNPAID",
  succeeded: "PAID",
  expired: "EXPIRED",
  failed: "FAILED",
  cancelled: "CANCELLED",
} as const;

async function orderBody(payments: Payments, order: Order): Promise<OrderBody> {
  const number = (minor: bigint) => toNumber(money(minor, order.amount.currency));
  const all = await selectPayments(payments.database.kysely, order.merchantId, order.orderId);
  const paid = all.findLast(({ state }) => state === "succeeded");
  const sum = paidSum(all);
  const payment =
    (sum >= order.amount.minor ? paid : undefined) ??
    all.findLast(({ state }) => isOpen(state)) ??
    all.at(-1);
  return {
    order_id: order.orderId,
    status:
      sum >= order.amount.minor ? "PAID" : sum > 0n ? "PARTIAL" : payment ? STATUS[payment.state] : "UNPAID",
    paid_amount: number(sum),
    refunded_amount: number(
      paid ? await selectRefundedSum(payments.database.kysely, order.merchantId, order.orderId) : 0n,
    ),
    amount: toNumber(order.amount),
    currency: order.amount.currency,
    customer_name: order.customer.name,
    order_items: order.items.map(({ sku, name, price, quantity }) => ({
      sku,
      name,
      price: number(price),
      quantity,
      subtotal: number(price * BigInt(quantity)),
    })),
    created_at: order.createdAt.toISOString(),
    paid_at: paid?.paidAt?.toISOString() ?? null,
    payment: payment ? await paymentBody(payments, payment) : null,
  };
}

async function paymentBody(payments: Payments, payment: Payment): Promise<NonNullable<OrderBody["payment"]>> {
  const { currency, minor } = payment.amount;
  const number = (sum: bigint) => toNumber(money(sum, currency));
  const [feeMerchant, feeCustomer] = [payment.feeMerchant ?? 0n, payment.feeCustomer ?? 0n];
  return {
    payment_id: payment.paymentId,
    reference: payment.reference,
    payment_method: payment.channel,
    payment_name: payment.channelName ?? payment.channel,
    status: STATUS[payment.state],
    amount: number(payment.payerAmount ?? minor),
    fee_merchant: number(feeMerchant),
    fee_customer: number(feeCustomer),
    total_fee: number(feeMerchant + feeCustomer),
    amount_received: number(minor - feeMerchant),
    pay_code: payment.payCode,
    checkout_url: payment.checkoutUrl,
    qr_string: payment.qrString,
    qr_image: payment.qrString === null ? null : toQrImage(payment.qrString),
    expired_time: Math.floor((payment.expiresAt?.getTime() ?? 0) / 1000),
    instructions:
      payment.state === "pending"
        ? (await instructionsFor(payments, payment)).map(({ title, steps }) => ({ title, steps: [...steps] }))
        : [],
  };
}
