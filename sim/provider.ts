import { IDR, money, refuse, type Money, type Refusal } from "@onegate/contract";
import { createHash } from "node:crypto";
import type {
  Channel,
  InquireAnswer,
  InquireRequest,
  Notification,
  OpenAnswer,
  Opened,
  OpenRequest,
  Provider,
  ProviderState,
  RawNotification,
} from "../server/providers/index.ts";
import { fee, SIM_CHANNELS } from "./channels.ts";
import type { Random } from "./random.ts";
import { RefundDesk } from "./refund-desk.ts";

export const SIM_PROVIDER = "sim";

/** How the provider answers the next request to collect money. */
export const openMoods = [
  "answers",
  "loses the answer",
  "loses the request",
  "refuses",
  "does it late",
  "stalls before",
  "stalls after",
  "is paid before it answers",
] as const;
export type OpenMood = (typeof openMoods)[number];

/** How the provider answers the next inquiry. `stale`: events overtake its answer. */
export const inquireMoods = ["answers", "unknown", "stale"] as const;
export type InquireMood = (typeof inquireMoods)[number];

/**
 * The truth at the provider: what was requested from it and what payers really paid. Amounts are in minor
 * units.
 */
export type Transaction = {
  readonly reference: string;
  readonly merchantRef: string | null;
  readonly orderId: string | null;
  readonly channel: string;
  readonly channelName: string;
  readonly asked: bigint;
  readonly feeMerchant: bigint;
  readonly feeCustomer: bigint;
  readonly expiresAt: number;
  status: "pending" | "paid" | "expired" | "failed";
  /** What the payer paid, the customer's fee included. */
  paid: bigint;
  paidAt: number | null;
};

/** What the provider owes the merchant for a transaction, before its own fee. */
export function collectedOf({ paid, feeCustomer }: Transaction): bigint {
  return paid - feeCustomer;
}

const KEY = "the simulation's shared secret";
const LATE_MS = 10_000;

/**
 * A provider inside the simulation. It may be slow, forgetful and repetitive, but it never lies about money.
 */
export class SimProvider implements Provider {
  readonly name = SIM_PROVIDER;
  readonly transactions: Transaction[] = [];
  readonly desk: RefundDesk;
  /** Present with some seeds; with the others a person makes refunds. */
  readonly refund?: NonNullable<Provider["refund"]>;
  readonly inquireRefund?: NonNullable<Provider["inquireRefund"]>;
  /** Its next behaviour; the code that sets it also resets it. */
  openMood: OpenMood = "answers";
  inquireMood: InquireMood = "answers";
  channelsDown = false;
  /** The order of the next request; the provider itself does not know orders. */
  orderId: string | null = null;
  /** Runs after the provider acts and before it answers. */
  meanwhile: () => Promise<void> = async () => undefined;
  /** Called when it stalls: the caller never gets an answer. */
  onStall: () => void = () => undefined;
  readonly #now: () => number;
  readonly #send: (raw: RawNotification, transaction: Transaction) => void;
  #late: Array<{ at: number; request: OpenRequest; orderId: string | null }> = [];

  constructor(
    now: () => number,
    send: (raw: RawNotification, transaction: Transaction) => void,
    givesBack: boolean,
  ) {
    this.#now = now;
    this.#send = send;
    this.desk = new RefundDesk(
      now,
      (reference, merchantRef) =>
        this.transactions.find(
          (one) =>
            one.status === "paid" &&
            (reference === null ? one.merchantRef === merchantRef : one.reference === reference),
        )?.reference,
    );
    if (!givesBack) return;
    this.refund = (request) => this.desk.refund(request);
    this.inquireRefund = (request) => this.desk.inquire(request);
  }

  async channels(): Promise<readonly Channel[] | Refusal> {
    return this.channelsDown ? refuse("provider_unreachable") : SIM_CHANNELS;
  }

