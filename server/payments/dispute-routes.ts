import {
  checkedToMinor,
  DisputeSchema,
  isRefusal,
  money,
  ProblemSchema,
  refuse,
  toDecimal,
  VerdictSchema,
  type DisputeBody,
} from "@onegate/contract";
import { Type } from "typebox";
import { merchantOf, outletScopeOf, whoOf } from "../identity/index.ts";
import { answer, answerOnce, keyOf, type Http } from "../kernel/index.ts";
import type { Payments } from "./context.ts";
import type { Dispute } from "./dispute.ts";
import { selectDispute, selectDisputes, selectVisibleDispute } from "./dispute-store.ts";
import { noteDeadline, settleDispute } from "./settle-dispute.ts";

const tags = ["payment"];
const service = "payments";
const IdParams = Type.Object({ id: Type.String({ format: "uuid" }) });
const problems = { "4xx": ProblemSchema, "5xx": ProblemSchema };
const MAX_LISTED = 500;

/** Routes for operators: list and read disputes, note the evidence deadline, record the outcome. */
export function disputeRoutes(http: Http, payments: Payments): void {
  const { kysely } = payments.database;

  http.get(
    "/api/v1/disputes",
    {
      config: { right: "dispute.read", service },
      schema: {
        tags,
        summary: "What providers took back after success",
        querystring: Type.Object({ state: Type.Optional(DisputeSchema.properties.state) }),
        response: { 200: Type.Object({ disputes: Type.Array(DisputeSchema) }), ...problems },
      },
    },
    async (request) => ({
      disputes: (
        await selectDisputes(
          kysely,
          merchantOf(request),
          { state: request.query.state, outletId: outletScopeOf(request) },
          MAX_LISTED,
        )
      ).map(disputeBody),
    }),
  );

  http.get(
    "/api/v1/disputes/:id",
    {
      config: { right: "dispute.read", service },
      schema: {
        tags,
        summary: "One dispute",
        params: IdParams,
        response: { 200: DisputeSchema, ...problems },
      },
    },
    async (request, reply) => {
      const dispute = await selectVisibleDispute(
        kysely,
        merchantOf(request),
        request.params.id,
        outletScopeOf(request),
      );
      return answer(request, reply, dispute ? disputeBody(dispute) : refuse("dispute_unknown"));
    },
  );

  http.put(
    "/api/v1/disputes/:id/deadline",
    {
      config: { right: "dispute.settle", service },
      schema: {
        tags,
        summary: "Note by when the provider wants evidence",
        params: IdParams,
        body: Type.Object({ until: Type.String({ format: "date-time" }) }, { additionalProperties: false }),
        response: { 200: DisputeSchema, ...problems },
      },
    },
    async (request, reply) => {
      const dispute = await noteDeadline(
        payments,
        merchantOf(request),
        request.params.id,
        new Date(request.body.until),
      );
      return answer(request, reply, isRefusal(dispute) ? dispute : disputeBody(dispute));
    },
  );

  http.post(
    "/api/v1/disputes/:id/decision",
    {
      config: { right: "dispute.settle", service },
      schema: {
        tags,
        summary: "Say that a dispute is won or lost; once per Idempotency-Key",
        params: IdParams,
        body: VerdictSchema,
        response: { 200: DisputeSchema, ...problems },
      },
    },
    async (request, reply) => {
      const key = keyOf(request);
      if (isRefusal(key)) return answer(request, reply, key);
      const merchantId = merchantOf(request);
      const dispute = await selectDispute(kysely, merchantId, request.params.id);
      if (!dispute) return answer(request, reply, refuse("dispute_unknown"));
      const { outcome, note } = request.body;
      const fee =
        "fee" in request.body && request.body.fee !== undefined
          ? checkedToMinor(request.body.fee, dispute.amount.currency)
          : 0n;
      if (isRefusal(fee)) return answer(request, reply, fee);
      if (fee < 0n) return answer(request, reply, refuse("amount_not_positive"));
      const { answer: settled, replayed } = await settleDispute(
        payments,
        whoOf(request),
        dispute.disputeId,
        { outcome, fee: money(fee, dispute.amount.currency), note },
        key,
      );
      return answerOnce(request, reply, {
        answer: isRefusal(settled) ? settled : disputeBody(settled),
        replayed,
      });
    },
  );
}

export function disputeBody({
  disputeId,
  paymentId,
  orderId,
  caseId,
  provider,
  reference,
  amount,
  beyond,
  fee,
  state,
  reason,
  evidenceUntil,
  note,
  decidedBy,
  openedAt,
  decidedAt,
}: Dispute): DisputeBody {
  const text = (minor: bigint) => toDecimal(money(minor, amount.currency));
  return {
    dispute_id: disputeId,
    payment_id: paymentId,
    order_id: orderId,
    case_id: caseId,
    provider,
    reference,
    amount: toDecimal(amount),
    beyond: text(beyond),
    fee: text(fee),
    currency: amount.currency,
    state,
    reason,
    evidence_until: evidenceUntil?.toISOString() ?? null,
    note,
    decided_by: decidedBy,
    opened_at: openedAt.toISOString(),
    decided_at: decidedAt?.toISOString() ?? null,
  };
}
