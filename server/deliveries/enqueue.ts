import type { Id } from "@onegate/contract";
import { type Consumer, type OutboxEvent, type Tx } from "../kernel/index.ts";
import { DELIVERED, deliveryIdOf, listensTo, toMessage } from "./message.ts";
import { insertDeliveries, selectListeners, type NewDelivery } from "./store.ts";
import { wake } from "./wake.ts";

/** Events per transaction; each may go to many endpoints. */
const BATCH_SIZE = 100;

/**
 * Inserts a delivery for each event and each endpoint that listens to it, and wakes those endpoints, in the
 * transaction that read the events.
 */
export const deliver: Consumer = {
  name: "deliveries",
  topics: DELIVERED,
  atOnce: BATCH_SIZE,
  async handle(tx, events) {
    const deliverable = events.filter(({ topic }) => DELIVERED.some((prefix) => topic.startsWith(prefix)));
    if (deliverable.length > 0) await enqueue(tx, deliverable);
  },
};

async function enqueue(tx: Tx, events: readonly OutboxEvent[]): Promise<void> {
  const listeners = Map.groupBy(
    await selectListeners(tx, [...new Set(events.map(({ merchantId }) => merchantId))]),
    ({ merchantId }) => merchantId,
  );
  const deliveries: NewDelivery[] = [];
  const awake = new Map<Id, Id>();
  for (const event of events) {
    // an endpoint gets no events from before its creation
    const mine = (listeners.get(event.merchantId) ?? []).filter(
      ({ topics, createdAt }) => listensTo(topics, event.topic) && event.occurredAt >= createdAt,
    );
    if (mine.length === 0) continue;
    const message = toMessage(event);
    for (const { merchantId, endpointId, state, isResting } of mine) {
      deliveries.push({ merchantId, endpointId, deliveryId: deliveryIdOf(message, endpointId), message });
      if (state === "active" && !isResting) awake.set(endpointId, merchantId);
    }
  }
  if (deliveries.length === 0) return;
  await insertDeliveries(tx, deliveries);
  for (const [endpointId, merchantId] of awake) await wake(tx, { merchantId, endpointId });
}
