import type { Money, Refusal } from "@onegate/contract";

/**
 * A payment provider. Each provider is one file that implements these verbs, and `conformance.ts` tests them
 * all alike. No caller outside this folder depends on a particular provider.
 */
export interface Provider {
  /** Stable lower-case name, stored with each attempt: `tripay`. */
  readonly name: string;
  /** The channels as the provider lists them now. Never throws: an unreachable provider is a refusal. */
  channels(signal?: AbortSignal): Promise<readonly Channel[] | Refusal>;
  /**
   * The fees of a payment of this amount, by one channel or each. Absent if the provider has no calculator.
   */
  fees?(amount: Money, channel?: string, signal?: AbortSignal): Promise<readonly ChannelFees[] | Refusal>;
  /** How to pay by a channel; `{{pay_code}}` and `{{amount}}` are placeholders that the payment fills in. */
  instructions?(channel: string, signal?: AbortSignal): Promise<readonly Instruction[] | Refusal>;
  /**
   * Requests the provider to collect an amount. Only an explicit success or refusal counts as one; every
   * other outcome is `unknown`. Never retried here.
   */
  open(request: OpenRequest, signal?: AbortSignal): Promise<OpenAnswer>;
  /** Inquires about an attempt, by the provider's reference or, if that answer was lost, by our own. */
  inquire(request: InquireRequest, signal?: AbortSignal): Promise<InquireAnswer>;
  /**
   * False if the provider can't be searched by our reference. An attempt whose answer was lost is then
   * unknown until a notification names it, and absent only when it has expired unpaid.
   */
  readonly findsByMerchantRef?: false;
  /** Cancels an unpaid attempt. Absent if the provider has no such call: the attempt then expires. */
  cancel?(request: InquireRequest, signal?: AbortSignal): Promise<CancelAnswer>;
  /**
   * Refunds a payment or a part of it, once per `refundRef`: repeating the call returns the same answer.
   * Absent if refunds are made elsewhere, such as in a dashboard; a person then reports when one is done.
   */
  refund?(request: RefundRequest, signal?: AbortSignal): Promise<RefundAnswer>;
  /** Inquires about a refund whose answer was lost. Present wherever `refund` is. */
  inquireRefund?(request: RefundRequest, signal?: AbortSignal): Promise<RefundAnswer>;
  /**
   * Verifies a notification by its signature or token over the raw bytes. A verified one is never refused.
   */
  readNotification(notification: RawNotification): Notification | Refusal;
  /** Checks our credentials by a call that changes nothing. Absent if the provider has no such call. */
  verify?(signal?: AbortSignal): Promise<VerifyAnswer>;
  /** Whether it accepts amounts with sen. Absent if it accepts whole rupiah only. */
  readonly takesSen?: true;
  /** True for Onegate's own provider, which collects for merchants without a provider account. */
  readonly isOurs?: true;
  /** Whether its recent calls were answered; absent if it has no circuit breaker. */
  isWell?(): boolean;
  /** The body that the provider expects, with status 200, when its notification was accepted. */
  readonly acknowledgement: Readonly<Record<string, unknown>>;
  /** Removes credentials and personal data from a text before it is logged. */
  scrub(text: string): string;
}

export type Channel = {
  readonly code: string;
  readonly name: string;
  readonly group: string;
  readonly type: "direct" | "redirect";
  readonly feeMerchant: Fee;
  readonly feeCustomer: Fee;
  readonly totalFee: Fee;
  /** Bounds of the fee, not of the amount. */
  readonly minimumFee: Money | null;
  readonly maximumFee: Money | null;
  readonly minimumAmount: Money;
  readonly maximumAmount: Money;
  readonly iconUrl: string;
  readonly active: boolean;
  /** Whether the channel requires the payer's Indonesian mobile number. */
  readonly needsPhone?: true;
};

/** `percentBasisPoints` is in hundredths of a percent: 70 is 0.70 %. */
export type Fee = { readonly flat: Money; readonly percentBasisPoints: number };

/** A channel's fee on one amount: the merchant's share of it, and what the customer pays on top. */
export type ChannelFees = {
  readonly code: string;
  readonly name: string;
  readonly fee: Fee;
  readonly least: Money | null;
  readonly most: Money | null;
  readonly merchant: Money;
  readonly customer: Money;
};

