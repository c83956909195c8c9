import {
  CaseSchema,
  checkedToMinor,
  isRefusal,
  money,
  NewRefundSchema,
  PaymentSchema,
  ProblemSchema,
  RefundDecisionSchema,
  refuse,
  RefundSchema,
  toDecimal,
  type CaseBody,
  type Money,
  type Refusal,
  type RefundBody,
} from "@onegate/contract";
import { Type, type Static } from "typebox";
import { merchantOf, outletScopeOf, whoOf } from "../identity/index.ts";
import { answer, answerOnce, keyOf, type Http, type Once } from "../kernel/index.ts";
import { giveUpOrder } from "./cancel.ts";
import type { Payments } from "./context.ts";
import { disputeBody } from "./dispute-routes.ts";
import type { Dispute } from "./dispute.ts";
import { selectDisputesOf } from "./dispute-store.ts";
import { decideRefund, refundPayment } from "./give-back.ts";
import type { Payment } from "./payment.ts";
import type { Refund } from "./refund.ts";
import { selectRefund, selectRefunds } from "./refund-store.ts";
import { applyCase, refundCase } from "./settle-case.ts";
import { selectCases, selectPayment, type SuspenseCase } from "./store.ts";

const tags = ["payment"];
const service = "payments";
const OrderParams = Type.Object({ order_id: Type.String({ maxLength: 64 }) });
const IdParams = Type.Object({ id: Type.String({ format: "uuid" }) });
const problems = { "4xx": ProblemSchema, "5xx": ProblemSchema };

