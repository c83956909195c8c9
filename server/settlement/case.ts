import type { Currency, Id } from "@onegate/contract";

/**
 * How a statement differs from our books.
 *
 *   missing_here    a row of money that no payment of ours accounts for
 *   missing_there   a paid payment of ours that no statement lists in time
 *   amount_differs  the row lists our payment with another amount
 *   fee_differs     the amount is right; the provider kept more or less than was agreed
 *   day_differs     amount and fee are right, but it was paid on another day
 *   doubled         an earlier row lists the same; nothing was booked for this one
 *   unverified      a cashier confirmed a payment to a printed code, and no statement lists it in time
 */
export type CaseKind =
  | "missing_here"
  | "missing_there"
  | "amount_differs"
  | "fee_differs"
  | "day_differs"
  | "doubled"
  | "unverified";

/**
 * The state of a case.
 *
 *   open         the difference is still in the provider's clearing account
 *   applied      taken as an order's payment, or the provider's fee was accepted
 *   written_off  the difference is in suspense; money that never arrived is a loss
 *   refund_due   the difference is in suspense, and is to be refunded
 *   refunded     it was refunded from the bank
 *   ignored      left as it is, for a reason
 *   arrived      what was missing arrived later, and matches
 *   verified     a person gave the reference that proves the payment
 */
export type CaseState =
  | "open"
  | "applied"
  | "written_off"
  | "refund_due"
  | "refunded"
  | "ignored"
  | "arrived"
  | "verified";

/** The actions that a person may decide on. */
export const CASE_ACTIONS = ["apply", "write_off", "refund_later", "refunded", "ignore", "verify"] as const;
export type CaseAction = (typeof CASE_ACTIONS)[number];
/** `arrive` is not a decision: it happens when what was missing arrives. */
export type CaseEvent = CaseAction | "arrive";

/** Kind × state × event → state. An event without an entry is not allowed. */
export const caseLifecycle: Readonly<
  Record<CaseKind, Partial<Record<CaseState, Partial<Record<CaseEvent, CaseState>>>>>
> = {
  missing_here: {
    open: { apply: "applied", write_off: "written_off", refund_later: "refund_due", arrive: "arrived" },
    refund_due: { refunded: "refunded" },
  },
  missing_there: {
    open: { write_off: "written_off", ignore: "ignored", arrive: "arrived" },
    ignored: { write_off: "written_off", arrive: "arrived" },
  },
  amount_differs: {
    open: { write_off: "written_off", refund_later: "refund_due" },
    refund_due: { refunded: "refunded" },
  },
  fee_differs: { open: { apply: "applied" } },
  day_differs: { open: { ignore: "ignored" } },
  // a row that is listed twice is ignored; a payment that was paid out twice is the provider's money
  doubled: { open: { ignore: "ignored", write_off: "written_off" } },
  unverified: { open: { verify: "verified", write_off: "written_off", arrive: "arrived" } },
};

/**
 * The kinds of document that stand for our money at a provider: a paid payment, money in suspense, a
 * completed refund, or a dispute.
 */
export type DocumentKind = "payment" | "suspense" | "refund" | "dispute";

export type SettlementCase = {
  readonly merchantId: Id;
  readonly caseId: Id;
  readonly provider: string;
  readonly kind: CaseKind;
  readonly statementId: Id | null;
  readonly rowId: Id | null;
  /** Our document that the case is about. */
  readonly documentKind: DocumentKind | null;
  readonly documentId: Id | null;
  /** The payment that the case is about or that the row names, in any state. */
  readonly paymentId: Id | null;
  readonly reference: string | null;
  readonly currency: Currency;
  /** In minor units: what the statement says minus what our books say. */
  readonly grossOver: bigint;
  readonly feeOver: bigint;
  readonly state: CaseState;
  readonly openedAt: Date;
};

/**
 * The state after an event; undefined when the event is not allowed. Money can be refunded only if there is
 * too much of it.
 */
export function nextOf(
  { kind, state, grossOver }: Pick<SettlementCase, "kind" | "state" | "grossOver">,
  event: CaseEvent,
): CaseState | undefined {
  if (event === "refund_later" && grossOver <= 0n) return undefined;
  return caseLifecycle[kind][state]?.[event];
}
