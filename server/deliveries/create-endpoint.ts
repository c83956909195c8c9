import { isRefusal, refuse, type Id, type NewEndpointBody, type Refusal } from "@onegate/contract";
import { announceAudit, type Who } from "../identity/index.ts";
import { checkedToDestination, once, type Once } from "../kernel/index.ts";
import type { Deliveries } from "./context.ts";
import { MAX_ENDPOINTS, type Endpoint } from "./endpoint.ts";
import { closeSecret, newSecret, openSecret } from "./sign.ts";
import { insertEndpoint, selectEndpoint, selectEndpoints } from "./store.ts";

export type WithSecret = { readonly endpoint: Endpoint; readonly secret: string };

/**
 * Creates an active endpoint. Only this verb and `rotate` return a secret; the stored answer holds it sealed.
 * Refuses `url_malformed`, `url_insecure`, `url_not_public`, `endpoint_limit`.
 */
export async function createEndpoint(
  deliveries: Deliveries,
  who: Who,
  unchecked: NewEndpointBody,
  key: string,
): Promise<Once<WithSecret>> {
  const { merchantId } = who;
  const { database, box, rules } = deliveries;
  const destination = await checkedToDestination(unchecked.url, rules);
  if (isRefusal(destination)) return { answer: destination, replayed: false };
  const made = await once(
    database,
    { merchantId, route: "webhooks.endpoints", key },
    unchecked,
    async (tx) => {
      if ((await selectEndpoints(tx, merchantId)).length >= MAX_ENDPOINTS)
        return refuse("endpoint_limit", { most: MAX_ENDPOINTS });
      const endpointId = deliveries.newId();
      const secret = closeSecret(box, newSecret(), endpointId);
      await insertEndpoint(tx, {
        merchantId,
        endpointId,
        url: destination.url.href,
        description: unchecked.description ?? "",
        topics: unchecked.topics,
        createdBy: who.actor,
        secret,
      });
      await announceAudit(tx, who, {
        action: "webhook.added",
        subject: endpointId,
        after: { host: destination.url.host, topics: unchecked.topics },
      });
      return sealed(endpointId, secret);
    },
  );
  return opened(deliveries, merchantId, made);
}

/** An answer in the form that is stored for replays: its secret is sealed, in base64. */
export type Sealed = { readonly endpoint_id: Id; readonly secret: string };

export function sealed(endpointId: Id, secret: Buffer): Sealed {
  return { endpoint_id: endpointId, secret: secret.toString("base64") };
}

/** The answer of a verb that made a secret. A repeated request gets the secret that the first one made. */
export async function opened(
  { database, box }: Deliveries,
  merchantId: Id,
  { answer, replayed }: Once<Sealed>,
): Promise<Once<WithSecret>> {
  if (isRefusal(answer)) return { answer, replayed };
  const endpoint = await selectEndpoint(database.kysely, merchantId, answer.endpoint_id);
  const found: WithSecret | Refusal = endpoint
    ? { endpoint, secret: openSecret(box, Buffer.from(answer.secret, "base64"), endpoint.endpointId) }
    : refuse("endpoint_unknown");
  return { answer: found, replayed };
}
