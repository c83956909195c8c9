import type { Id } from "@onegate/contract";

/**
 * One message to one endpoint.
 *
 *   pending    saved; not tried yet, or not since it was replayed
 *   failed     the last try failed; another will follow
 *   delivered  answered with 2xx
 *   dead       given up after 72 hours of tries, or of waiting for a disabled endpoint; it can be replayed
 */
export type DeliveryState = "pending" | "failed" | "delivered" | "dead";
/** `exhaust`: the last try of the schedule failed, or the delivery waited too long. */
export type DeliveryEvent = "succeed" | "fail" | "exhaust" | "replay";

export const deliveryLifecycle: Readonly<
  Record<DeliveryState, Partial<Record<DeliveryEvent, DeliveryState>>>
> = {
  pending: { succeed: "delivered", fail: "failed", exhaust: "dead" },
  failed: { succeed: "delivered", fail: "failed", exhaust: "dead", replay: "pending" },
  delivered: { replay: "pending" },
  // a 2xx answer may arrive after the delivery was given up
  dead: { succeed: "delivered", replay: "pending" },
};

export function nextDelivery(state: DeliveryState, event: DeliveryEvent): DeliveryState | undefined {
  return deliveryLifecycle[state][event];
}

/** Why a try failed: there was no answer, or the answer was a redirect or another status than 2xx. */
export type TryError = "address" | "connection" | "tls" | "timeout" | "redirect" | "status";

export type Delivery = {
  readonly merchantId: Id;
  readonly deliveryId: Id;
  readonly endpointId: Id;
  readonly messageId: string;
  readonly topic: string;
  readonly state: DeliveryState;
  readonly tries: number;
  readonly nextTryAt: Date | null;
  readonly lastStatus: number | null;
  readonly lastError: TryError | null;
  readonly lastMs: number | null;
  readonly createdAt: Date;
  readonly deliveredAt: Date | null;
};

/** One attempt to send a delivery. Without status and error it is still in progress, or its worker died. */
export type Try = {
  readonly try: number;
  readonly sentAt: Date;
  readonly status: number | null;
  readonly error: TryError | null;
  readonly ms: number | null;
  readonly answer: string | null;
};
