import { divide, IDR, money, refuse, toLocalMobile, type Money, type Refusal } from "@onegate/contract";
import { createHmac, timingSafeEqual } from "node:crypto";
import type {
  Channel,
  ChannelFees,
  Fee,
  InquireAnswer,
  InquireRequest,
  Instruction,
  Notification,
  OpenAnswer,
  Opened,
  OpenRequest,
  Provider,
  ProviderState,
  RawNotification,
} from "./provider.ts";
import {
  asRow,
  exchange,
  headerOf,
  parseJson,
  scrubbed,
  textOf,
  urlOf,
  wholeLines,
  wholeRupiah,
  unsendableReason,
} from "./wire.ts";

export type TripaySettings = {
  /** `https://tripay.co.id/api` or `https://tripay.co.id/api-sandbox`. */
  readonly baseUrl: string;
  readonly apiKey: string;
  /** Signs requests; never sent. */
  readonly privateKey: string;
  readonly merchantCode: string;
  readonly callbackUrl: string;
  readonly returnUrl: string;
  /** How long one call may take from first to last byte; 50 s, as Tripay's own client has it. */
  readonly timeouts?: { readonly totalMs: number };
  readonly fetch?: typeof globalThis.fetch;
  readonly clock: { now(): number };
};

const TOTAL_MS = 50_000;
const SEN = 100n;

/** Tripay, closed payment (tripay.co.id/developer). Amounts are whole rupiah, times are Unix seconds. */
export function createTripay(settings: TripaySettings): Provider {
  const { merchantCode, privateKey } = settings;

  return {
    name: "tripay",

    async channels(signal) {
      return listOf(
        settings,
        await call(settings, { path: "merchant/payment-channel" }, signal),
        readChannel,
      );
    },

    async fees(amount, channel, signal) {
      const sum = wholeRupiah(amount);
      if (sum === undefined) return refuse("amount_malformed");
      const query = { amount: String(sum), ...(channel === undefined ? {} : { code: channel }) };
      return listOf(
        settings,
        await call(settings, { path: "merchant/fee-calculator", query }, signal),
        readFees,
      );
    },

    async instructions(channel, signal) {
      return listOf(
        settings,
        await call(
          settings,
          { path: "payment/instruction", query: { code: channel, allow_html: "0" } },
          signal,
        ),
        readInstruction,
      );
    },

    async open(request, signal) {
      const amount = wholeRupiah(request.amount);
      const reason = unsendableReason(request, settings.clock.now());
      if (reason !== undefined || amount === undefined)
        return { answer: "refused", reason: reason ?? "amount_not_whole_rupiah" };
      const body = {
        method: request.channel,
        merchant_ref: request.merchantRef,
        amount,
        customer_name: request.customer.name,
        customer_email: request.customer.email,
        ...(request.customer.phone === null
          ? {}
          : { customer_phone: toLocalMobile(request.customer.phone) ?? request.customer.phone }),
        order_items: wholeLines(request).map(({ sku, ...line }) => (sku === null ? line : { sku, ...line })),
        callback_url: settings.callbackUrl,
        return_url: settings.returnUrl,
        expired_time: Math.floor(request.expiresAt.getTime() / 1_000),
        signature: hmac(privateKey, `${merchantCode}${request.merchantRef}${amount}`).toString("hex"),
      };
      const reply = await call(settings, { path: "transaction/create", body }, signal);
      return openAnswer(settings, request, reply);
    },

    async inquire(request, signal) {
      if (request.reference !== null)
        return inquireByReference(settings, request.reference, request.merchantRef, signal);
      return inquireByMerchantRef(settings, request, signal);
    },

    async verify(signal) {
      const reply = await call(settings, { path: "merchant/payment-channel" }, signal);
      if (reply.said === "yes") return { answer: "accepted" };
      return { answer: reply.said === "no" ? "refused" : "unknown", reason: scrub(settings, reply.reason) };
    },

    readNotification: (notification) => readNotification(privateKey, notification),
    // Tripay repeats the callback after any other answer
    acknowledgement: { success: true },
    scrub: (text) => scrub(settings, text),
  };
}

