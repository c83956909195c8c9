import { addJob, type Tx } from "../kernel/index.ts";
import type { Endpoint } from "./endpoint.ts";

export const SEND = "delivery:send";

type One = Pick<Endpoint, "merchantId" | "endpointId">;

/** Has what is due at an endpoint sent when the transaction commits. However often an endpoint is woken, one job waits. */
export async function wake(tx: Tx, { merchantId, endpointId }: One): Promise<void> {
  await addJob(tx, SEND, { merchantId, endpointId }, { key: `${SEND}:now:${endpointId}` });
}

/** The same later. Under a key of its own: a wait never replaces what is to start now. */
export async function wakeLater(tx: Tx, { merchantId, endpointId }: One, afterMs: number): Promise<void> {
  await addJob(tx, SEND, { merchantId, endpointId }, { afterMs, key: `${SEND}:later:${endpointId}` });
}
