import type { Id, Money } from "@onegate/contract";

/**
 * Money of a payment that its provider took back: the payer's bank wants it, or the acquirer does. It is a thing of its own:
 * the payment stays succeeded. It is its own case, too: one that is opened waits for a person.
 *
 *   opened  the provider keeps the sum; evidence may be sent to it
 *   won     the provider owes the sum again
 *   lost    the sum is gone, and with it perhaps a fee
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

/** The state after an event, or nothing when the event has no effect in this state. */
export function nextDispute(state: DisputeState, event: DisputeEvent): DisputeState | undefined {
  return disputeLifecycle[state][event];
}

export type Dispute = {
  readonly merchantId: Id;
  readonly disputeId: Id;
  readonly paymentId: Id;
  readonly orderId: string;
  /** The case of the money in suspense, where it is that in whole which was taken back: what is lost then never was ours. */
  readonly caseId: Id | null;
  readonly provider: string;
  readonly reference: string;
  /** What is disputed of the payment; with its refunds never more than was paid. */
  readonly amount: Money;
  /** What the provider took beyond that, in minor units; it stands in suspense. */
  readonly beyond: bigint;
  /** What the provider kept for a lost one, in minor units. */
  readonly fee: bigint;
  readonly state: DisputeState;
  readonly reason: string;
  readonly evidenceUntil: Date | null;
  readonly note: string | null;
  readonly decidedBy: string | null;
  readonly openedAt: Date;
  readonly decidedAt: Date | null;
};

/** What its provider took back by disputes that are not won, in minor units. */
export function takenBack(disputes: readonly Dispute[]): bigint {
  return disputes.reduce(
    (sum, { state, amount, beyond }) => (state === "won" ? sum : sum + amount.minor + beyond),
    0n,
  );
}