/** The readable rows of a list. */
function listOf<T>(
  settings: TripaySettings,
  reply: Reply,
  read: (unchecked: unknown) => T | undefined,
): T[] | Refusal {
  if (reply.said === "no") return refuse("provider_refused", { reason: scrub(settings, reply.reason) });
  if (reply.said !== "yes") return refuse("provider_unreachable", { reason: reply.reason });
  if (!Array.isArray(reply.data)) return refuse("provider_unreachable", { reason: "answer_unreadable" });
  return reply.data.map(read).filter((row) => row !== undefined);
}

// open

function openAnswer(settings: TripaySettings, request: OpenRequest, reply: Reply): OpenAnswer {
  switch (reply.said) {
    case "unsent":
      return { answer: "refused", reason: "unreachable" };
    case "no":
      return { answer: "refused", reason: scrub(settings, reply.reason) };
    case "unknown":
      return { answer: "unknown", reason: reply.reason };
    case "yes": {
      const opened = readOpened(reply.data);
      if (!opened) return { answer: "unknown", reason: "answer_unreadable" };
      const sameRef = asRow(reply.data)?.["merchant_ref"] === request.merchantRef;
      const sameAmount = opened.amount.minor - opened.feeCustomer.minor === request.amount.minor;
      return sameRef && sameAmount
        ? { answer: "opened", opened }
        : { answer: "unknown", reason: "answer_differs" };
    }
  }
}

// inquire

async function inquireByReference(
  settings: TripaySettings,
  reference: string,
  merchantRef: string,
  signal?: AbortSignal,
): Promise<InquireAnswer> {
  const reply = await call(settings, { path: "transaction/detail", query: { reference } }, signal);
  if (reply.said !== "yes") return { answer: "unknown", reason: scrub(settings, reply.reason) };
  const state = readState(reply.data, "payment_method");
  if (!state) return { answer: "unknown", reason: "answer_unreadable" };
  if (state.reference !== reference || state.merchantRef !== merchantRef)
    return { answer: "unknown", reason: "answer_differs" };
  return { answer: "found", state, opened: readOpened(reply.data) ?? null };
}

/** The attempt is absent only if an explicitly complete list doesn't have our reference. */
async function inquireByMerchantRef(
  settings: TripaySettings,
  { merchantRef }: InquireRequest,
  signal?: AbortSignal,
): Promise<InquireAnswer> {
  const reply = await call(
    settings,
    { path: "merchant/transactions", query: { merchant_ref: merchantRef, per_page: "50" } },
    signal,
  );
  if (reply.said !== "yes") return { answer: "unknown", reason: scrub(settings, reply.reason) };
  if (!Array.isArray(reply.data)) return { answer: "unknown", reason: "answer_unreadable" };
  const states = reply.data.map((row) => readState(row, "payment_method"));
  const own = states
    .filter((state) => state?.merchantRef === merchantRef)
    .filter((state) => state !== undefined);
  const found = own.find(({ status }) => status === "paid") ?? own[0];
  if (!found) {
    const total = asRow(reply.pagination)?.["total_records"] ?? (states.length === 0 ? 0 : undefined);
    const complete = total === states.length && !states.includes(undefined);
    return complete ? { answer: "absent" } : { answer: "unknown", reason: "list_incomplete" };
  }
  const detail = await inquireByReference(settings, found.reference, merchantRef, signal);
  return detail.answer === "found" ? detail : { answer: "found", state: found, opened: null };
}

// notification

/** "Callback": the signature is the hex HMAC-SHA256 of the raw body. */
function readNotification(privateKey: string, { headers, body }: RawNotification): Notification | Refusal {
  const given = headerOf(headers, "x-callback-signature");
  if (given === undefined || !/^[0-9a-f]{64}$/i.test(given)) return refuse("notification_signature_wrong");
  if (!timingSafeEqual(Buffer.from(given, "hex"), hmac(privateKey, body)))
    return refuse("notification_signature_wrong");
  const event = headerOf(headers, "x-callback-event") ?? "callback";
  if (event !== "payment_status") return { state: null, event };
  const row = asRow(parseJson(Buffer.from(body).toString("utf8")));
  const state = row && readState({ ...row, amount: row["total_amount"] }, "payment_method_code");
  const channel = row?.["payment_method_code"];
  return state && typeof channel === "string" ? { state, channel, reread: false } : { state: null, event };
}

