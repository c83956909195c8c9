import { Type, type Static } from "typebox";
import { IdSchema, Nullable } from "./common.ts";

const Amount = Nullable(
  Type.String({ maxLength: 40, description: "decimal text, rupiah", examples: ["500000.00"] }),
);
const Time = Nullable(
  Type.String({
    pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]$",
    description: "in the zone of the first outlet",
    examples: ["17:00"],
  }),
);

const rule = {
  rank: Type.Integer({
    minimum: 0,
    maximum: 1_000_000,
    description: "rules are evaluated from the lowest rank; the first that matches decides",
  }),
  method: Nullable(Type.Enum(["QRIS", "EWALLET", "VIRTUAL_ACCOUNT", "STORE", "WALLET"])),
  amount_from: Amount,
  amount_to: Amount,
  time_from: Time,
  time_to: Time,
  providers: Type.Array(Type.String({ pattern: "^[a-z_]{1,20}$" }), {
    minItems: 1,
    maxItems: 20,
    uniqueItems: true,
    description: "tried in this order, before the providers that are not listed",
  }),
  active: Type.Boolean(),
};

/**
 * Which providers are tried first for a payment. `null` matches everything; 22:00 to 04:00 spans midnight.
 */
export const RoutingRuleSchema = Type.Object({ id: IdSchema, ...rule });
export type RoutingRuleBody = Static<typeof RoutingRuleSchema>;

const changes = Type.Partial(Type.Object(rule)).properties;

export const NewRoutingRuleSchema = Type.Object(
  { ...changes, rank: rule.rank, providers: rule.providers },
  { additionalProperties: false },
);
export type NewRoutingRuleBody = Static<typeof NewRoutingRuleSchema>;

export const RoutingRuleChangeSchema = Type.Object(changes, {
  additionalProperties: false,
  minProperties: 1,
});
export type RoutingRuleChangeBody = Static<typeof RoutingRuleChangeSchema>;

/** `GET /api/v1/routing/preview`: the channels that would be tried for a payment now, best first. */
export const RoutingPreviewSchema = Type.Object({
  candidates: Type.Array(
    Type.Object({
      provider: Type.String(),
      channel: Type.String(),
      fee: Type.String({ description: "of merchant and customer, minor units" }),
      chosen: Type.Boolean(),
      why: Type.String(),
    }),
  ),
});
