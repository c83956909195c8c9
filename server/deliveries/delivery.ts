import type { Id } from "@onegate/contract";

/**
 * One message to one endpoint.
 *
 *   pending    written down; not tried yet, or not since it was replayed
 *   failed     the last try failed; there will be another
 *   delivered  answered with 2xx
 *   dead       given up: tried for 72 hours, or kept for so long by a disabled endpoint; it can be replayed
 */
export type DeliveryState = "pending" | "failed" | "delivered" | "dead";
/** `exhaust`: it failed and was the last try of the schedule, or waited too long. */
export type DeliveryEvent = "succeed" | "fail" | "exhaust" | "replay";

export const deliveryLifecycle: Readonly<
  Record<DeliveryState, Partial<Record<DeliveryEvent, DeliveryState>>>
> = {
  pending: { succeed: "delivered", fail: "failed", exhaust: "dead" },
  failed: { succeed: "delivered", fail: "failed", exhaust: "dead", replay: "pending" },
  delivered: { replay: "pending" },
  // an answer may come after it was given up
  dead: { succeed: "delivered", replay: "pending" },
};

export function nextDelivery(state: DeliveryState, event: DeliveryEvent): DeliveryState | undefined {
  return deliveryLifecycle[state][event];
}

/** Why a try failed: nobody answered, the answer wanted to send us elsewhere, or it was not 2xx. */
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

/** One time that a delivery was sent; without status and error it is on its way, or its worker died. */
export type Try = {
  readonly try: number;
  readonly sentAt: Date;
  readonly status: number | null;
  readonly error: TryError | null;
  readonly ms: number | null;
  readonly answer: string | null;
};