// mappers: an unchecked row → our types, undefined if it can't be read

const STATUSES: Readonly<Record<string, ProviderState["status"]>> = {
  UNPAID: "pending",
  PAID: "paid",
  EXPIRED: "expired",
  FAILED: "failed",
  REFUND: "refunded",
};

function readState(unchecked: unknown, channelField: string): ProviderState | undefined {
  const row = asRow(unchecked);
  const reference = row?.["reference"];
  const status = STATUSES[String(row?.["status"])];
  const [amount, feeMerchant, feeCustomer] = [
    rupiah(row?.["amount"]),
    rupiah(row?.["fee_merchant"]),
    rupiah(row?.["fee_customer"]),
  ];
  if (!row || typeof reference !== "string" || reference === "" || typeof row[channelField] !== "string")
    return undefined;
  if (!status || !amount || !feeMerchant || !feeCustomer) return undefined;
  const merchantRef = row["merchant_ref"];
  return {
    reference,
    merchantRef: typeof merchantRef === "string" ? merchantRef : null,
    status,
    amount,
    feeMerchant,
    feeCustomer,
    paidAt: instant(row["paid_at"]) ?? null,
  };
}

function readOpened(unchecked: unknown): Opened | undefined {
  const row = asRow(unchecked);
  const state = readState(unchecked, "payment_method");
  const expiresAt = instant(row?.["expired_time"]);
  if (!row || !state || !expiresAt) return undefined;
  return {
    reference: state.reference,
    channelName: textOf(row["payment_name"]) ?? String(row["payment_method"]),
    amount: state.amount,
    feeMerchant: state.feeMerchant,
    feeCustomer: state.feeCustomer,
    qrString: textOf(row["qr_string"]),
    payCode: textOf(row["pay_code"]),
    checkoutUrl: urlOf(row["pay_url"]) ?? urlOf(row["checkout_url"]),
    expiresAt,
  };
}

/**
 * A row of `merchant/payment-channel`. An unreadable one is left out, so that a new kind does not block
 * payments.
 */
function readChannel(unchecked: unknown): Channel | undefined {
  const row = asRow(unchecked);
  const [code, name] = [textOf(row?.["code"]), textOf(row?.["name"])];
  const [feeMerchant, feeCustomer, totalFee] = [
    readFee(row?.["fee_merchant"]),
    readFee(row?.["fee_customer"]),
    readFee(row?.["total_fee"]),
  ];
  const [minimumAmount, maximumAmount] = [rupiah(row?.["minimum_amount"]), rupiah(row?.["maximum_amount"])];
  if (!row || !code || !name || !feeMerchant || !feeCustomer || !totalFee || !minimumAmount || !maximumAmount)
    return undefined;
  return {
    code,
    name,
    group: textOf(row["group"]) ?? "",
    type: String(row["type"]).toLowerCase() === "redirect" ? "redirect" : "direct",
    feeMerchant,
    feeCustomer,
    totalFee,
    minimumFee: rupiah(row["minimum_fee"]) ?? null,
    maximumFee: rupiah(row["maximum_fee"]) ?? null,
    minimumAmount,
    maximumAmount,
    iconUrl: urlOf(row["icon_url"]) ?? "",
    active: row["active"] === true,
    // "customer_phone: yes for some channels"
    ...(code === "OVO" ? { needsPhone: true } : {}),
  };
}

