import type { Id } from "@onegate/contract";
import type { Consumer, OutboxEvent } from "../../kernel/index.ts";
import { AUDIT } from "./announce-audit.ts";
import { hashOf, NO_HASH, type AuditEntry } from "./entry.ts";
import { insertEntries, selectNewest, selectTimes } from "./store.ts";

/**
 * Appends announced facts to the merchants' trails, in the outbox's order. Only the holder of the consumer's
 * cursor appends, so the numbers have no gaps, and no other transaction waits for the head of a chain.
 */
export const auditTrail: Consumer = {
  name: "identity:audit",
  topics: [AUDIT],
  atOnce: 200,
  async handle(tx, events) {
    const audited = events.filter(({ topic }) => topic.startsWith(AUDIT));
    for (const [merchantId, merchantEvents] of Map.groupBy(audited, (event) => event.merchantId)) {
      const times = await selectTimes(
        tx,
        merchantId,
        merchantEvents.map(({ cursor }) => cursor.eventId),
      );
      let newest = (await selectNewest(tx, merchantId)) ?? { seq: 0, hash: NO_HASH };
      const entries = merchantEvents.map((event) => {
        const at = times.get(event.cursor.eventId);
        if (at === undefined) throw new Error("the time of an event is missing");
        const entry = entryOf(merchantId, event, at, newest);
        newest = entry;
        return entry;
      });
      await insertEntries(tx, merchantId, entries);
    }
  },
};

type Payload = Pick<
  AuditEntry,
  "actor" | "device_id" | "outlet_id" | "address" | "request_id" | "count" | "before" | "after"
>;

function entryOf(
  merchantId: Id,
  { topic, subject, payload }: OutboxEvent,
  at: string,
  before: { seq: number; hash: string },
): AuditEntry {
  const content = payload as Payload;
  const entry = {
    merchant_id: merchantId,
    seq: before.seq + 1,
    at,
    action: topic.slice(AUDIT.length),
    subject,
    actor: content.actor,
    device_id: content.device_id,
    outlet_id: content.outlet_id,
    address: content.address,
    request_id: content.request_id,
    count: content.count,
    before: content.before,
    after: content.after,
    previous_hash: before.hash,
  };
  return { ...entry, hash: hashOf(entry) };
}
