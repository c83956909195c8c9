import type { Id } from "@onegate/contract";
import type { Consumer, OutboxEvent } from "../../kernel/index.ts";
import { AUDIT } from "./announce-audit.ts";
import { hashOf, NO_HASH, type AuditEntry } from "./entry.ts";
import { insertEntries, selectNewest, selectTimes } from "./store.ts";

/**
 * Appends what was announced to the merchants' trails, in the outbox's order, which skips nothing. Whoever holds the
 * consumer's cursor is the only one who appends, so numbers have no gaps and no fact's transaction waits for a chain's head.
 */
export const auditTrail: Consumer = {
  name: "identity:audit",
  topics: [AUDIT],
  atOnce: 200,
  async handle(tx, events) {
    const audited = events.filter(({ topic }) => topic.startsWith(AUDIT));
    for (const [merchantId, theirs] of Map.groupBy(audited, (event) => event.merchantId)) {
      const times = await selectTimes(
        tx,
        merchantId,
        theirs.map(({ cursor }) => cursor.eventId),
      );
      let newest = (await selectNewest(tx, merchantId)) ?? { seq: 0, hash: NO_HASH };
      const entries = theirs.map((event) => {
        const at = times.get(event.cursor.eventId);
        if (at === undefined) throw new Error("an event that was read has its time");
        const entry = entryOf(merchantId, event, at, newest);
        newest = entry;
        return entry;
      });
      await insertEntries(tx, merchantId, entries);
    }
  },
};

type Told = Pick<
  AuditEntry,
  "actor" | "device_id" | "outlet_id" | "address" | "request_id" | "count" | "before" | "after"
>;

function entryOf(
  merchantId: Id,
  { topic, subject, payload }: OutboxEvent,
  at: string,
  before: { seq: number; hash: string },
): AuditEntry {
  const told = payload as Told;
  const entry = {
    merchant_id: merchantId,
    seq: before.seq + 1,
    at,
    action: topic.slice(AUDIT.length),
    subject,
    actor: told.actor,
    device_id: told.device_id,
    outlet_id: told.outlet_id,
    address: told.address,
    request_id: told.request_id,
    count: told.count,
    before: told.before,
    after: told.after,
    previous_hash: before.hash,
  };
  return { ...entry, hash: hashOf(entry) };
}
