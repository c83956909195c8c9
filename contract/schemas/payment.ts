import { Type, type Static } from "typebox";
import { NOT_BLANK, Nullable, ProblemSchema } from "./common.ts";

const Fee = Type.Object({ flat: Type.Number(), percent: Type.Number() });

/** A row of `GET /api/v1/payment/get-payment-channel`; amounts are whole rupiah, as a client of Tripay expects. */
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
        "the refusal that a payment on this channel meets in production, such as `qris_surcharge_forbidden`",
    }),
  ),
});

/** How to pay, step by step, as plain text. */
export const InstructionSchema = Type.Object({ title: Type.String(), steps: Type.Array(Type.String()) });

/** A row of `GET /api/v1/payment/fee-calculator`, whole rupiah: what one sum costs by a channel, and who bears it. */
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

/** The seed paths answer in the envelope that clients of Tripay know. */
export const Envelope = <T extends Parameters<typeof Nullable>[0]>(data: T) =>
  Type.Object({ success: Type.Boolean(), message: Type.String(), data });

/** `POST /api/v1/payment/create-transaction`: what is being bought. */
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
        description: "`08…` and `62…` are `+62…`; another country's begins with `+`",
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
        description: "channel code, such as QRIS2; QRIS takes the best of all providers",
      }),
    ),
    payment_method: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 32,
        description: "`method` as answers name it; one of the two",
      }),
    ),
    amount: Type.Optional(
      Type.Union([Type.String({ maxLength: 40 }), Type.Number()], {
        description: "A part of what is still to be paid; without it, all of it",
      }),
    ),
  },
  { additionalProperties: false },
);

/** An order with its newest payment, as the seed paths answer it. */
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
      instructions: Type.Array(InstructionSchema, { description: "While it is to be paid" }),
    }),
  ),
});
export type OrderBody = Static<typeof OrderSchema>;

/** Asks for a payment, or a part of it, to be given back. */
export const NewRefundSchema = Type.Object(
  {
    amount: Type.Optional(
      Type.Union([Type.String({ maxLength: 40 }), Type.Number()], {
        description: "Without it, all that is left",
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
    description: "who gives the money: the bank, once the provider has said no",
  }),
  decided_by: Nullable(Type.String({ description: "who said that it is done or given up" })),
  note: Nullable(Type.String({ description: "why the provider said no, or why it was given up" })),
  created_at: Type.String(),
});
export type RefundBody = Static<typeof RefundSchema>;

/** A person's word on a refund that waits for one. */
export const RefundDecisionSchema = Type.Union([
  Type.Object(
    {
      done: Type.Literal(true),
      reference: Type.String({ minLength: 1, maxLength: 80 }),
      from: Type.Optional(
        Type.Enum(["provider", "bank"], {
          description:
            "who gave the money; without it, the bank where the provider said no, otherwise the provider",
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

/** Money that fits no payment as agreed, until somebody applies it to an order or gives it back. */
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

/** Money of a payment that its provider took back after success, until somebody says how it ended. */
export const DisputeSchema = Type.Object({
  dispute_id: Type.String(),
  payment_id: Type.String(),
  order_id: Type.String(),
  case_id: Nullable(
    Type.String({ description: "the case of the money in suspense, where it is that in whole" }),
  ),
  provider: Type.String(),
  reference: Type.String(),
  amount: Type.String({
    description: "what is disputed of the payment; with its refunds never more than was paid",
  }),
  beyond: Type.String({ description: "what the provider took beyond that; it stands in suspense" }),
  fee: Type.String({ description: "what the provider kept for a lost one" }),
  currency: Type.String(),
  state: Type.Enum(["opened", "won", "lost"]),
  reason: Type.String(),
  evidence_until: Nullable(
    Type.String({ description: "by when the provider wants evidence, where somebody has noted it" }),
  ),
  note: Nullable(Type.String()),
  decided_by: Nullable(Type.String()),
  opened_at: Type.String(),
  decided_at: Nullable(Type.String()),
});
export type DisputeBody = Static<typeof DisputeSchema>;

/** How a dispute ended, as the provider's letter says. */
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
          description: "what the provider keeps besides",
        }),
      ),
      note: Type.String({ minLength: 1, maxLength: 300 }),
    },
    { additionalProperties: false },
  ),
]);

/** One payment of an order, with why its provider was chosen. */
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
      description: "of a payment by a shop's printed code: whether anything but the cashier's word shows it",
    }),
  ),
  routing: Type.Array(
    Type.Object({
      provider: Type.String(),
      channel: Type.String(),
      fee: Type.String({ description: "in all, minor units" }),
      chosen: Type.Boolean(),
      why: Type.String(),
    }),
  ),
  refunds: Type.Array(RefundSchema),
  disputes: Type.Array(DisputeSchema),
});

/** `POST /payments` of the gateway: moves value between two accounts of the wallet, once per `id`. */
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
/** Many transfers in one request, each under its own id; a refused one leaves the others as they are. */
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
    { description: "One result an item, in the order of the request" },
  ),
});
export const BalanceSchema = Type.Object({
  account: Type.String(),
  currency: Type.String(),
  balance: Type.String(),
  held: Type.String(),
  available: Type.String(),
});
