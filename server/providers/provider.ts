import type { Money, Refusal } from "@onegate/contract";

/**
 * Who moves the money. A provider is one file that answers these verbs; `conformance.ts` holds every one of them
 * to the same manners. No caller outside this folder knows which provider it speaks to.
 */
export interface Provider {
  /** Stable lower-case name, stored with each attempt: `tripay`. */
  readonly name: string;
  /** The channels as the provider states them now. Throws nothing: unreachable is a refusal. */
  channels(signal?: AbortSignal): Promise<readonly Channel[] | Refusal>;
  /** What a payment of a sum would cost, by one channel or each. Absent where the provider has no calculator. */
  fees?(amount: Money, channel?: string, signal?: AbortSignal): Promise<readonly ChannelFees[] | Refusal>;
  /** How to pay by a channel; `{{pay_code}}` and `{{amount}}` stand where the payment fills them in. */
  instructions?(channel: string, signal?: AbortSignal): Promise<readonly Instruction[] | Refusal>;
  /** Asks the provider to collect a sum. Only an explicit yes or no is one: all else is `unknown`. Never retried here. */
  open(request: OpenRequest, signal?: AbortSignal): Promise<OpenAnswer>;
  /** What the provider knows of an attempt, by its reference or, where the answer was lost, by our own. */
  inquire(request: InquireRequest, signal?: AbortSignal): Promise<InquireAnswer>;
  /**
   * False where a provider can't be searched by our reference: an attempt whose answer was lost is then unknown until a
   * notification names it, and absent only when its time is over and nobody has paid it.
   */
  readonly findsByMerchantRef?: false;
  /** Ends an attempt that nobody has paid. Absent where the provider has no such call: then it ends by its clock. */
  cancel?(request: InquireRequest, signal?: AbortSignal): Promise<CancelAnswer>;
  /**
   * Gives back a paid sum or a part of it, once per `refundRef`: the same again answers the same. Absent where refunds are
   * made elsewhere (a dashboard): then a person says when it is done.
   */
  refund?(request: RefundRequest, signal?: AbortSignal): Promise<RefundAnswer>;
  /** What the provider knows of a refund whose answer was lost. There wherever `refund` is. */
  inquireRefund?(request: RefundRequest, signal?: AbortSignal): Promise<RefundAnswer>;
  /** Believes a notification only by its signature or token, over the raw bytes; refuses nothing that is proven by them. */
  readNotification(notification: RawNotification): Notification | Refusal;
  /** Whether the provider takes our credentials, by a call that changes nothing. Absent where it has none. */
  verify?(signal?: AbortSignal): Promise<VerifyAnswer>;
  /** Whether it takes sums with sen. Absent where it takes whole rupiah alone. */
  readonly takesSen?: true;
  /** True of this program itself, which collects for a merchant that has an account nowhere. */
  readonly isOurs?: true;
  /** Whether it answered of late; absent where nobody watches it. */
  isWell?(): boolean;
  /** What the provider wants to hear when its notification was taken, with 200. */
  readonly acknowledgement: Readonly<Record<string, unknown>>;
  /** Removes credentials and personal data from a text that is to be logged. */
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
  /** Whether the payer is reached by a mobile number of Indonesia. */
  readonly needsPhone?: true;
};

/** `percentBasisPoints` is in hundredths of a percent: 70 is 0.70 %. */
export type Fee = { readonly flat: Money; readonly percentBasisPoints: number };

/** A channel's fee on one sum: what the merchant bears of it, and what the customer pays on top. */
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
  /** Our reference of this attempt, unique for ever. */
  readonly merchantRef: string;
  readonly channel: string;
  readonly amount: Money;
  readonly items: ReadonlyArray<{ sku: string | null; name: string; price: Money; quantity: number }>;
  readonly customer: {
    readonly name: string;
    readonly email: string /** E.164 */;
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

/** The reason of a refusal that says: nothing was sent, so another provider may be asked. */
export const UNREACHABLE = "unreachable";

export type OpenAnswer =
  | { readonly answer: "opened"; readonly opened: Opened }
  | { readonly answer: "refused"; readonly reason: string }
  | { readonly answer: "unknown"; readonly reason: string };

export type InquireRequest = {
  readonly reference: string | null;
  readonly merchantRef: string;
  /** Until when the payer may pay, where the caller knows. */
  readonly expiresAt?: Date | null;
};

export type InquireAnswer =
  | { readonly answer: "found"; readonly state: ProviderState; readonly opened: Opened | null }
  | { readonly answer: "absent" }
  /** `notFound`: the provider answered that it has no payment of this reference. For one that we know this proves nothing. */
  | { readonly answer: "unknown"; readonly reason: string; readonly notFound?: true };

/** A provider's word on one attempt. `amount` is what the payer paid or is to pay, customer's fee included. */
export type ProviderState = {
  readonly reference: string;
  readonly merchantRef: string | null;
  readonly status: "pending" | "paid" | "expired" | "failed" | "refunded";
  readonly amount: Money;
  /** The fee taken from the merchant. */
  readonly feeMerchant: Money;
  readonly feeCustomer: Money;
  readonly paidAt: Date | null;
  /** What the provider has taken back of the sum without our asking. Of a payment that brought no money it means nothing. */
  readonly takenBack?: readonly TakenBack[];
};

/** A sum that a payer's bank or the acquirer took back; the same reference is the same taking. */
export type TakenBack = { readonly reference: string; readonly amount: Money; readonly reason: string };

export type RawNotification = {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The bytes as they came, before any parsing. */
  readonly body: Uint8Array;
};

/**
 * A notification whose sender is proven. `reread`: its content is not (a constant token, or a signature over a part of it),
 * so the payment is inquired about before its word is believed.
 */
export type PaymentNotification = {
  readonly state: ProviderState;
  readonly channel: string;
  readonly reread: boolean;
};

/**
 * One whose sender is proven as well, and that tells of no payment in words which are known here: a test from the provider's
 * dashboard, another kind of event, a new status. It is acknowledged and kept.
 */
export type OtherNotification = {
  readonly state: null /** What the provider calls it. */;
  readonly event: string;
};

export type Notification = PaymentNotification | OtherNotification;

export type CancelAnswer =
  | { readonly answer: "cancelled" }
  /** It can't be any more: paid, or over. An inquiry tells which. */
  | { readonly answer: "refused"; readonly reason: string }
  | { readonly answer: "unknown"; readonly reason: string };

export type VerifyAnswer =
  | { readonly answer: "accepted" }
  | { readonly answer: "refused" | "unknown"; readonly reason: string };

export type RefundRequest = InquireRequest & {
  /** Our reference of this refund, unique for ever. */
  readonly refundRef: string;
  readonly channel: string;
  readonly amount: Money;
  /** What was paid in all. */
  readonly paid: Money;
  readonly reason: string;
};

export type RefundAnswer =
  | { readonly answer: "refunded"; readonly reference: string | null }
  /** Taken, and done later; asked about until it is. */
  | { readonly answer: "pending" }
  | { readonly answer: "refused"; readonly reason: string }
  | { readonly answer: "unknown"; readonly reason: string };
