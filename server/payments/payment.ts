import type { Id, Money } from "@onegate/contract";

/**
 * Collecting one sum for an order.
 *
 *   created    written down; the provider has not been told, or its answer is not written yet
 *   pending    the provider waits for the payer
 *   unknown    the provider did not answer clearly: it may know the payment. It is asked, never told again
 *   succeeded  paid, and booked. Nothing leaves this state; a refund or a dispute is a thing of its own
 *   expired    the payer's time is over
 *   failed     the provider said no
 *   cancelled  given up here; money that comes all the same goes to suspense
 */
export type PaymentState =
  | "created"
  | "pending"
  | "unknown"
  | "succeeded"
  | "expired"
  | "failed"
  | "cancelled";

export type PaymentEvent = "open" | "lose" | "refuse" | "pay" | "expire" | "fail" | "cancel";

/** State × event → state. What is not here does not happen: the payment stays as it is. */
export const lifecycle: Readonly<Record<PaymentState, Partial<Record<PaymentEvent, PaymentState>>>> = {
  created: {
    open: "pending",
    lose: "unknown",
    refuse: "failed",
    pay: "succeeded",
    expire: "expired",
    fail: "failed",
    cancel: "cancelled",
  },
  unknown: {
    open: "pending",
    refuse: "failed",
    pay: "succeeded",
    expire: "expired",
    fail: "failed",
    cancel: "cancelled",
  },
  pending: { pay: "succeeded", expire: "expired", fail: "failed", cancel: "cancelled" },
  // success beats a clock and a first "no": the payer's money is here
  expired: { pay: "succeeded" },
  failed: { pay: "succeeded", open: "pending" },
  cancelled: {},
  succeeded: {},
};

/** The state after an event, or nothing when the event has no effect in this state. */
export function next(state: PaymentState, event: PaymentEvent): PaymentState | undefined {
  return lifecycle[state][event];
}

/** Whether the payer may still pay, as far as is known. */
export function isOpen(state: PaymentState): boolean {
  return state === "created" || state === "pending" || state === "unknown";
}

/** Whether the provider has said its last word, so that it is asked no more. Of a payment that was given up here it may still say "paid". */
export function isOver(state: PaymentState): boolean {
  return state === "succeeded" || state === "failed" || state === "expired";
}

/**
 * What shows a payment by a shop's printed code, of which no provider tells.
 *
 *   unverified  a cashier's word alone
 *   verified    a statement's row, or a person who names the proof
 *   lost        nothing did in time, and it was written off; what comes after all is verified
 */
export type Verification = "unverified" | "verified" | "lost";
export type VerificationEvent = "verify" | "lose";

export const verificationLifecycle: Readonly<
  Record<Verification, Partial<Record<VerificationEvent, Verification>>>
> = {
  unverified: { verify: "verified", lose: "lost" },
  lost: { verify: "verified" },
  verified: {},
};

export function nextVerification(
  verification: Verification,
  event: VerificationEvent,
): Verification | undefined {
  return verificationLifecycle[verification][event];
}

export type Payment = {
  readonly merchantId: Id;
  readonly paymentId: Id;
  readonly orderId: string;
  /** What the payer uses: CASH, QRIS, QRIS_STATIC, EWALLET, VIRTUAL_ACCOUNT, STORE. */
  readonly method: string;
  /** The provider's name for it. */
  readonly channel: string;
  readonly provider: string;
  /** The merchant's own account that it goes through; null: the installation's. */
  readonly accountId: Id | null;
  readonly amount: Money;
  readonly state: PaymentState;
  /** Our reference at the provider. */
  readonly merchantRef: string;
  /** The provider's reference. */
  readonly reference: string | null;
  readonly channelName: string | null;
  /** What the payer pays, with the customer's fee; minor units. */
  readonly payerAmount: bigint | null;
  readonly feeMerchant: bigint | null;
  readonly feeCustomer: bigint | null;
  readonly qrString: string | null;
  readonly payCode: string | null;
  readonly checkoutUrl: string | null;
  readonly expiresAt: Date | null;
  readonly paidAt: Date | null;
  /** Since when it is known that the answer to its opening was lost: where its code can't be read again, it is ended and replaced. */
  readonly lostAt: Date | null;
  /** Why this provider and channel were chosen. */
  readonly routing: readonly Candidate[] | null;
  /** Of a payment by a printed code alone. */
  readonly verification: Verification | null;
  /** The outlet at whose till it is taken; null: none, as of an order of the gateway. */
  readonly outletId: Id | null;
  readonly createdAt: Date;
};

/** One channel that was considered, in the order of preference; `why` says what spoke for or against it. */
export type Candidate = {
  readonly provider: string;
  readonly channel: string /** Of the merchant and the customer, minor units as text. */;
  readonly fee: string;
  readonly chosen: boolean;
  readonly why: string;
};

/** Whether the payer has nothing to pay by: no code, no number, no address. */
export function isCodeless({ qrString, payCode, checkoutUrl }: Payment): boolean {
  return qrString === null && payCode === null && checkoutUrl === null;
}

/** What was paid of an order so far, in minor units. */
export function paidSum(payments: readonly Payment[]): bigint {
  return payments.reduce((sum, { state, amount }) => (state === "succeeded" ? sum + amount.minor : sum), 0n);
}

/** Our reference of a payment at its provider. */
export function merchantRefOf(paymentId: Id): string {
  return `OG${paymentId.replaceAll("-", "")}`;
}

/** The method that a provider's channel belongs to, by its code and group. */
export function methodOf(channel: { code: string; group: string }): string {
  if (channel.code.startsWith("QRIS")) return "QRIS";
  if (channel.group === "Virtual Account") return "VIRTUAL_ACCOUNT";
  if (channel.group === "Convenience Store") return "STORE";
  if (channel.group === "Wallet") return "WALLET";
  return "EWALLET";
}
