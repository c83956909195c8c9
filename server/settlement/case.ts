import type { Currency, Id } from "@onegate/contract";

/**
 * How a statement and our books differ.
 *
 *   missing_here    a row of money that no payment of ours accounts for
 *   missing_there   a paid payment of ours that no statement names in time
 *   amount_differs  the row names our payment with another amount
 *   fee_differs     the amount is right, the provider kept more or less than was agreed
 *   day_differs     amount and fee are right, but it was paid on another day
 *   doubled         an earlier row named the same; nothing was booked for this one
 *   unverified      paid to a printed code by a cashier's word, and no statement shows it in time
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
 *   open         the difference stands in the provider's clearing account
 *   applied      taken as an order's payment, or the provider's fee accepted
 *   written_off  the difference stands in suspense; money that never came is a loss
 *   refund_due   it stands in suspense, and is to be given back
 *   refunded     it was given back from the bank
 *   ignored      let stand, for a reason
 *   arrived      what was missing came after all, and fits
 *   verified     a person names what shows the payment
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

/** What a person may decide. */
export const CASE_ACTIONS = ["apply", "write_off", "refund_later", "refunded", "ignore", "verify"] as const;
export type CaseAction = (typeof CASE_ACTIONS)[number];
/** `arrive` is nobody's decision: what was missing came. */
export type CaseEvent = CaseAction | "arrive";

/** Kind × state × event → state. What is not here may not be done. */
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
  // a row that is listed twice is ignored; one that was paid out twice is the provider's money
  doubled: { open: { ignore: "ignored", write_off: "written_off" } },
  unverified: { open: { verify: "verified", write_off: "written_off", arrive: "arrived" } },
};

/** Money of ours at a provider: a paid payment, money that stands in suspense, a refund that was made, or a dispute. */
export type DocumentKind = "payment" | "suspense" | "refund" | "dispute";

export type SettlementCase = {
  readonly merchantId: Id;
  readonly caseId: Id;
  readonly provider: string;
  readonly kind: CaseKind;
  readonly statementId: Id | null;
  readonly rowId: Id | null;
  /** The document of ours that it is about. */
  readonly documentKind: DocumentKind | null;
  readonly documentId: Id | null;
  /** The payment that it is about or that the row names, whatever that one's state. */
  readonly paymentId: Id | null;
  readonly reference: string | null;
  readonly currency: Currency;
  /** Minor units: what the statement says less what our books say. */
  readonly grossOver: bigint;
  readonly feeOver: bigint;
  readonly state: CaseState;
  readonly openedAt: Date;
};

/** The state after an event, or nothing when it may not be done: money is only given back where there is too much of it. */
export function nextOf(
  { kind, state, grossOver }: Pick<SettlementCase, "kind" | "state" | "grossOver">,
  event: CaseEvent,
): CaseState | undefined {
  if (event === "refund_later" && grossOver <= 0n) return undefined;
  return caseLifecycle[kind][state]?.[event];
}
