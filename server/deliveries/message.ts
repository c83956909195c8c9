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

/** What the topics begin with that endpoints may listen to. */
export const DELIVERED = WEBHOOK_FAMILIES.map((family) => `${family}.`);

/** Whether an endpoint that listens to `wanted` (`sale.paid`, `sale.*`) hears of a topic. */
export function listensTo(wanted: readonly string[], topic: string): boolean {
  return wanted.some((one) => (one.endsWith(".*") ? topic.startsWith(one.slice(0, -1)) : one === topic));
}

/**
 * The fields of events that leave the house. Whatever an event says besides, such as a name, a note or a telephone number, stays
 * here: a field is shown because it stands in this list, never because nobody thought of it.
 */
const SHOWN: ReadonlySet<string> = new Set([
  // what it is about
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
  // what became of it
  "state",
  "status",
  "reason",
  "method",
  "channel",
  "provider",
  "kind",
  "lines",
  "quantity",
  // when
  "business_date",
  "hour",
  "paid_at",
  "expires_at",
  "refunded_at",
]);
/** Sums, which events tell in minor units and the API in its own form. One whose event names no currency is left out: a guess could be wrong. */
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
  readonly messageId: string /** Begins with the moment of the event. */;
  readonly id: Id;
  readonly topic: string;
  readonly body: string;
};

/** An event as it is sent, by the Standard Webhooks specification: the same event is the same message, byte by byte. */
export function toMessage(
  event: Pick<OutboxEvent, "merchantId" | "cursor" | "topic" | "subject" | "payload" | "occurredAt">,
): Message {
  const when = event.occurredAt.toISOString();
  // with the moment, because a restored database hands its numbers out again
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
