import { Type, type Static } from "typebox";
import { IdSchema, Nullable, TimeSchema } from "./common.ts";

/**
 * Families of events; an endpoint subscribes to a family (`sale.*`) or to one kind of event (`sale.paid`).
 */
export const WEBHOOK_FAMILIES = [
  "payment",
  "sale",
  "refund",
  "case",
  "wallet",
  "statement",
  "settlement_case",
  "endpoint",
] as const;

/**
 * When a delivery is tried, in seconds after the first try, over 72 hours. Each wait varies by up to a tenth.
 */
export const WEBHOOK_TRIES_AT_S = [
  0, 5, 60, 300, 1_200, 3_600, 7_200, 14_400, 28_800, 57_600, 100_800, 172_800, 259_200,
] as const;

const Url = Type.String({
  minLength: 1,
  maxLength: 2_000,
  examples: ["https://toko.contoh.invalid/webhooks/onegate"],
  description: "https, to an address on the public internet; port 80, 443 or above 1023; no user name",
});
const Description = Type.String({ maxLength: 200 });
const Topics = Type.Array(
  Type.String({ maxLength: 64, pattern: `^(${WEBHOOK_FAMILIES.join("|")})\\.(\\*|[a-z_]+(\\.[a-z_]+)*)$` }),
  {
    minItems: 1,
    maxItems: 50,
    uniqueItems: true,
    examples: [["sale.*", "payment.succeeded"]],
  },
);

/** `POST /api/v1/webhooks/endpoints`. */
export const NewEndpointSchema = Type.Object(
  { url: Url, description: Type.Optional(Description), topics: Topics },
  { additionalProperties: false },
);
export type NewEndpointBody = Static<typeof NewEndpointSchema>;

/** `PATCH /api/v1/webhooks/endpoints/:id`. When it is reactivated, waiting deliveries are sent. */
export const EndpointChangeSchema = Type.Object(
  {
    url: Type.Optional(Url),
    description: Type.Optional(Description),
    topics: Type.Optional(Topics),
    state: Type.Optional(Type.Enum(["active", "disabled"])),
  },
  { additionalProperties: false, minProperties: 1 },
);
export type EndpointChangeBody = Static<typeof EndpointChangeSchema>;

const endpoint = {
  id: IdSchema,
  url: Type.String(),
  description: Type.String(),
  topics: Type.Array(Type.String()),
  state: Type.Enum(["active", "disabled"]),
  reason: Nullable(
    Type.Enum(["asked", "gone", "failing"], {
      description: "why it is disabled: on request, after a 410 Gone, or after a day of nothing but failures",
    }),
  ),
  failing_since: Nullable(TimeSchema),
  old_secret_until: Nullable(
    Type.String({
      format: "date-time",
      description: "until then deliveries are signed with the previous secret too",
    }),
  ),
  created_by: Type.String({ description: "`staff:` and an id, or `sandbox`" }),
  created_at: TimeSchema,
};
export const EndpointSchema = Type.Object(endpoint);
export type EndpointBody = Static<typeof EndpointSchema>;

export const EndpointWithSecretSchema = Type.Object({
  ...endpoint,
  secret: Type.String({ description: "shown only now; `whsec_` and base64" }),
});
export type EndpointWithSecretBody = Static<typeof EndpointWithSecretSchema>;

const delivery = {
  id: IdSchema,
  endpoint_id: IdSchema,
  message_id: Type.String({ description: "the webhook-id header; the same in every try" }),
  type: Type.String({ examples: ["sale.paid"] }),
  state: Type.Enum(["pending", "failed", "delivered", "dead"], {
    description: "pending: not tried yet; failed: will be retried; dead: given up unless it is replayed",
  }),
  tries: Type.Integer(),
  next_try_at: Nullable(TimeSchema),
  last_status: Nullable(Type.Integer()),
  last_error: Nullable(Type.String({ description: "address, connection, tls, timeout, redirect or status" })),
  last_ms: Nullable(Type.Integer()),
  created_at: TimeSchema,
  delivered_at: Nullable(TimeSchema),
};
export const DeliverySchema = Type.Object(delivery);
export type DeliveryBody = Static<typeof DeliverySchema>;

export const DeliveryPageSchema = Type.Object({
  deliveries: Type.Array(DeliverySchema),
  next: Nullable(Type.String({ description: "pass it as `before` for the next page" })),
});

export const DeliveryWithTriesSchema = Type.Object({
  ...delivery,
  body: Type.String({ description: "exactly what is sent" }),
  tried: Type.Array(
    Type.Object({
      try: Type.Integer(),
      sent_at: TimeSchema,
      status: Nullable(Type.Integer()),
      error: Nullable(Type.String()),
      ms: Nullable(Type.Integer()),
      answer: Nullable(Type.String({ description: "the first 500 bytes of the answer, masked" })),
    }),
    { description: "newest first, at most 50" },
  ),
});
export type DeliveryWithTriesBody = Static<typeof DeliveryWithTriesSchema>;

/** `POST /api/v1/webhooks/endpoints/:id/replay`. */
export const ReplaySchema = Type.Object(
  {
    since: Type.String({ format: "date-time", description: "replays events from then on" }),
    only: Type.Optional(Type.Enum(["undelivered", "all"], { description: "default: undelivered" })),
  },
  { additionalProperties: false },
);
export type ReplayBody = Static<typeof ReplaySchema>;
export const ReplayedSchema = Type.Object({
  replayed: Type.Integer(),
  more: Type.Boolean({ description: "whether there are more; repeat the request" }),
});
