import { isRefusal, refuse, type EndpointChangeBody, type Id, type Refusal } from "@onegate/contract";
import { announceAudit, type Who } from "../identity/index.ts";
import { checkedToDestination, inTransaction } from "../kernel/index.ts";
import type { Deliveries } from "./context.ts";
import { nextEndpoint, type Endpoint } from "./endpoint.ts";
import { markEndpoint, selectEndpoint, updateEndpoint } from "./store.ts";
import { wake } from "./wake.ts";

/**
 * Changes an endpoint. Deliveries that waited while it was disabled are sent as soon as it is active again.
 * Refuses `url_malformed`, `url_insecure`, `url_not_public`, `endpoint_unknown`.
 */
export async function changeEndpoint(
  { database, rules }: Deliveries,
  who: Who,
  endpointId: Id,
  unchecked: EndpointChangeBody,
): Promise<Endpoint | Refusal> {
  const { merchantId } = who;
  const { url, description, topics, state: requestedState } = unchecked;
  const destination = url === undefined ? undefined : await checkedToDestination(url, rules);
  if (isRefusal(destination)) return destination;
  return inTransaction(database, async (tx) => {
    const found = await selectEndpoint(tx, merchantId, endpointId, "for update");
    if (!found) return refuse("endpoint_unknown");
    await updateEndpoint(tx, {
      ...found,
      url: destination?.url.href ?? found.url,
      description: description ?? found.description,
      topics: topics ?? found.topics,
    });
    const state =
      requestedState && nextEndpoint(found.state, requestedState === "active" ? "enable" : "disable");
    if (state) await markEndpoint(tx, found, state, state === "disabled" ? "asked" : null);
    if (state === "active") await wake(tx, found);
    const changed = await selectEndpoint(tx, merchantId, endpointId);
    if (!changed) throw new Error("the changed endpoint was not found");
    await announceAudit(tx, who, {
      action: "webhook.changed",
      subject: endpointId,
      before: shownOf(found),
      after: shownOf(changed),
    });
    return changed;
  });
}

/** Shows only the host of the URL: the rest may contain a secret. */
function shownOf({ url, topics, state }: Endpoint) {
  return { host: new URL(url).host, topics, state };
}