  async open(request: OpenRequest): Promise<OpenAnswer> {
    switch (this.openMood) {
      case "answers":
        return { answer: "opened", opened: toOpened(this.#create(request)) };
      case "is paid before it answers": {
        const transaction = this.#create(request);
        this.pay(transaction, transaction.asked);
        await this.meanwhile();
        return { answer: "opened", opened: toOpened(transaction) };
      }
      case "loses the answer":
        this.#create(request);
        throw new Error("socket hang up");
      case "loses the request":
        return { answer: "unknown", reason: "timeout" };
      case "refuses":
        return { answer: "refused", reason: "channel under maintenance" };
      case "does it late":
        this.#late.push({ at: this.#now() + LATE_MS, request, orderId: this.orderId });
        return { answer: "unknown", reason: "timeout" };
      case "stalls after":
        this.#create(request);
        return this.#stall();
      case "stalls before":
        return this.#stall();
    }
  }

  async inquire({ reference, merchantRef }: InquireRequest): Promise<InquireAnswer> {
    if (this.inquireMood === "unknown") return { answer: "unknown", reason: "timeout" };
    const own = this.transactions.filter((one) =>
      reference === null ? one.merchantRef === merchantRef : one.reference === reference,
    );
    const found = own.find(({ status }) => status === "paid") ?? own[0];
    const answer: InquireAnswer = found
      ? { answer: "found", state: toState(found), opened: toOpened(found) }
      : { answer: "absent" };
    if (this.inquireMood === "stale") await this.meanwhile();
    return answer;
  }

  readonly acknowledgement = {};

  readNotification({ headers, body }: RawNotification): Notification | Refusal {
    if (headers["x-sim-signature"] !== sign(body)) return refuse("notification_signature_wrong");
    const row = JSON.parse(Buffer.from(body).toString("utf8")) as Record<
      "reference" | "status" | "channel" | "amount" | "fee_merchant" | "fee_customer",
      string
    > & {
      merchant_ref: string | null;
      paid_at: number | null;
    };
    const sum = (minor: string): Money => money(BigInt(minor), IDR);
    return {
      channel: row.channel,
      reread: false,
      state: {
        reference: row.reference,
        merchantRef: row.merchant_ref,
        status: row.status as ProviderState["status"],
        amount: sum(row.amount),
        feeMerchant: sum(row.fee_merchant),
        feeCustomer: sum(row.fee_customer),
        paidAt: row.paid_at === null ? null : new Date(row.paid_at),
      },
    };
  }

  scrub(text: string): string {
    return text;
  }

  /** Transactions of an order, oldest first. */
  of(orderId: string): Transaction[] {
    return this.transactions.filter((one) => one.orderId === orderId);
  }

  /** A payer pays any amount, in any state of the transaction, in time or late. */
  pay(transaction: Transaction, paid: bigint): void {
    transaction.status = "paid";
    transaction.paid = paid;
    transaction.paidAt = this.#now();
    this.#notify(transaction);
  }

  /** The payer pays the same code once more: money under a new reference. */
  payAgain(transaction: Transaction): Transaction {
    const second: Transaction = { ...transaction, reference: this.#reference() };
    this.transactions.push(second);
    this.pay(second, second.asked);
    return second;
  }

  /** Money that was not requested. */
  payUnasked(minor: bigint, random: Random): Transaction {
    const [channel] = SIM_CHANNELS;
    const merchantRef = random.chance(50) ? null : `SHOP-${random.below(1_000_000)}`;
    const orphan: Transaction = {
      reference: this.#reference(),
      merchantRef,
      orderId: null,
      channel: channel.code,
      channelName: channel.name,
      asked: minor,
      feeMerchant: fee(channel.feeMerchant, minor),
      feeCustomer: 0n,
      expiresAt: this.#now(),
      status: "pending",
      paid: 0n,
      paidAt: null,
    };
    this.transactions.push(orphan);
    this.pay(orphan, minor);
    return orphan;
  }

  fail(transaction: Transaction): void {
    if (transaction.status !== "pending") return;
    transaction.status = "failed";
    this.#notify(transaction);
  }

  /** Does what is due: delayed requests, and transactions that expire. */
  tick(): void {
    const due = this.#late.filter(({ at }) => at <= this.#now());
    this.#late = this.#late.filter(({ at }) => at > this.#now());
    for (const { request, orderId } of due) this.#create(request, orderId);
    for (const transaction of this.transactions) {
      if (transaction.status !== "pending" || transaction.expiresAt > this.#now()) continue;
      transaction.status = "expired";
      this.#notify(transaction);
    }
    this.desk.tick();
  }

  #create(request: OpenRequest, orderId = this.orderId): Transaction {
    const channel = SIM_CHANNELS.find(({ code }) => code === request.channel) ?? SIM_CHANNELS[0];
    const feeCustomer = fee(channel.feeCustomer, request.amount.minor);
    const transaction: Transaction = {
      reference: this.#reference(),
      merchantRef: request.merchantRef,
      orderId,
      channel: channel.code,
      channelName: channel.name,
      asked: request.amount.minor + feeCustomer,
      feeMerchant: fee(channel.feeMerchant, request.amount.minor),
      feeCustomer,
      expiresAt: request.expiresAt.getTime(),
      status: "pending",
      paid: 0n,
      paidAt: null,
    };
    this.transactions.push(transaction);
    return transaction;
  }

  #reference(): string {
    return `SIM${String(this.transactions.length + 1).padStart(6, "0")}`;
  }

  #notify(transaction: Transaction): void {
    const state = toState(transaction);
    const body = Buffer.from(
      JSON.stringify({
        reference: state.reference,
        merchant_ref: state.merchantRef,
        status: state.status,
        channel: transaction.channel,
        amount: state.amount.minor.toString(),
        fee_merchant: state.feeMerchant.minor.toString(),
        fee_customer: state.feeCustomer.minor.toString(),
        paid_at: transaction.paidAt,
      }),
    );
    this.#send({ headers: { "x-sim-signature": sign(body) }, body }, transaction);
  }

  #stall(): Promise<never> {
    this.onStall();
    return new Promise(() => undefined);
  }
}

function sign(body: Uint8Array): string {
  return createHash("sha256").update(KEY).update(body).digest("hex");
}

function toState(one: Transaction): ProviderState {
  return {
    reference: one.reference,
    merchantRef: one.merchantRef,
    status: one.status,
    amount: money(one.status === "paid" ? one.paid : one.asked, IDR),
    feeMerchant: money(one.feeMerchant, IDR),
    feeCustomer: money(one.feeCustomer, IDR),
    paidAt: one.paidAt === null ? null : new Date(one.paidAt),
  };
}

function toOpened(one: Transaction): Opened {
  return {
    reference: one.reference,
    channelName: one.channelName,
    amount: money(one.asked, IDR),
    feeMerchant: money(one.feeMerchant, IDR),
    feeCustomer: money(one.feeCustomer, IDR),
    qrString: `QR:${one.reference}`,
    payCode: null,
    checkoutUrl: null,
    expiresAt: new Date(one.expiresAt),
  };
}