/** A row of `merchant/fee-calculator`. */
function readFees(unchecked: unknown): ChannelFees | undefined {
  const row = asRow(unchecked);
  const [code, name, fee] = [textOf(row?.["code"]), textOf(row?.["name"]), readFee(row?.["fee"])];
  const [bounds, total] = [asRow(row?.["fee"]), asRow(row?.["total_fee"])];
  const [merchant, customer] = [rupiah(total?.["merchant"]), rupiah(total?.["customer"])];
  if (!code || !name || !fee || !merchant || !customer) return undefined;
  return {
    code,
    name,
    fee,
    least: rupiah(bounds?.["min"]) ?? null,
    most: rupiah(bounds?.["max"]) ?? null,
    merchant,
    customer,
  };
}

/** Steps may contain markup even with `allow_html=0`. It is removed, because pages can't trust it. */
function readInstruction(unchecked: unknown): Instruction | undefined {
  const row = asRow(unchecked);
  const [title, steps] = [textOf(row?.["title"]), row?.["steps"]];
  if (!title || !Array.isArray(steps)) return undefined;
  return { title, steps: steps.map((step) => String(step).replaceAll(/<[^>]*>/g, "")) };
}

/** `percent` is a number (0.7) or a string ("0.70"); finer than a hundredth, it is rounded up to one. */
function readFee(unchecked: unknown): Fee | undefined {
  const row = asRow(unchecked);
  const flat = rupiah(row?.["flat"]);
  const match = /^(\d{1,3})(?:\.(\d{1,8}))?$/.exec(String(row?.["percent"]));
  if (!flat || !match) return undefined;
  const [, whole = "0", fraction = ""] = match;
  return {
    flat,
    percentBasisPoints: Number(divide(BigInt(whole + fraction.padEnd(8, "0")), 1_000_000n, "ceil")),
  };
}

/** Reads whole rupiah, as a number or a string of digits. */
function rupiah(unchecked: unknown): Money | undefined {
  const text =
    typeof unchecked === "number" && Number.isSafeInteger(unchecked) ? String(unchecked) : unchecked;
  return typeof text === "string" && /^\d{1,15}$/.test(text) ? money(BigInt(text) * SEN, IDR) : undefined;
}

/** Reads Unix seconds, as a number or a string of digits. */
function instant(unchecked: unknown): Date | undefined {
  return /^\d{9,11}$/.test(String(unchecked)) ? new Date(Number(unchecked) * 1_000) : undefined;
}

// the call

/** Tripay's answer, or that there was none. */
type Reply =
  | { readonly said: "yes"; readonly data: unknown; readonly pagination: unknown }
  | { readonly said: "no"; readonly reason: string }
  | { readonly said: "unsent"; readonly reason: string }
  | { readonly said: "unknown"; readonly reason: string };

type Call = { readonly path: string; readonly query?: Record<string, string>; readonly body?: unknown };

async function call(
  settings: TripaySettings,
  { path, query, body }: Call,
  signal?: AbortSignal,
): Promise<Reply> {
  const search = query ? `?${new URLSearchParams(query).toString()}` : "";
  const exchanged = await exchange(
    {
      url: `${settings.baseUrl.replace(/\/+$/, "")}/${path}${search}`,
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${settings.apiKey}` },
      body,
    },
    settings.timeouts?.totalMs ?? TOTAL_MS,
    settings.fetch,
    signal,
  );
  return exchanged.said === "answered" ? judge(exchanged.status, exchanged.text) : exchanged;
}

/** Judges by the success flag first, then by the status. A 408 or 5xx leaves open what was done. */
function judge(status: number, text: string): Reply {
  const envelope = asRow(parseJson(text));
  const success = envelope?.["success"];
  if (success === true && status >= 200 && status < 300)
    return { said: "yes", data: envelope?.["data"], pagination: envelope?.["pagination"] };
  const explicit = (status >= 200 && status < 300) || (status >= 400 && status < 500 && status !== 408);
  if (success === false && explicit)
    return { said: "no", reason: textOf(envelope?.["message"]) ?? `http_${status}` };
  return { said: "unknown", reason: envelope ? `http_${status}` : `http_${status}_not_json` };
}

function hmac(key: string, content: string | Uint8Array): Buffer {
  return createHmac("sha256", key).update(content).digest();
}

function scrub({ apiKey, privateKey }: TripaySettings, text: string): string {
  return scrubbed([apiKey, privateKey], text);
}
