import { checkedToMinor, divide, IDR, money, type Money } from "@onegate/contract";
import { timingSafeEqual } from "node:crypto";
import { keepableJson } from "../kernel/index.ts";
import type { Channel, Fee, OpenRequest, RawNotification } from "./provider.ts";

/**
 * Code that the providers share: one HTTP call and what is certain about its outcome, readers of unchecked
 * rows, rupiah, and the scrubbing of logs. The meaning of a provider's fields belongs in its own file.
 */

// the call

export type Call = {
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  /** Sent as JSON; a string is sent unchanged, so that the bytes sent are the bytes signed. */
  readonly body?: unknown;
};

/** The outcome of one call. `unsent` is certain: without a connection, no byte was sent. */
export type Exchange =
  | { readonly said: "answered"; readonly status: number; readonly text: string }
  | { readonly said: "unsent"; readonly reason: string }
  | { readonly said: "unknown"; readonly reason: string };

/** Without a user agent, some providers' firewalls take the caller for a bot and answer with an HTML page. */
const USER_AGENT = "Onegate/0.1";

/**
 * Calls once, within `totalMs` from first to last byte. A redirect is not followed, because the first server
 * may have processed the request.
 */
export async function exchange(
  { url, method, headers, body }: Call,
  totalMs: number,
  send: typeof fetch = fetch,
  signal?: AbortSignal,
): Promise<Exchange> {
  const timeout = AbortSignal.timeout(totalMs);
  try {
    const response = await send(url, {
      method,
      headers: {
        accept: "application/json",
        "user-agent": USER_AGENT,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      redirect: "manual",
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    return { said: "answered", status: response.status, text: await response.text() };
  } catch (error) {
    return wasNeverSent(error)
      ? { said: "unsent", reason: "unreachable" }
      : { said: "unknown", reason: timeout.aborted ? "timeout" : nameOf(error) };
  }
}

/**
 * HTTP Basic authentication with the key as the user name and an empty password, as Midtrans and Xendit
 * require.
 */
export function basic(key: string): string {
  return `Basic ${Buffer.from(`${key}:`).toString("base64")}`;
}

const NEVER_SENT = new Set(["ECONNREFUSED", "ENOTFOUND"]);

function wasNeverSent(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  const causes: unknown[] = cause instanceof AggregateError ? cause.errors : [cause];
  return causes.length > 0 && causes.every((each) => NEVER_SENT.has(codeOf(each) ?? ""));
}

function nameOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return codeOf(cause) ?? (error instanceof Error ? error.name : "no_answer");
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

// unchecked rows

export type Row = Readonly<Record<string, unknown>>;

export function asRow(unchecked: unknown): Row | undefined {
  return typeof unchecked === "object" && unchecked !== null && !Array.isArray(unchecked)
    ? (unchecked as Row)
    : undefined;
}

/** The rows of a list; none if it is not a list. */
export function rowsOf(unchecked: unknown): Row[] {
  return Array.isArray(unchecked) ? unchecked.map(asRow).filter((row) => row !== undefined) : [];
}

/** An escape of NUL, or of one half of a surrogate pair, which may lack the other. */
const SUSPECT_ESCAPE = /\\u(?:0000|d[89a-f])/i;

/** Parses JSON into a form that PostgreSQL can store; undefined if it is not JSON. */
export function parseJson(text: string): unknown {
  try {
    const parsed = JSON.parse(text) as unknown;
    return SUSPECT_ESCAPE.test(text) ? keepableJson(parsed) : parsed;
  } catch {
    return undefined;
  }
}

export function textOf(unchecked: unknown): string | null {
  if (typeof unchecked === "number") return String(unchecked);
  return typeof unchecked === "string" && unchecked !== "" ? unchecked : null;
}

export function urlOf(unchecked: unknown): string | null {
  return typeof unchecked === "string" && /^https?:\/\//.test(unchecked) ? unchecked : null;
}

/** A header by its lower-case name; undefined if it is missing or repeated. */
export function headerOf(headers: RawNotification["headers"], name: string): string | undefined {
  const found = Object.entries(headers).filter(([key]) => key.toLowerCase() === name);
  const value = found.length === 1 ? found[0]?.[1] : undefined;
  return Array.isArray(value) ? (value.length === 1 ? value[0] : undefined) : value;
}

/** Compares in constant time. */
export function sameSecret(given: string, expected: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}

// rupiah

const SEN = 100n;

/** Money to whole rupiah; undefined if it has sen. */
export function wholeRupiah({ minor }: Money): number | undefined {
  return minor % SEN === 0n ? Number(minor / SEN) : undefined;
}

/** Reads an amount that is not negative, as a number or a decimal string ("5539.00"). */
export function readRupiah(unchecked: unknown): Money | undefined {
  const minor = checkedToMinor(unchecked, IDR);
  return typeof minor === "bigint" && minor >= 0n ? money(minor, IDR) : undefined;
}

/**
 * The agreed fee: flat plus percent, rounded up to the rupiah in the provider's favour, within the fee's
 * bounds.
 */
export function feeOn(
  amount: Money,
  { feeMerchant, minimumFee, maximumFee }: Pick<Channel, "feeMerchant" | "minimumFee" | "maximumFee">,
): Money {
  const share = divide(amount.minor * BigInt(feeMerchant.percentBasisPoints), 10_000n * SEN, "ceil") * SEN;
  const fee = feeMerchant.flat.minor + share;
  const raised = minimumFee && fee < minimumFee.minor ? minimumFee.minor : fee;
  return money(maximumFee && raised > maximumFee.minor ? maximumFee.minor : raised, IDR);
}

/** Why a request can't be sent to a provider of whole rupiah: its amount, items or expiry are invalid. */
export function unsendableReason({ amount, items, expiresAt }: OpenRequest, now: number): string | undefined {
  if (amount.currency !== IDR) return "currency_not_rupiah";
  if (amount.minor <= 0n) return "amount_not_positive";
  if (
    items.some(
      ({ price, quantity }) => price.currency !== IDR || !Number.isSafeInteger(quantity) || quantity < 1,
    )
  )
    return "items_malformed";
  const sum = items.reduce((total, { price, quantity }) => total + price.minor * BigInt(quantity), 0n);
  if (sum !== amount.minor) return "items_differ_from_amount";
  if (wholeRupiah(amount) === undefined) return "amount_not_whole_rupiah";
  return expiresAt.getTime() <= now ? "expired_before_sending" : undefined;
}

/**
 * The items of a sale in whole rupiah. No provider documents negative prices or prices with sen, so a sale
 * with such an item is sent as one item over the whole amount.
 */
export function wholeLines({
  items,
  merchantRef,
  amount,
}: OpenRequest): ReadonlyArray<{ sku: string | null; name: string; price: number; quantity: number }> {
  const lines = items.map(({ sku, name, price, quantity }) => ({
    sku,
    name,
    price: wholeRupiah(price) ?? -1,
    quantity,
  }));
  if (lines.every(({ price }) => price >= 0)) return lines;
  return [{ sku: null, name: `Pembayaran ${merchantRef}`, price: wholeRupiah(amount) ?? 0, quantity: 1 }];
}

// channels of providers that publish no list

const NOTHING = money(0n, IDR);

/**
 * A channel as agreed with a provider. Amounts in whole rupiah, the percentage in hundredths of a percent.
 */
export function agreed(
  { code, name, group, type }: Pick<Channel, "code" | "name" | "group" | "type">,
  {
    flat = 0n,
    basisPoints = 0,
    least,
    most,
  }: { flat?: bigint; basisPoints?: number; least: bigint; most: bigint },
): Channel {
  const fee: Fee = { flat: money(flat * SEN, IDR), percentBasisPoints: basisPoints };
  return {
    code,
    name,
    group,
    type,
    feeMerchant: fee,
    feeCustomer: { flat: NOTHING, percentBasisPoints: 0 },
    totalFee: fee,
    minimumFee: null,
    maximumFee: null,
    minimumAmount: money(least * SEN, IDR),
    maximumAmount: money(most * SEN, IDR),
    iconUrl: "",
    active: true,
  };
}

/** The channel of a request, or why it can't be used: unknown, inactive, or an amount outside its bounds. */
export function channelFor(
  channels: readonly Channel[],
  { channel: code, amount }: OpenRequest,
): Channel | string {
  const channel = channels.find((each) => each.code === code);
  if (!channel?.active) return channel ? "channel_inactive" : "channel_unknown";
  if (amount.minor < channel.minimumAmount.minor) return "amount_below_minimum";
  return amount.minor > channel.maximumAmount.minor ? "amount_above_maximum" : channel;
}

// logs

const PERSONAL: ReadonlyArray<readonly [RegExp, string]> = [
  [/(Bearer|Basic)\s+[^\s"',]+/gi, "$1 ***"],
  [/[^\s@"'<>:,;()]+@[^\s@"'<>:,;()]+\.[^\s@"'<>:,;()]+/g, "***@***"],
  [/(?<!\d)(?:\+?62|0)[ -]?8\d(?:[ -]?\d){6,11}(?!\d)/g, "08***"],
];

/** A text without these secrets, e-mail addresses and telephone numbers. */
export function scrubbed(secrets: readonly string[], text: string): string {
  const withoutKeys = secrets
    .filter((secret) => secret !== "")
    .reduce((rest, secret) => rest.replaceAll(secret, "***"), text);
  return PERSONAL.reduce((rest, [pattern, mark]) => rest.replace(pattern, mark), withoutKeys);
}
