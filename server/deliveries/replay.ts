import { refuse, type Id, type Refusal } from "@onegate/contract";
import { inTransaction } from "../kernel/index.ts";
import type { Deliveries } from "./context.ts";
import { nextDelivery, type Delivery, type DeliveryState } from "./delivery.ts";
import { restartDelivery, restartDeliveries, selectDelivery, selectEndpoint } from "./store.ts";
import { wake } from "./wake.ts";

/** Deliveries per call, which is one transaction. */
const MAX_PER_CALL = 10_000;

const STATES = {
  undelivered: ["failed", "dead"],
  all: ["failed", "dead", "delivered"],
} as const satisfies Record<string, readonly DeliveryState[]>;

/**
 * Sends a delivery again under its id, from the first step of the schedule. A pending delivery stays as it
 * is: it will be sent anyway. Refuses `delivery_unknown`, `endpoint_disabled`.
 */
export async function replayDelivery(
  { database }: Deliveries,
  merchantId: Id,
  deliveryId: Id,
): Promise<Delivery | Refusal> {
  return inTransaction(database, async (tx) => {
    const delivery = await selectDelivery(tx, merchantId, deliveryId, "for update of d");
    if (!delivery) return refuse("delivery_unknown");
    const endpoint = await selectEndpoint(tx, merchantId, delivery.endpointId);
    if (endpoint?.state !== "active") return refuse("endpoint_disabled");
    const state = nextDelivery(delivery.state, "replay");
    if (!state) return delivery;
    await restartDelivery(tx, merchantId, deliveryId, state);
    await wake(tx, endpoint);
    return (await selectDelivery(tx, merchantId, deliveryId)) ?? refuse("delivery_unknown");
  });
}

/**
 * Replays an endpoint's deliveries whose events happened since a time, oldest first. Refuses
 * `endpoint_unknown`, `endpoint_disabled`.
 */
export async function replaySince(
  { database }: Deliveries,
  merchantId: Id,
  endpointId: Id,
  since: Date,
  only: keyof typeof STATES,
): Promise<{ replayed: number; more: boolean } | Refusal> {
  return inTransaction(database, async (tx) => {
    const endpoint = await selectEndpoint(tx, merchantId, endpointId);
    if (!endpoint) return refuse("endpoint_unknown");
    if (endpoint.state !== "active") return refuse("endpoint_disabled");
    const replayed = await restartDeliveries(tx, endpoint, since, STATES[only], "pending", MAX_PER_CALL);
    if (replayed > 0) await wake(tx, endpoint);
    return { replayed, more: replayed === MAX_PER_CALL };
  });
}
