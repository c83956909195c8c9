import type { Answer } from "../answer.ts";
import { qrisOf } from "../qris.ts";
import { letters } from "../random.ts";
import type { Transaction } from "../transaction.ts";
import type { World } from "../world.ts";
import { NOTIFY_URL, type SnapAccount } from "./account.ts";
import { no, services } from "./code.ts";
import { readStamp } from "./signature.ts";

export type Body = Readonly<Record<string, unknown>>;

const service = services.generate;
const DEFAULT_VALIDITY_S = 900;
/** Per QRIS payment, in whole rupiah. */
const MAX_AMOUNT = 10_000_000;

/** Service 47: checks a request for a code and builds its transaction, or returns a refusal. */
export function generate(world: World, account: SnapAccount, body: Body): Transaction | Answer {
  const merchantRef = text(body, "partnerReferenceNo");
  if (!merchantRef) return no(service, "field_missing", "partnerReferenceNo");
  if (merchantRef.length > 64) return no(service, "field_invalid", "partnerReferenceNo");
  const amount = wholeRupiah(body["amount"]);
  if (typeof amount === "string") return no(service, "field_invalid", amount);
  if (amount === 0) return no(service, "amount_invalid");
  if (amount > MAX_AMOUNT) return no(service, "limit_exceeded");
  if (text(body, "merchantId") !== account.merchantId) return no(service, "merchant_invalid");
  const now = world.clock.seconds();
  const until =
    body["validityPeriod"] === undefined
      ? (now + DEFAULT_VALIDITY_S) * 1_000
      : readStamp(body["validityPeriod"]);
  if (until === undefined || until <= now * 1_000) return no(service, "field_invalid", "validityPeriod");
  const earlier = world.book.transactionOf("snap", account.partnerId, merchantRef);
  if (earlier) return no(service, earlier.amount === amount ? "reference_used" : "inconsistent");

  const sequence = world.book.nextSequence;
  const reference = `SNAP${String(sequence).padStart(8, "0")}${letters(world.random, 6)}`;
  return {
    reference,
    sequence,
    provider: "snap",
    merchantCode: account.partnerId,
    merchantRef,
    channel: "QRIS",
    channelName: "QRIS SNAP BI",
    callbackUrl: account.notifyUrl ?? world.book.setting(NOTIFY_URL) ?? null,
    returnUrl: null,
    amount,
    feeMerchant: 0,
    feeCustomer: 0,
    payCode: null,
    qrString: qrisOf(reference, amount),
    status: "UNPAID",
    createdAt: now,
    expiresAt: Math.floor(until / 1_000),
    paidAt: null,
    refunds: [],
    faults: {},
    own: { terminalId: text(body, "terminalId") ?? null },
  };
}

export function text(body: Body, name: string): string | undefined {
  const value = body[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** `{"value": "12500.00", "currency": "IDR"}` to whole rupiah, or the invalid field; sen are not accepted. */
export function wholeRupiah(unchecked: unknown): number | "amount.value" | "amount.currency" {
  const { value, currency } = (typeof unchecked === "object" && unchecked !== null ? unchecked : {}) as Body;
  if (currency !== "IDR") return "amount.currency";
  const match = typeof value === "string" ? /^(\d{1,13})\.00$/.exec(value) : null;
  return match ? Number(match[1]) : "amount.value";
}
