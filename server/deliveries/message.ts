import {
  checkedToCurrency,
  money,
  toWire,
  uuidv7,
  WEBHOOK_FAMILIES,
  type Currency,
  type Id,
} from "@onegate/contract";
import { createHash } from "node:crypto";
import { cursorToText, derivedAt, type OutboxEvent } from "../kernel/index.ts";

/** Prefixes of the topics that endpoints may listen to. */
export const DELIVERED = WEBHOOK_FAMILIES.map((family) => `${family}.`);

/** Whether an endpoint's subscriptions (`sale.paid`, `sale.*`) include a topic. */
export function listensTo(subscribed: readonly string[], topic: string): boolean {
  return subscribed.some((pattern) =>
    pattern.endsWith(".*") ? topic.startsWith(pattern.slice(0, -1)) : pattern === topic,
  );
}

/**
 * The event fields that webhooks may contain. Every other field, such as a name, a note or a telephone
 * number, is left out, so a new field is private until it is added here.
 */
const SHOWN: ReadonlySet<string> = new Set([
  // subjects
  "order_id",
  "payment_id",
  "sale_id",
  "refund_id",
  "return_id",
  "dispute_id",
  "case_id",
  "transfer_id",
  "outlet_id",
  "product_id",
  "endpoint_id",
  "account_id",
  "statement_id",
  "reference",
  "receipt_number",
  // outcomes
  "state",
  "status",
  "reason",
  "method",
  "channel",
  "provider",
  "kind",
  "lines",
  "quantity",
  // times
  "business_date",
  "hour",
  "paid_at",
  "expires_at",
  "refunded_at",
]);
/**
 * Amounts. Events hold them in minor units; the API sends them in its wire form. An amount is left out when
 * its event names no currency, because a guess could be wrong.
 */
const SUMS: ReadonlySet<string> = new Set(["amount", "gross", "tax", "fee", "net"]);
const MINOR = /^-?[0-9]{1,18}$/;

function shown(value: unknown, currency: Currency | undefined): unknown {
  if (Array.isArray(value)) return value.map((one) => shown(one, currency));
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).flatMap(([name, field]: [string, unknown]) => {
    if (SHOWN.has(name)) return [[name, shown(field, currency)]];
    const isSum = SUMS.has(name) && typeof field === "string" && MINOR.test(field);
    return isSum && currency ? [[name, toWire(money(BigInt(field), currency))]] : [];
  });
  return Object.fromEntries(fields) as Record<string, unknown>;
}

export type Message = {
  readonly messageId: string;
  /** A UUIDv7 with the time of the event. */
  readonly id: Id;
  readonly topic: string;
  readonly body: string;
};

/**
 * An event as a message of the Standard Webhooks specification. The same event always gives the same bytes.
 */
export function toMessage(
  event: Pick<OutboxEvent, "merchantId" | "cursor" | "topic" | "subject" | "payload" | "occurredAt">,
): Message {
  const when = event.occurredAt.toISOString();
  // includes the time, because a restored database issues the same cursors again
  const bytes = createHash("sha256")
    .update([event.merchantId, cursorToText(event.cursor), when].join(" "))
    .digest();
  const fields: Readonly<Record<string, unknown>> = event.payload;
  const data = { id: event.subject, ...(shown(fields, checkedToCurrency(fields["currency"])) as object) };
  return messageOf(uuidv7(event.occurredAt.getTime(), bytes), event.topic, when, data);
}

export function messageOf(
  id: Id,
  topic: string,
  when: string,
  data: Readonly<Record<string, unknown>>,
): Message {
  return {
    id,
    messageId: `msg_${id.replaceAll("-", "")}`,
    topic,
    body: JSON.stringify({ type: topic, timestamp: when, data }),
  };
}

/** The id of a message's delivery to one endpoint. */
export function deliveryIdOf(message: Pick<Message, "id">, endpointId: Id): Id {
  return derivedAt(message.id, "delivery", endpointId);
}