/** Steps of one way to pay, as plain text. */
export type Instruction = { readonly title: string; readonly steps: readonly string[] };

export type OpenRequest = {
  /** Our reference of this attempt, never reused. */
  readonly merchantRef: string;
  readonly channel: string;
  readonly amount: Money;
  readonly items: ReadonlyArray<{ sku: string | null; name: string; price: Money; quantity: number }>;
  readonly customer: {
    readonly name: string;
    readonly email: string;
    /** E.164 */
    readonly phone: string | null;
  };
  readonly expiresAt: Date;
};

/** What the payer needs in order to pay, and what it costs. */
export type Opened = {
  readonly reference: string;
  readonly channelName: string;
  /** What the payer pays, the customer's fee included. */
  readonly amount: Money;
  readonly feeMerchant: Money;
  readonly feeCustomer: Money;
  readonly qrString: string | null;
  readonly payCode: string | null;
  readonly checkoutUrl: string | null;
  readonly expiresAt: Date;
};

/** The reason of a refusal when nothing was sent, so that another provider may be tried. */
export const UNREACHABLE = "unreachable";

export type OpenAnswer =
  | { readonly answer: "opened"; readonly opened: Opened }
  | { readonly answer: "refused"; readonly reason: string }
  | { readonly answer: "unknown"; readonly reason: string };

export type InquireRequest = {
  readonly reference: string | null;
  readonly merchantRef: string;
  /** Until when the payer may pay, if the caller knows. */
  readonly expiresAt?: Date | null;
};

export type InquireAnswer =
  | { readonly answer: "found"; readonly state: ProviderState; readonly opened: Opened | null }
  | { readonly answer: "absent" }
  /**
   * `notFound`: the provider knows no such reference. For a reference that it gave us, this proves nothing.
   */
  | { readonly answer: "unknown"; readonly reason: string; readonly notFound?: true };

/** The state of an attempt at the provider. `amount` is what the payer pays, with the customer's fee. */
export type ProviderState = {
  readonly reference: string;
  readonly merchantRef: string | null;
  readonly status: "pending" | "paid" | "expired" | "failed" | "refunded";
  readonly amount: Money;
  /** The fee taken from the merchant. */
  readonly feeMerchant: Money;
  readonly feeCustomer: Money;
  readonly paidAt: Date | null;
  /**
   * Amounts that the provider has taken back without our request, such as chargebacks. Ignored for unpaid
   * attempts.
   */
  readonly takenBack?: readonly TakenBack[];
};

/** An amount that a payer's bank or the acquirer took back; `reference` identifies it. */
export type TakenBack = { readonly reference: string; readonly amount: Money; readonly reason: string };

export type RawNotification = {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The raw bytes, before any parsing. */
  readonly body: Uint8Array;
};

/**
 * A notification from a verified sender. `reread`: its content is not verified (a constant token, or a
 * signature over a part of it), so the payment must be inquired about before its state is applied.
 */
export type PaymentNotification = {
  readonly state: ProviderState;
  readonly channel: string;
  readonly reread: boolean;
};

/**
 * A notification from a verified sender without a payment state that is known here: a test from the
 * provider's dashboard, another kind of event, a new status. It is acknowledged and stored.
 */
export type OtherNotification = {
  readonly state: null;
  /** The provider's name of the event. */
  readonly event: string;
};

export type Notification = PaymentNotification | OtherNotification;

export type CancelAnswer =
  | { readonly answer: "cancelled" }
  /** No longer possible: the attempt is paid or has ended. An inquiry shows which. */
  | { readonly answer: "refused"; readonly reason: string }
  | { readonly answer: "unknown"; readonly reason: string };

export type VerifyAnswer =
  | { readonly answer: "accepted" }
  | { readonly answer: "refused" | "unknown"; readonly reason: string };

export type RefundRequest = InquireRequest & {
  /** Our reference of this refund, never reused. */
  readonly refundRef: string;
  readonly channel: string;
  readonly amount: Money;
  /** The total that was paid. */
  readonly paid: Money;
  readonly reason: string;
};

export type RefundAnswer =
  | { readonly answer: "refunded"; readonly reference: string | null }
  /** Accepted and done later; inquired about until then. */
  | { readonly answer: "pending" }
  | { readonly answer: "refused"; readonly reason: string }
  | { readonly answer: "unknown"; readonly reason: string };
