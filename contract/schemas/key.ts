import { Type, type Static } from "typebox";
import { IdSchema, Nullable, TimeSchema } from "./common.ts";

export const KEY_SCOPES = [
  "payments.read",
  "payments.write",
  "refunds.write",
  "cases.read",
  "cases.write",
  "transfers.read",
  "transfers.write",
  "webhooks.read",
  "webhooks.write",
] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];

const Scopes = Type.Array(Type.Enum([...KEY_SCOPES]), { minItems: 1, uniqueItems: true });

/** `POST /api/v1/keys`: makes a key of the installation's mode, test in a sandbox and live in production. */
export const NewKeySchema = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    scopes: Scopes,
    expires_in_days: Type.Optional(Type.Integer({ minimum: 1, maximum: 3_650 })),
  },
  { additionalProperties: false },
);
export type NewKeyBody = Static<typeof NewKeySchema>;

const key = {
  id: IdSchema,
  name: Type.String(),
  mode: Type.Enum(["test", "live"]),
  scopes: Scopes,
  prefix: Type.String({ description: "the beginning of the key" }),
  created_at: TimeSchema,
  expires_at: Nullable(TimeSchema),
  last_used_at: Nullable(Type.String({ format: "date-time", description: "to the hour" })),
  revoked_at: Nullable(TimeSchema),
};
export const KeySchema = Type.Object(key);
export type KeyBody = Static<typeof KeySchema>;
export const KeyWithSecretSchema = Type.Object({
  ...key,
  key: Type.String({ description: "`Authorization: Bearer …`; shown this once" }),
});
export type KeyWithSecretBody = Static<typeof KeyWithSecretSchema>;
