import {
  checkedToMinor,
  IDR,
  isRefusal,
  refuse,
  type Id,
  type Refusal,
  type RoutingRuleChangeBody,
} from "@onegate/contract";

/** Which providers are tried first for the payments that the rule matches. A null condition matches all. */
export type RoutingRule = {
  readonly merchantId: Id;
  readonly ruleId: Id;
  readonly rank: number;
  readonly method: string | null;
  /** Minor units; both bounds are inclusive. */
  readonly amountFrom: bigint | null;
  readonly amountTo: bigint | null;
  /**
   * `HH:MM` in the time zone of the merchant's first outlet; both bounds are inclusive. If `timeFrom` is
   * later than `timeTo`, the range spans midnight.
   */
  readonly timeFrom: string | null;
  readonly timeTo: string | null;
  readonly providers: readonly string[];
  readonly isActive: boolean;
};

export const MAX_ROUTING_RULES = 100;

/** Defaults of a new rule. */
export const DEFAULT_RULE = {
  method: null,
  amountFrom: null,
  amountTo: null,
  timeFrom: null,
  timeTo: null,
  isActive: true,
} as const;

/**
 * A rule with its changes applied. Refuses malformed amounts, `amount_not_positive`, `routing_bounds_invalid`
 * if the rule could match nothing, and `provider_unknown` for providers that the merchant doesn't have, in
 * this order.
 */
export function changedRule(
  before: RoutingRule,
  change: RoutingRuleChangeBody,
  known: ReadonlySet<string>,
): RoutingRule | Refusal {
  const amountFrom = sumOf(change.amount_from, before.amountFrom);
  if (isRefusal(amountFrom)) return amountFrom;
  const amountTo = sumOf(change.amount_to, before.amountTo);
  if (isRefusal(amountTo)) return amountTo;
  if (amountFrom !== null && amountTo !== null && amountFrom > amountTo)
    return refuse("routing_bounds_invalid", { problem: "amounts" });
  const timeFrom = change.time_from === undefined ? before.timeFrom : change.time_from;
  const timeTo = change.time_to === undefined ? before.timeTo : change.time_to;
  if ((timeFrom === null) !== (timeTo === null))
    return refuse("routing_bounds_invalid", { problem: "times" });
  const unknown = change.providers?.find((name) => !known.has(name));
  if (unknown !== undefined) return refuse("provider_unknown", { provider: unknown });
  return {
    ...before,
    rank: change.rank ?? before.rank,
    method: change.method === undefined ? before.method : change.method,
    amountFrom,
    amountTo,
    timeFrom,
    timeTo,
    providers: change.providers ?? before.providers,
    isActive: change.active ?? before.isActive,
  };
}

function sumOf(unchecked: string | null | undefined, before: bigint | null): bigint | null | Refusal {
  if (unchecked === undefined) return before;
  if (unchecked === null) return null;
  const minor = checkedToMinor(unchecked, IDR);
  if (isRefusal(minor)) return minor;
  return minor < 0n ? refuse("amount_not_positive") : minor;
}

/** A rule as the audit trail stores it. */
export function shownRule({
  rank,
  method,
  amountFrom,
  amountTo,
  timeFrom,
  timeTo,
  providers,
  isActive,
}: RoutingRule) {
  return {
    rank,
    method,
    amount_from: amountFrom?.toString() ?? null,
    amount_to: amountTo?.toString() ?? null,
    time_from: timeFrom,
    time_to: timeTo,
    providers,
    is_active: isActive,
  };
}
