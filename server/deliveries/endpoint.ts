import type { Id } from "@onegate/contract";

/**
 * Where a merchant wants to hear of events.
 *
 *   active    is sent to
 *   disabled  is not: asked for, answered 410 Gone, or failed for a day; what it missed waits for 72 hours
 *   deleted   gone for its merchant; its rows are swept away in the night
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

/** A merchant has no more endpoints than this. */
export const MAX_ENDPOINTS = 20;

/** An endpoint that did nothing but fail for so long is disabled. */
export const FAILING_FOR = "24 hours";

/** From so many failures in a row on, an endpoint rests before it is sent to again: twice as long every time. */
const FREE_FAILURES = 2;
const MAX_REST_S = 300;
/** A receiver may ask for more than that, but for no more than this. */
const MAX_REQUESTED_REST_S = 3_600;

/** Seconds to rest after so many failures in a row; `retryAfter` is what the receiver's header of that name said. */
export function restSeconds(failures: number, retryAfter: string | undefined): number {
  const asked =
    retryAfter !== undefined && /^[0-9]{1,9}$/.test(retryAfter)
      ? Math.min(Number(retryAfter), MAX_REQUESTED_REST_S)
      : 0;
  return Math.max(asked, failures > FREE_FAILURES ? Math.min(2 ** failures, MAX_REST_S) : 0);
}
