import { addJob, type Tx } from "../kernel/index.ts";
import type { Endpoint } from "./endpoint.ts";

export const SEND = "delivery:send";

type EndpointKey = Pick<Endpoint, "merchantId" | "endpointId">;

/** Schedules sending to an endpoint at commit. However often an endpoint is woken, only one job waits. */
export async function wake(tx: Tx, { merchantId, endpointId }: EndpointKey): Promise<void> {
  await addJob(tx, SEND, { merchantId, endpointId }, { key: `${SEND}:now:${endpointId}` });
}

/** The same after a delay. It has its own job key, so that it never replaces a job that is due now. */
export async function wakeLater(
  tx: Tx,
  { merchantId, endpointId }: EndpointKey,
  afterMs: number,
): Promise<void> {
  await addJob(tx, SEND, { merchantId, endpointId }, { afterMs, key: `${SEND}:later:${endpointId}` });
}
