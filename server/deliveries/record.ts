import { announce, inTransaction, type Tx } from "../kernel/index.ts";
import type { Deliveries } from "./context.ts";
import { nextDelivery } from "./delivery.ts";
import { nextEndpoint, restSeconds, type DisableReason, type EndpointState } from "./endpoint.ts";
import { waitMs } from "./schedule.ts";
import {
  completeTry,
  countFailure,
  countSuccess,
  lockDelivery,
  markDelivery,
  markEndpoint,
  restEndpoint,
  type Claimed,
  type Taken,
  type TryResult,
} from "./store.ts";

const GONE = 410;

/**
 * Saves the result of a try. The delivery is done, waits for its next try, or is given up. The endpoint rests
 * after consecutive failures, and is disabled after a day of them or when it answers 410 Gone. Returns
 * whether more may be sent to the endpoint now.
 */
export async function record(
  deliveries: Deliveries,
  endpoint: Taken,
  claimed: Claimed,
  result: TryResult,
  retryAfter: string | undefined,
): Promise<boolean> {
  const { database, metrics, log } = deliveries;
  const { isWell, disabled } = await inTransaction(database, async (tx) => {
    await completeTry(tx, endpoint.merchantId, claimed, result);
    await decide(tx, endpoint, claimed, result);
    if (result.error !== null) return countAgainst(tx, endpoint, result, retryAfter);
    await countSuccess(tx, endpoint);
    return { isWell: true };
  });
  metrics.tried(result.error ?? "delivered");
  if (disabled) {
    metrics.disabled(disabled);
    log.warn(
      { merchant_id: endpoint.merchantId, endpoint_id: endpoint.endpointId, reason: disabled },
      "webhook endpoint disabled",
    );
  }
  return isWell;
}

async function decide(
  tx: Tx,
  { merchantId }: Taken,
  { deliveryId, step }: Claimed,
  result: TryResult,
): Promise<void> {
  const delivery = await lockDelivery(tx, merchantId, deliveryId);
  // replayed during this try: a failure no longer counts, because the schedule has started again
  if (!delivery || (result.error !== null && delivery.step !== step)) return;
  const wait = result.error === null ? undefined : waitMs(step, Math.random());
  const state = nextDelivery(
    delivery.state,
    result.error === null ? "succeed" : wait === undefined ? "exhaust" : "fail",
  );
  if (state) await markDelivery(tx, merchantId, deliveryId, state, wait, result);
}

async function countAgainst(
  tx: Tx,
  endpoint: Taken,
  { status }: TryResult,
  retryAfter: string | undefined,
): Promise<{ isWell: boolean; disabled?: DisableReason }> {
  const { failures, hasFailedLong, state } = await countFailure(tx, endpoint);
  const reason = status === GONE ? "gone" : hasFailedLong ? "failing" : undefined;
  if (reason)
    return { isWell: false, ...((await disable(tx, endpoint, state, reason)) ? { disabled: reason } : {}) };
  const seconds = restSeconds(failures, retryAfter);
  if (seconds > 0) await restEndpoint(tx, endpoint, seconds);
  return { isWell: state === "active" && seconds === 0 };
}

/** Disables an endpoint and announces it; false when it is no longer active. */
async function disable(
  tx: Tx,
  { merchantId, endpointId }: Taken,
  state: EndpointState,
  reason: DisableReason,
): Promise<boolean> {
  const disabled = nextEndpoint(state, "disable");
  if (!disabled) return false;
  await markEndpoint(tx, { merchantId, endpointId }, disabled, reason);
  await announce(tx, merchantId, "endpoint.disabled", endpointId, { endpoint_id: endpointId, reason });
  return true;
}
