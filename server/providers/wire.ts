import { checkedToMinor, divide, IDR, money, type Money } from "@onegate/contract";
import { timingSafeEqual } from "node:crypto";
import { keepableJson } from "../kernel/index.ts";
import type { Channel, Fee, OpenRequest, RawNotification } from "./provider.ts";

/**
 * What the wires of all providers have in common: one HTTP call and what is certain of it, readers of rows that nobody
 * has checked, rupiah, and the scrubbing of logs. What a provider means by its words stands in its own file.
 */

// the call

export type Call = {
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  /** What becomes JSON; a text goes as it is, so that the bytes sent are the bytes signed. */
  readonly body?: unknown;
};

/** What one call came to. `unsent` is certain: no connection, so no byte has left. */
export type Exchange =
  | { readonly said: "answered"; readonly status: number; readonly text: string }
  | { readonly said: "unsent"; readonly reason: string }
  | { readonly said: "unknown"; readonly reason: string };

/** Without a name some providers' front doors take the caller for a robot and answer a page. */
const USER_AGENT = "Onegate/0.1";

/** Calls once, from first to last byte within `totalMs`. A redirect is not followed: the first server may have had the request. */
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

/** HTTP's password authentication with the key as the user's name and no password, as Midtrans and Xendit want it. */
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

// rows that nobody has checked

export type Row = Readonly<Record<string, unknown>>;

export function asRow(unchecked: unknown): Row | undefined {
  return typeof unchecked === "object" && unchecked !== null && !Array.isArray(unchecked)
    ? (unchecked as Row)
    : undefined;
}

/** The rows of a list; none where it is not a list. */
export function rowsOf(unchecked: unknown): Row[] {
  return Array.isArray(unchecked) ? unchecked.map(asRow).filter((row) => row !== undefined) : [];
}

/** An escape of NUL, or of a half of a surrogate pair, which may lack its other half. */
const SUSPECT_ESCAPE = /\\u(?:0000|d[89a-f])/i;

/** JSON as it can be kept, since the texts of an answer or notification are written beside money; undefined where it is none. */
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

/** A header by its lower-case name; undefined where it is missing or there are several. */
export function headerOf(headers: RawNotification["headers"], name: string): string | undefined {
  const found = Object.entries(headers).filter(([key]) => key.toLowerCase() === name);
  const value = found.length === 1 ? found[0]?.[1] : undefined;
  return Array.isArray(value) ? (value.length === 1 ? value[0] : undefined) : value;
}

/** Compares in a time that tells nothing of where they differ. */
export function sameSecret(given: string, expected: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}

// rupiah

const SEN = 100n;

/** Money to whole rupiah; undefined where there are sen. */
export function wholeRupiah({ minor }: Money): number | undefined {
  return minor % SEN === 0n ? Number(minor / SEN) : undefined;
}

/** A sum that is not negative, as a number or in decimals ("5539.00"), to Money. */
export function readRupiah(unchecked: unknown): Money | undefined {
  const minor = checkedToMinor(unchecked, IDR);
  return typeof minor === "bigint" && minor >= 0n ? money(minor, IDR) : undefined;
}

/** A fee by its agreement: flat and percent, rounded up to the rupiah in the provider's favour, within the fee's own bounds. */
export function feeOn(
  amount: Money,
  { feeMerchant, minimumFee, maximumFee }: Pick<Channel, "feeMerchant" | "minimumFee" | "maximumFee">,
): Money {
  const share = divide(amount.minor * BigInt(feeMerchant.percentBasisPoints), 10_000n * SEN, "ceil") * SEN;
  const fee = feeMerchant.flat.minor + share;
  const least = minimumFee && fee < minimumFee.minor ? minimumFee.minor : fee;
  return money(maximumFee && least > maximumFee.minor ? maximumFee.minor : least, IDR);
}

/** Why no provider of whole rupiah is sent a request: the sum, the lines or the time are not what they should be. */
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
 * The lines of a sale in whole rupiah. What a negative price or one with sen does is documented nowhere, so a sale that
 * has such a line goes as one line over the whole amount.
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

// channels of a provider that publishes none

const NOTHING = money(0n, IDR);

/** An agreement with a provider on one channel; sums in whole rupiah, the share in hundredths of a percent. */
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

/** The channel of a request, or why it isn't one: unknown, switched off, or another sum than it takes. */
export function channelFor(
  channels: readonly Channel[],
  { channel: code, amount }: OpenRequest,
): Channel | string {
  const channel = channels.find((one) => one.code === code);
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

/** A text without these secrets, and without what names or reaches a person. */
export function scrubbed(secrets: readonly string[], text: string): string {
  const withoutKeys = secrets
    .filter((secret) => secret !== "")
    .reduce((rest, secret) => rest.replaceAll(secret, "***"), text);
  return PERSONAL.reduce((rest, [pattern, mark]) => rest.replace(pattern, mark), withoutKeys);
}
