import type { Id, Money } from "@onegate/contract";

/**
 * Collects one amount for an order.
 *
 *   created    saved; the provider was not called yet, or its answer is not saved yet
 *   pending    the provider waits for the payer
 *   unknown    the provider gave no clear answer and may know the payment: inquire, never send it again
 *   succeeded  paid and booked. This state is final; refunds and disputes are separate records
 *   expired    the payer's time is over
 *   failed     the provider refused it
 *   cancelled  cancelled here; money that arrives later goes to suspense
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

/** State × event → state. An event that is not listed has no effect: the payment keeps its state. */
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
  // a payment after expiry or an earlier failure still succeeds: the money has arrived
  expired: { pay: "succeeded" },
  failed: { pay: "succeeded", open: "pending" },
  cancelled: {},
  succeeded: {},
};

/** The state after an event, or undefined if the event has no effect in this state. */
export function next(state: PaymentState, event: PaymentEvent): PaymentState | undefined {
  return lifecycle[state][event];
}

/** Whether the payer may still be able to pay, as far as is known. */
export function isOpen(state: PaymentState): boolean {
  return state === "created" || state === "pending" || state === "unknown";
}

/**
 * Whether the provider's status is final, so that no further inquiry is made. `cancelled` is not final: the
 * provider may still report that payment as paid.
 */
export function isOver(state: PaymentState): boolean {
  return state === "succeeded" || state === "failed" || state === "expired";
}

/**
 * How a payment to a shop's printed QRIS code was proven. No provider reports these payments.
 *
 *   unverified  only a cashier confirmed it
 *   verified    a statement row shows it, or a person recorded the proof
 *   lost        not proven in time and written off; proof that arrives later still verifies it
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
  /** How the payer pays: CASH, QRIS, QRIS_STATIC, EWALLET, VIRTUAL_ACCOUNT, STORE, WALLET. */
  readonly method: string;
  /** The provider's code for the method. */
  readonly channel: string;
  readonly provider: string;
  /** The merchant's own provider account used for it; null: the installation's. */
  readonly accountId: Id | null;
  readonly amount: Money;
  readonly state: PaymentState;
  /** Our reference at the provider. */
  readonly merchantRef: string;
  /** The provider's reference. */
  readonly reference: string | null;
  readonly channelName: string | null;
  /** What the payer pays, including the customer's fee; minor units. */
  readonly payerAmount: bigint | null;
  readonly feeMerchant: bigint | null;
  readonly feeCustomer: bigint | null;
  readonly qrString: string | null;
  readonly payCode: string | null;
  readonly checkoutUrl: string | null;
  readonly expiresAt: Date | null;
  readonly paidAt: Date | null;
  /**
   * When it became known that the provider's answer to the opening was lost. If the payment code can't be
   * read again, the payment is ended and replaced.
   */
  readonly lostAt: Date | null;
  /** Why this provider and channel were chosen. */
  readonly routing: readonly Candidate[] | null;
  /** Only set for payments to a printed code. */
  readonly verification: Verification | null;
  /** The outlet whose till took it; null: none, for example an order of the gateway. */
  readonly outletId: Id | null;
  readonly createdAt: Date;
};

/** A channel that was considered. Candidates are in order of preference; `why` gives the reason. */
export type Candidate = {
  readonly provider: string;
  readonly channel: string;
  /** The merchant's and the customer's fee together; minor units as text. */
  readonly fee: string;
  readonly chosen: boolean;
  readonly why: string;
};

/** Whether the payment has no payment code: no QR string, no pay code and no checkout URL. */
export function isCodeless({ qrString, payCode, checkoutUrl }: Payment): boolean {
  return qrString === null && payCode === null && checkoutUrl === null;
}

/** The amount of an order paid so far, in minor units. */
export function paidSum(payments: readonly Payment[]): bigint {
  return payments.reduce((sum, { state, amount }) => (state === "succeeded" ? sum + amount.minor : sum), 0n);
}

/** Our reference for a payment at its provider. */
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
