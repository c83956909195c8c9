import { Type, type Static } from "typebox";
import { IdSchema, Nullable } from "./common.ts";

/** Fields by name: strings, integers, booleans, or lists of strings. */
const Change = Nullable(Type.Record(Type.String(), Type.Unknown()));

/** One line of the audit trail (docs/guides/audit.md). */
export const AuditEntrySchema = Type.Object({
  merchant_id: IdSchema,
  seq: Type.Integer({ description: "from 1, without gaps" }),
  at: Type.String({ description: "UTC, with microseconds" }),
  actor: Type.String({
    description: "a staff member's or user's id, `key:` and a key's id, `sandbox`, `anyone`, `system`",
  }),
  actor_name: Nullable(Type.String({ description: "the staff member's name today; not part of the chain" })),
  action: Type.String(),
  subject: Type.String(),
  device_id: Nullable(Type.String()),
  outlet_id: Nullable(Type.String()),
  address: Nullable(Type.String()),
  request_id: Nullable(Type.String()),
  count: Type.Integer({ description: "how often it was refused in that minute; 1 for everything else" }),
  before: Change,
  after: Change,
  previous_hash: Type.String(),
  hash: Type.String(),
});
export type AuditEntryBody = Static<typeof AuditEntrySchema>;

export const AuditPageSchema = Type.Object({
  entries: Type.Array(AuditEntrySchema),
  next: Nullable(Type.Integer({ description: "pass it as `before` for the next page" })),
});
export type AuditPageBody = Static<typeof AuditPageSchema>;
