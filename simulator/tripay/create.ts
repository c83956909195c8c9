import { channelOf, feeOn, isQris, type Channel } from "./channels.ts";
import { sameText, signatureOfCreate, type Credential } from "./credential.ts";
import type { OrderItem, Own } from "./own.ts";
import { qrisOf } from "../qris.ts";
import { digits, letters } from "../random.ts";
import type { Transaction } from "../transaction.ts";
import type { World } from "../world.ts";
import type { Account } from "./index.ts";

type Body = Readonly<Record<string, unknown>>;

const DAY_MINUTES = 1_440;
/** How far an expiry may be outside the channel's bounds, because a request takes time to arrive. */
const EXPIRY_TOLERANCE_S = 60;
const MAX_DIGITS = 12;

/**
 * Checks a request for a closed payment and builds its transaction, or returns a refusal as a sentence.
 * Tripay documents only the sentence for a wrong signature; the others are the simulator's own.
 */
export function createTransaction(
  world: World,
  account: Account,
  credential: Credential,
  body: Body,
): Transaction | string {
  const channel = channelOf(text(body, "method") ?? "");
  if (!channel) return "Payment channel not found";
  const merchantRef = text(body, "merchant_ref");
  const name = text(body, "customer_name");
  const email = text(body, "customer_email");
  const requested = whole(body["amount"]);
  if (!merchantRef) return "The merchant ref field is required";
  if (requested === undefined) return "The amount must be an integer";
  const signature = text(body, "signature") ?? "";
  if (!sameText(signature.toLowerCase(), signatureOfCreate(credential, merchantRef, requested)))
    return "Invalid signature";
  if (!name) return "The customer name field is required";
  if (!email?.includes("@")) return "The customer email must be a valid email address";
  const phone = text(body, "customer_phone");
  if (!phone && channel.code === "OVO") return "The customer phone field is required";
  if (requested < channel.amount.least) return `Minimum amount is ${channel.amount.least}`;
  if (requested > channel.amount.most) return `Maximum amount is ${channel.amount.most}`;
  const items = readItems(body["order_items"]);
  if (typeof items === "string") return items;
  if (items.reduce((sum, item) => sum + item.subtotal, 0) !== requested)
    return "The amount must equal the total of order items";
  const expiresAt = readExpiry(body["expired_time"], channel, world.clock.seconds());
  if (typeof expiresAt === "string") return expiresAt;
  const callbackUrl = readUrl(body, "callback_url");
  const returnUrl = readUrl(body, "return_url");
  if (callbackUrl === undefined || returnUrl === undefined) return "The url format is invalid";

  const sequence = world.book.nextSequence;
  const number = String(sequence).padStart(6, "0");
  const reference = `DEV-${credential.merchantCode}${number}${letters(world.random, 5)}`;
  const fee = feeOn(requested, channel.fee);
  const [feeMerchant, feeCustomer] = account.feePayer === "merchant" ? [fee, 0] : [0, fee];
  const amount = requested + feeCustomer;
  return {
    reference,
    sequence,
    merchantCode: credential.merchantCode,
    merchantRef,
    provider: "tripay",
    channel: channel.code,
    channelName: channel.name,
    callbackUrl: callbackUrl ?? account.callbackUrl,
    returnUrl,
    amount,
    feeMerchant,
    feeCustomer,
    payCode:
      channel.type === "redirect" || isQris(channel) ? null : digits(world.random, 16).replace(/^0/, "8"),
    qrString: isQris(channel) ? qrisOf(reference, amount) : null,
    status: "UNPAID",
    createdAt: world.clock.seconds(),
    expiresAt,
    paidAt: null,
    refunds: [],
    faults: {},
    own: { customer: { name, email, phone: phone ?? null }, items, note: null } satisfies Own,
  };
}

function text(body: Body, name: string): string | undefined {
  const value = body[name];
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

/** A whole number that is not negative, as a number or a string of digits. */
function whole(value: unknown): number | undefined {
  const digitsOnly = typeof value === "number" ? String(value) : value;
  if (typeof digitsOnly !== "string" || !/^\d+$/.test(digitsOnly) || digitsOnly.length > MAX_DIGITS)
    return undefined;
  return Number(digitsOnly);
}

/** Null if it is missing, undefined if it is not a URL. */
function readUrl(body: Body, name: string): string | null | undefined {
  const value = text(body, name);
  if (value === undefined) return null;
  return /^https?:\/\//.test(value) && URL.canParse(value) ? value : undefined;
}

function readItems(unchecked: unknown): OrderItem[] | string {
  if (!Array.isArray(unchecked) || unchecked.length === 0) return "The order items field is required";
  const items: OrderItem[] = [];
  for (const item of unchecked as unknown[]) {
    if (typeof item !== "object" || item === null) return "The order items field is invalid";
    const fields = item as Body;
    const name = text(fields, "name");
    const price = whole(fields["price"]);
    const quantity = whole(fields["quantity"]);
    if (!name || price === undefined || !quantity) return "The order items field is invalid";
    items.push({
      sku: text(fields, "sku") ?? null,
      name,
      price,
      quantity,
      subtotal: price * quantity,
      product_url: text(fields, "product_url") ?? null,
      image_url: text(fields, "image_url") ?? null,
    });
  }
  return items;
}

/** Unix seconds. The default is a day, or the channel's maximum if that is shorter. */
function readExpiry(unchecked: unknown, { code, expiryMinutes }: Channel, now: number): number | string {
  if (unchecked === undefined || unchecked === null || unchecked === "") {
    return now + Math.min(DAY_MINUTES, expiryMinutes.most) * 60;
  }
  const expiresAt = whole(unchecked);
  if (expiresAt === undefined) return "The expired time must be a unix timestamp";
  const seconds = expiresAt - now;
  if (seconds < expiryMinutes.least * 60 - EXPIRY_TOLERANCE_S)
    return `Minimum expired time of ${code} is ${expiryMinutes.least} minutes`;
  if (seconds > expiryMinutes.most * 60 + EXPIRY_TOLERANCE_S)
    return `Maximum expired time of ${code} is ${expiryMinutes.most} minutes`;
  return expiresAt;
}