/** Routes for developers and operators: read, refund and cancel payments, and settle money in suspense. */
export function operatorRoutes(http: Http, payments: Payments): void {
  const { kysely } = payments.database;

  http.get(
    "/api/v1/payments/:id",
    {
      config: { right: "order.read", service },
      schema: {
        tags,
        summary: "One payment, why its provider was chosen, its refunds and disputes",
        params: IdParams,
        response: { 200: PaymentSchema, ...problems },
      },
    },
    async (request, reply) => {
      const payment = await selectPayment(kysely, merchantOf(request), request.params.id);
      if (!payment) return answer(request, reply, refuse("payment_unknown"));
      const { merchantId, paymentId } = payment;
      return answer(
        request,
        reply,
        paymentBody(
          payment,
          await selectRefunds(kysely, merchantId, paymentId),
          await selectDisputesOf(kysely, merchantId, paymentId),
        ),
      );
    },
  );

  http.post(
    "/api/v1/payments/:id/refunds",
    {
      config: { right: "refund.create", service },
      schema: {
        tags,
        summary: "Give a payment back, in whole or in part; once per Idempotency-Key",
        params: IdParams,
        body: NewRefundSchema,
        response: { 201: RefundSchema, ...problems },
      },
    },
    async (request, reply) => {
      const key = keyOf(request);
      if (isRefusal(key)) return answer(request, reply, key);
      const merchantId = merchantOf(request);
      const payment = await selectPayment(kysely, merchantId, request.params.id);
      if (!payment) return answer(request, reply, refuse("payment_unknown"));
      const amount = sumOf(request.body.amount, payment.amount);
      if (isRefusal(amount)) return answer(request, reply, amount);
      const done = await refundPayment(
        payments,
        whoOf(request),
        { paymentId: payment.paymentId, ...(amount ? { amount } : {}), reason: request.body.reason },
        key,
      );
      return answerOnce(request, reply, shown(done, refundBody), 201);
    },
  );

  http.get(
    "/api/v1/refunds/:id",
    {
      config: { right: "order.read", service },
      schema: { tags, summary: "One refund", params: IdParams, response: { 200: RefundSchema, ...problems } },
    },
    async (request, reply) => {
      const refund = await selectRefund(kysely, merchantOf(request), request.params.id);
      return answer(request, reply, refund ? refundBody(refund) : refuse("refund_unknown"));
    },
  );

  http.post(
    "/api/v1/refunds/:id/decision",
    {
      config: { right: "refund.decide", service },
      schema: {
        tags,
        summary: "Say that a refund which a person makes is done, or give it up",
        params: IdParams,
        body: RefundDecisionSchema,
        response: { 200: RefundSchema, ...problems },
      },
    },
    async (request, reply) => {
      const key = keyOf(request);
      if (isRefusal(key)) return answer(request, reply, key);
      return answerOnce(
        request,
        reply,
        shown(await decideRefund(payments, whoOf(request), request.params.id, request.body, key), refundBody),
      );
    },
  );

  http.post(
    "/api/v1/orders/:order_id/cancel",
    {
      config: { right: "order.cancel", service },
      schema: {
        tags,
        summary: "Give an unpaid order up, here and at the providers",
        params: OrderParams,
        response: {
          200: Type.Object({ order_id: Type.String(), status: Type.Literal("CANCELLED") }),
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const key = keyOf(request);
      if (isRefusal(key)) return answer(request, reply, key);
      return answerOnce(
        request,
        reply,
        shown(
          await giveUpOrder(payments, merchantOf(request), request.params.order_id, key),
          ({ orderId }) => ({ order_id: orderId, status: "CANCELLED" as const }),
        ),
      );
    },
  );

  http.get(
    "/api/v1/cases",
    {
      config: { right: "case.read", service },
      schema: {
        tags,
        summary: "Money in suspense",
        querystring: Type.Object({ state: Type.Optional(CaseSchema.properties.state) }),
        response: { 200: Type.Object({ cases: Type.Array(CaseSchema) }), ...problems },
      },
    },
    async (request) => ({
      cases: (
        await selectCases(
          kysely,
          merchantOf(request),
          { state: request.query.state, outletId: outletScopeOf(request) },
          500,
        )
      ).map(caseBody),
    }),
  );

  http.post(
    "/api/v1/cases/:id/apply",
    {
      config: { right: "case.settle", service },
      schema: {
        tags,
        summary: "Take money in suspense as a payment of an order",
        params: IdParams,
        body: Type.Object(
          { order_id: Type.String({ minLength: 1, maxLength: 64 }) },
          { additionalProperties: false },
        ),
        response: { 200: CaseSchema, ...problems },
      },
    },
    async (request, reply) => {
      const key = keyOf(request);
      if (isRefusal(key)) return answer(request, reply, key);
      return answerOnce(
        request,
        reply,
        shown(
          await applyCase(payments, whoOf(request), request.params.id, request.body.order_id, key),
          caseBody,
        ),
      );
    },
  );

  http.post(
    "/api/v1/cases/:id/refund",
    {
      config: { right: "case.settle", service },
      schema: {
        tags,
        summary: "Give money in suspense back",
        params: IdParams,
        body: Type.Object(
          { reason: Type.String({ minLength: 1, maxLength: 200 }) },
          { additionalProperties: false },
        ),
        response: { 200: CaseSchema, ...problems },
      },
    },
    async (request, reply) => {
      const key = keyOf(request);
      if (isRefusal(key)) return answer(request, reply, key);
      return answerOnce(
        request,
        reply,
        shown(
          await refundCase(payments, whoOf(request), request.params.id, request.body.reason, key),
          caseBody,
        ),
      );
    },
  );
}

function sumOf(unchecked: string | number | undefined, { currency }: Money): Money | undefined | Refusal {
  if (unchecked === undefined) return undefined;
  const minor = checkedToMinor(unchecked, currency);
  return isRefusal(minor) ? minor : money(minor, currency);
}

function shown<T, B>({ answer: value, replayed }: Once<T>, body: (value: T) => B): Once<B> {
  return { answer: isRefusal(value) ? value : body(value), replayed };
}

function refundBody({
  refundId,
  paymentId,
  caseId,
  orderId,
  provider,
  reference,
  amount,
  state,
  reason,
  paidFrom,
  decidedBy,
  note,
  createdAt,
}: Refund): RefundBody {
  return {
    refund_id: refundId,
    payment_id: paymentId,
    case_id: caseId,
    order_id: orderId,
    provider,
    reference,
    amount: toDecimal(amount),
    currency: amount.currency,
    state,
    reason,
    paid_from: paidFrom,
    decided_by: decidedBy,
    note,
    created_at: createdAt.toISOString(),
  };
}

function caseBody({
  caseId,
  reason,
  provider,
  reference,
  paymentId,
  amount,
  state,
  appliedTo,
  decidedBy,
  openedAt,
}: SuspenseCase): CaseBody {
  return {
    case_id: caseId,
    reason,
    provider,
    reference,
    payment_id: paymentId,
    amount: toDecimal(amount),
    currency: amount.currency,
    state,
    applied_to: appliedTo,
    decided_by: decidedBy,
    opened_at: openedAt.toISOString(),
  };
}

function paymentBody(
  {
    paymentId,
    orderId,
    method,
    channel,
    provider,
    state,
    amount,
    reference,
    expiresAt,
    paidAt,
    verification,
    routing,
  }: Payment,
  refunds: readonly Refund[],
  disputes: readonly Dispute[],
): Static<typeof PaymentSchema> {
  return {
    payment_id: paymentId,
    order_id: orderId,
    method,
    channel,
    provider,
    state,
    amount: toDecimal(amount),
    currency: amount.currency,
    reference,
    expires_at: expiresAt?.toISOString() ?? null,
    paid_at: paidAt?.toISOString() ?? null,
    verification,
    routing: [...(routing ?? [])],
    refunds: refunds.map(refundBody),
    disputes: disputes.map(disputeBody),
  };
}
