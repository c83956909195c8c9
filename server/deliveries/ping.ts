import { refuse, type Id, type Refusal } from "@onegate/contract";
import { inTransaction } from "../kernel/index.ts";
import type { Deliveries } from "./context.ts";
import type { Delivery } from "./delivery.ts";
import { deliveryIdOf, messageOf } from "./message.ts";
import { insertDeliveries, selectDelivery, selectEndpoint } from "./store.ts";
import { wake } from "./wake.ts";

/**
 * Sends an endpoint a test message, whatever its topics are. Refuses `endpoint_unknown`, `endpoint_disabled`.
 */
export async function pingEndpoint(
  { database, clock, newId }: Deliveries,
  merchantId: Id,
  endpointId: Id,
): Promise<Delivery | Refusal> {
  return inTransaction(database, async (tx) => {
    const endpoint = await selectEndpoint(tx, merchantId, endpointId);
    if (!endpoint) return refuse("endpoint_unknown");
    if (endpoint.state !== "active") return refuse("endpoint_disabled");
    const message = messageOf(newId(), "endpoint.ping", new Date(clock.now()).toISOString(), {
      id: endpointId,
    });
    const deliveryId = deliveryIdOf(message, endpointId);
    await insertDeliveries(tx, [{ merchantId, endpointId, deliveryId, message }]);
    await wake(tx, endpoint);
    return (await selectDelivery(tx, merchantId, deliveryId)) ?? refuse("delivery_unknown");
  });
}
