import { refuse, type Id } from "@onegate/contract";
import { announceAudit, type Who } from "../identity/index.ts";
import { once, type Once } from "../kernel/index.ts";
import type { Deliveries } from "./context.ts";
import { opened, sealed, type WithSecret } from "./create-endpoint.ts";
import { closeSecret, newSecret } from "./sign.ts";
import { rotateSecret, selectEndpoint } from "./store.ts";

/**
 * Makes a new secret. The previous one also signs for a day; a secret before that stops signing at once.
 * Refuses `endpoint_unknown`.
 */
export async function rotate(
  deliveries: Deliveries,
  who: Who,
  endpointId: Id,
  key: string,
): Promise<Once<WithSecret>> {
  const { merchantId } = who;
  const made = await once(
    deliveries.database,
    { merchantId, route: "webhooks.rotate", key },
    { endpointId },
    async (tx) => {
      const endpoint = await selectEndpoint(tx, merchantId, endpointId, "for update");
      if (!endpoint) return refuse("endpoint_unknown");
      const secret = closeSecret(deliveries.box, newSecret(), endpointId);
      await rotateSecret(tx, endpoint, secret);
      await announceAudit(tx, who, { action: "webhook.secret_rotated", subject: endpointId });
      return sealed(endpointId, secret);
    },
  );
  return opened(deliveries, merchantId, made);
}
