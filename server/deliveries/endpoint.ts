import type { Id } from "@onegate/contract";

/**
 * A URL at which a merchant receives events.
 *
 *   active    receives deliveries
 *   disabled  receives none: the merchant disabled it, it answered 410 Gone, or it failed for a day;
 *             its deliveries wait for 72 hours
 *   deleted   hidden from its merchant; a nightly job deletes its rows
 */
export type EndpointState = "active" | "disabled" | "deleted";
export type EndpointEvent = "disable" | "enable" | "delete";

export const endpointLifecycle: Readonly<
  Record<EndpointState, Partial<Record<EndpointEvent, EndpointState>>>
> = {
  active: { disable: "disabled", delete: "deleted" },
  disabled: { enable: "active", delete: "deleted" },
  deleted: {},
};

export function nextEndpoint(state: EndpointState, event: EndpointEvent): EndpointState | undefined {
  return endpointLifecycle[state][event];
}

/** Why an endpoint was disabled. */
export type DisableReason = "asked" | "gone" | "failing";

export type Endpoint = {
  readonly merchantId: Id;
  readonly endpointId: Id;
  readonly url: string;
  readonly description: string;
  readonly topics: readonly string[];
  readonly state: EndpointState;
  readonly reason: DisableReason | null;
  readonly failingSince: Date | null;
  readonly oldSecretUntil: Date | null;
  readonly createdBy: string;
  readonly createdAt: Date;
};

/** Per merchant, without the deleted ones. */
export const MAX_ENDPOINTS = 20;

/** An endpoint is disabled when every try has failed for this long. */
export const FAILING_FOR = "24 hours";

/** After more consecutive failures than this, an endpoint rests; each further failure doubles the rest. */
const FREE_FAILURES = 2;
const MAX_REST_S = 300;
/** The longest rest that a receiver may request by `Retry-After`. */
const MAX_REQUESTED_REST_S = 3_600;

/** Seconds to rest after consecutive failures; `retryAfter` is the receiver's `Retry-After` header. */
export function restSeconds(failures: number, retryAfter: string | undefined): number {
  const requested =
    retryAfter !== undefined && /^[0-9]{1,9}$/.test(retryAfter)
      ? Math.min(Number(retryAfter), MAX_REQUESTED_REST_S)
      : 0;
  return Math.max(requested, failures > FREE_FAILURES ? Math.min(2 ** failures, MAX_REST_S) : 0);
}
