import { refuse, type Id, type Refusal } from "@onegate/contract";
import { announceAudit, type Who } from "../identity/index.ts";
import { inTransaction } from "../kernel/index.ts";
import type { Deliveries } from "./context.ts";
import { nextEndpoint } from "./endpoint.ts";
import { markEndpoint, selectEndpoint } from "./store.ts";

/**
 * Deletes an endpoint. Nothing more is sent to it, and its deliveries are no longer shown. Refuses
 * `endpoint_unknown`.
 */
export async function deleteEndpoint(
  { database }: Deliveries,
  who: Who,
  endpointId: Id,
): Promise<Refusal | undefined> {
  return inTransaction(database, async (tx) => {
    const endpoint = await selectEndpoint(tx, who.merchantId, endpointId, "for update");
    const state = endpoint && nextEndpoint(endpoint.state, "delete");
    if (!endpoint || !state) return refuse("endpoint_unknown");
    await markEndpoint(tx, endpoint, state, null);
    await announceAudit(tx, who, {
      action: "webhook.removed",
      subject: endpointId,
      before: { host: new URL(endpoint.url).host, topics: endpoint.topics },
    });
  });
}
