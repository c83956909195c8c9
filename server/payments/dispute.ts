import type { Id, Money } from "@onegate/contract";

/**
 * Money of a payment that its provider took back, for the payer's bank or for the acquirer. A dispute is a
 * record of its own: the payment stays succeeded. An open dispute is listed with the open cases, because a
 * person must settle it.
 *
 *   opened  the provider keeps the amount; evidence may be sent to it
 *   won     the provider owes the amount again
 *   lost    the amount is lost, possibly with a fee
 */
export type DisputeState = "opened" | "won" | "lost";
export type DisputeEvent = "win" | "lose";

export const disputeLifecycle: Readonly<
  Record<DisputeState, Readonly<Partial<Record<DisputeEvent, DisputeState>>>>
> = {
  opened: { win: "won", lose: "lost" },
  won: {},
  lost: {},
};

/** The state after an event, or undefined if the event has no effect in this state. */
export function nextDispute(state: DisputeState, event: DisputeEvent): DisputeState | undefined {
  return disputeLifecycle[state][event];
}

export type Dispute = {
  readonly merchantId: Id;
  readonly disputeId: Id;
  readonly paymentId: Id;
  readonly orderId: string;
  /**
   * The case of the disputed money, if it is the whole of what the case holds in suspense. If such a dispute
   * is lost, nothing is lost here: the money was never ours.
   */
  readonly caseId: Id | null;
  readonly provider: string;
  readonly reference: string;
  /** The disputed amount of the payment. Together with its refunds it never exceeds the paid amount. */
  readonly amount: Money;
  /** What the provider took beyond `amount`, in minor units; booked to suspense. */
  readonly beyond: bigint;
  /** The provider's fee for a lost dispute, in minor units. */
  readonly fee: bigint;
  readonly state: DisputeState;
  readonly reason: string;
  readonly evidenceUntil: Date | null;
  readonly note: string | null;
  readonly decidedBy: string | null;
  readonly openedAt: Date;
  readonly decidedAt: Date | null;
};

/** The total that providers took back in disputes that are not won, in minor units. */
export function takenBack(disputes: readonly Dispute[]): bigint {
  return disputes.reduce(
    (sum, { state, amount, beyond }) => (state === "won" ? sum : sum + amount.minor + beyond),
    0n,
  );
}
