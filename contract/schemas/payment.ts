import { Type, type Static } from "typebox";
import { NOT_BLANK, Nullable, ProblemSchema } from "./common.ts";

const Fee = Type.Object({ flat: Type.Number(), percent: Type.Number() });

/**
 * A row of `GET /api/v1/payment/get-payment-channel`; amounts are whole rupiah, as clients of Tripay expect.
 */
export const ChannelSchema = Type.Object({
  group: Type.String(),
  code: Type.String(),
  name: Type.String(),
  type: Type.Union([Type.Literal("direct"), Type.Literal("redirect")]),
  fee_merchant: Fee,
  fee_customer: Fee,
  total_fee: Fee,
  minimum_fee: Nullable(Type.Number()),
  maximum_fee: Nullable(Type.Number()),
  minimum_amount: Type.Number(),
  maximum_amount: Type.Number(),
  icon_url: Type.String(),
  active: Type.Boolean(),
  warning: Type.Optional(
    Type.String({
      description:
        "the refusal of payments on this channel in production, such as `qris_surcharge_forbidden`",
    }),
  ),
});

/** How to pay, step by step, as plain text. */
export const InstructionSchema = Type.Object({ title: Type.String(), steps: Type.Array(Type.String()) });

/**
 * A row of `GET /api/v1/payment/fee-calculator`, in whole rupiah: a channel's fees for one amount, and who
 * pays them.
 */
export const ChannelFeesSchema = Type.Object({
  code: Type.String(),
  name: Type.String(),
  fee: Type.Object({
    flat: Type.Number(),
    percent: Type.Number(),
    min: Nullable(Type.Number()),
    max: Nullable(Type.Number()),
  }),
  total_fee: Type.Object({ merchant: Type.Number(), customer: Type.Number() }),
});

/** The seed paths answer in the envelope that clients of Tripay expect. */
export const Envelope = <T extends Parameters<typeof Nullable>[0]>(data: T) =>
  Type.Object({ success: Type.Boolean(), message: Type.String(), data });

/** `POST /api/v1/payment/create-transaction`: creates an order. */
export const NewOrderSchema = Type.Object(
  {
    order_id: Type.String({ minLength: 1, maxLength: 64, pattern: "^[A-Za-z0-9._:-]+$" }),
    amount: Type.Union([Type.String({ maxLength: 40 }), Type.Number()]),
    currency: Type.Optional(Type.String({ maxLength: 8 })),
    customer_name: Type.String({ minLength: 1, maxLength: 100, pattern: NOT_BLANK }),
    customer_email: Type.Optional(Type.String({ maxLength: 254, pattern: "^[^@\\s]+@[^@\\s]+$" })),
    customer_phone: Type.Optional(
      Type.String({
        maxLength: 40,
        examples: ["+6281200000001"],
        description: "`08…` and `62…` become `+62…`; a number of another country begins with `+`",
      }),
    ),
    order_items: Type.Array(
      Type.Object(
        {
          sku: Type.Optional(Type.String({ maxLength: 64 })),
          name: Type.String({ minLength: 1, maxLength: 200, pattern: NOT_BLANK }),
          price: Type.Union([Type.String({ maxLength: 40 }), Type.Number()]),
          quantity: Type.Integer({ minimum: 1, maximum: 100_000 }),
        },
        { additionalProperties: false },
      ),
      { minItems: 1, maxItems: 500 },
    ),
  },
  { additionalProperties: false },
);
export type NewOrderBody = Static<typeof NewOrderSchema>;

/** `POST /api/v1/payment/create-payment`. */
export const NewPaymentSchema = Type.Object(
  {
    order_id: Type.String({ minLength: 1, maxLength: 64 }),
    method: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 32,
        description: "channel code, such as QRIS2; QRIS picks the best provider",
      }),
    ),
    payment_method: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 32,
        description: "the same as `method`, as responses spell it; send one of the two",
      }),
    ),
    amount: Type.Optional(
      Type.Union([Type.String({ maxLength: 40 }), Type.Number()], {
        description: "A part of the remaining amount; default: all of it",
      }),
    ),
  },
  { additionalProperties: false },
);

/** An order with its newest payment, in the form of the seed paths. */
export const OrderSchema = Type.Object({
  order_id: Type.String(),
  status: Type.Enum(["UNPAID", "PARTIAL", "PAID", "EXPIRED", "FAILED", "CANCELLED", "UNKNOWN"]),
  paid_amount: Type.Number(),
  refunded_amount: Type.Number(),
  amount: Type.Number({ description: "whole rupiah" }),
  currency: Type.String(),
  customer_name: Type.String(),
  order_items: Type.Array(
    Type.Object({
      sku: Nullable(Type.String()),
      name: Type.String(),
      price: Type.Number(),
      quantity: Type.Integer(),
      subtotal: Type.Number(),
    }),
  ),
  created_at: Type.String(),
  paid_at: Nullable(Type.String()),
  payment: Nullable(
    Type.Object({
      payment_id: Type.String(),
      reference: Nullable(Type.String()),
      payment_method: Type.String(),
      payment_name: Type.String(),
      status: Type.String(),
      amount: Type.Number(),
      fee_merchant: Type.Number(),
      fee_customer: Type.Number(),
      total_fee: Type.Number(),
      amount_received: Type.Number(),
      pay_code: Nullable(Type.String()),
      checkout_url: Nullable(Type.String()),
      qr_string: Nullable(Type.String()),
      qr_image: Nullable(Type.String({ description: "data: URL of an SVG" })),
      expired_time: Type.Integer({ description: "Unix seconds" }),
      instructions: Type.Array(InstructionSchema, { description: "while the payment is open" }),
    }),
  ),
});
export type OrderBody = Static<typeof OrderSchema>;

/** Requests a full or partial refund of a payment. */
export const NewRefundSchema = Type.Object(
  {
    amount: Type.Optional(
      Type.Union([Type.String({ maxLength: 40 }), Type.Number()], {
        description: "default: all that is left to refund",
      }),
    ),
    reason: Type.String({ minLength: 1, maxLength: 200 }),
  },
  { additionalProperties: false },
);
export const RefundSchema = Type.Object({
  refund_id: Type.String(),
  payment_id: Nullable(Type.String()),
  case_id: Nullable(Type.String()),
  order_id: Nullable(Type.String()),
  provider: Type.String(),
  reference: Nullable(Type.String()),
  amount: Type.String(),
  currency: Type.String(),
  state: Type.Enum(["created", "pending", "unknown", "manual", "succeeded", "failed"]),
  reason: Type.String(),
  paid_from: Type.Enum(["provider", "bank"], {
    description: "who pays the refund: the merchant's bank once the provider has refused it",
  }),
  decided_by: Nullable(Type.String({ description: "who marked it as done or given up" })),
  note: Nullable(Type.String({ description: "why the provider refused it, or why it was given up" })),
  created_at: Type.String(),
});
export type RefundBody = Static<typeof RefundSchema>;

/** A person's decision on a manual refund. */
export const RefundDecisionSchema = Type.Union([
  Type.Object(
    {
      done: Type.Literal(true),
      reference: Type.String({ minLength: 1, maxLength: 80 }),
      from: Type.Optional(
        Type.Enum(["provider", "bank"], {
          description:
            "who paid the refund; default: the bank if the provider refused it, otherwise the provider",
        }),
      ),
    },
    { additionalProperties: false },
  ),
  Type.Object(
    { done: Type.Literal(false), note: Type.String({ minLength: 1, maxLength: 300 }) },
    { additionalProperties: false },
  ),
]);

/** Unmatched money, until a person applies it to an order or refunds it. */
export const CaseSchema = Type.Object({
  case_id: Type.String(),
  reason: Type.Enum(["late", "short", "over", "orphan", "double"]),
  provider: Type.String(),
  reference: Type.String(),
  payment_id: Nullable(Type.String()),
  amount: Type.String(),
  currency: Type.String(),
  state: Type.Enum(["open", "applied", "refunding", "refunded"]),
  applied_to: Nullable(Type.String()),
  decided_by: Nullable(Type.String()),
  opened_at: Type.String(),
});
export type CaseBody = Static<typeof CaseSchema>;

/** Money of a succeeded payment that its provider took back, until a person records the outcome. */
export const DisputeSchema = Type.Object({
  dispute_id: Type.String(),
  payment_id: Type.String(),
  order_id: Type.String(),
  case_id: Nullable(Type.String({ description: "the suspense case, if all of the money was in suspense" })),
  provider: Type.String(),
  reference: Type.String(),
  amount: Type.String({
    description: "the disputed part of the payment; together with its refunds never more than was paid",
  }),
  beyond: Type.String({ description: "what the provider took beyond that; it is in suspense" }),
  fee: Type.String({ description: "the provider's fee for a lost dispute" }),
  currency: Type.String(),
  state: Type.Enum(["opened", "won", "lost"]),
  reason: Type.String(),
  evidence_until: Nullable(
    Type.String({ description: "the provider's deadline for evidence, if a person recorded it" }),
  ),
  note: Nullable(Type.String()),
  decided_by: Nullable(Type.String()),
  opened_at: Type.String(),
  decided_at: Nullable(Type.String()),
});
export type DisputeBody = Static<typeof DisputeSchema>;

/** The outcome of a dispute, as the provider reported it. */
export const VerdictSchema = Type.Union([
  Type.Object(
    { outcome: Type.Literal("won"), note: Type.String({ minLength: 1, maxLength: 300 }) },
    { additionalProperties: false },
  ),
  Type.Object(
    {
      outcome: Type.Literal("lost"),
      fee: Type.Optional(
        Type.Union([Type.String({ maxLength: 40 }), Type.Number()], {
          description: "the provider's additional fee",
        }),
      ),
      note: Type.String({ minLength: 1, maxLength: 300 }),
    },
    { additionalProperties: false },
  ),
]);

/** A payment of an order, with the reasons for the choice of its provider. */
export const PaymentSchema = Type.Object({
  payment_id: Type.String(),
  order_id: Type.String(),
  method: Type.String(),
  channel: Type.String(),
  provider: Type.String(),
  state: Type.Enum(["created", "pending", "unknown", "succeeded", "expired", "failed", "cancelled"]),
  amount: Type.String(),
  currency: Type.String(),
  reference: Nullable(Type.String()),
  expires_at: Nullable(Type.String()),
  paid_at: Nullable(Type.String()),
  verification: Nullable(
    Type.Enum(["unverified", "verified", "lost"], {
      description: "only for payments by a printed code: whether a statement has confirmed the payment",
    }),
  ),
  routing: Type.Array(
    Type.Object({
      provider: Type.String(),
      channel: Type.String(),
      fee: Type.String({ description: "total fee in minor units" }),
      chosen: Type.Boolean(),
      why: Type.String(),
    }),
  ),
  refunds: Type.Array(RefundSchema),
  disputes: Type.Array(DisputeSchema),
});

/** `POST /payments` of the gateway: moves money between two wallet accounts, once per `id`. */
export const TransferInSchema = Type.Object(
  {
    id: Type.String({ minLength: 1, maxLength: 64, pattern: "^[A-Za-z0-9._:-]+$" }),
    currency: Type.String({ maxLength: 8 }),
    amount: Type.Union([Type.String({ maxLength: 40 }), Type.Number()]),
    source_account: Type.String({ minLength: 1, maxLength: 64 }),
    destination_account: Type.String({ minLength: 1, maxLength: 64 }),
  },
  { additionalProperties: false },
);
export const TransferOutSchema = Type.Object({
  id: Type.String(),
  status: Type.Literal("SUCCESS"),
  currency: Type.String(),
  amount: Type.String(),
  source_account: Type.String(),
  destination_account: Type.String(),
  transfer_id: Type.String(),
});
/** Many transfers in one request, each with its own id; a refused one does not affect the others. */
export const TransferBatchInSchema = Type.Object(
  { transfers: Type.Array(TransferInSchema, { minItems: 1, maxItems: 1_000 }) },
  { additionalProperties: false },
);
export const TransferBatchOutSchema = Type.Object({
  results: Type.Array(
    Type.Object({
      id: Type.String(),
      status: Type.Union([Type.Literal("SUCCESS"), Type.Literal("REFUSED")]),
      transfer_id: Type.Optional(Type.String()),
      replayed: Type.Optional(Type.Boolean({ description: "It was posted by an earlier request" })),
      problem: Type.Optional(ProblemSchema),
    }),
    { description: "One result for each item, in the order of the request" },
  ),
});
export const BalanceSchema = Type.Object({
  account: Type.String(),
  currency: Type.String(),
  balance: Type.String(),
  held: Type.String(),
  available: Type.String(),
});
