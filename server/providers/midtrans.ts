import { IDR, money, refuse, type Money, type Refusal } from "@onegate/contract";
import { createHash } from "node:crypto";
import type {
  CancelAnswer,
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
  RefundAnswer,
  RefundRequest,
  TakenBack,
  VerifyAnswer,
} from "./provider.ts";
import {
  agreed,
  asRow,
  basic,
  channelFor,
  exchange,
  feeOn,
  parseJson,
  readRupiah,
  rowsOf,
  sameSecret,
  scrubbed,
  textOf,
  unsendableReason,
  wholeLines,
  wholeRupiah,
  type Row,
} from "./wire.ts";

export type MidtransSettings = {
  /** `https://api.midtrans.com` or `https://api.sandbox.midtrans.com`. */
  readonly baseUrl: string;
  /** Authenticates our calls, and signs Midtrans' notifications. */
  readonly serverKey: string;
  /** Sent with each charge; overrides the URL in Midtrans' dashboard. */
  readonly callbackUrl: string;
  /** Where the payer's app returns to. */
  readonly returnUrl: string;
  /** The channels agreed with Midtrans; `MIDTRANS_CHANNELS` if none are given. */
  readonly channels?: readonly Channel[];
  /**
   * How long one call may take from first to last byte; 30 s if none is given, as no duration is documented.
   */
  readonly timeouts?: { readonly totalMs: number };
  readonly fetch?: typeof globalThis.fetch;
  readonly clock: { now(): number };
};

const TOTAL_MS = 30_000;
const NOTHING = money(0n, IDR);
/** "API headers": a longer idempotency key is ignored. */
const MAX_KEY_LENGTH = 46;
/** Item names are cut to this length (from memory: longer ones are a validation error). */
const MAX_NAME_LENGTH = 50;
/** Payers of GoPay, QRIS, ShopeePay and bank transfers have at least 20 seconds ("Custom expiry" of each). */
const MIN_SECONDS = 20;
const DAY = 86_400;

/**
 * How a channel is requested and recognised: payment type, bank, the payer's maximum time, and whether it can
 * be refunded.
 */
type Means = {
  readonly type: string;
  readonly bank?: string;
  readonly maxSeconds: number;
  readonly refunds: boolean;
};
const bank = (name: string): Means => ({
  type: "bank_transfer",
  bank: name,
  maxSeconds: 180 * DAY,
  refunds: false,
});
const MEANS: Readonly<Record<string, Means>> = {
  GOPAY: { type: "gopay", maxSeconds: 7 * DAY, refunds: true },
  QRIS: { type: "qris", maxSeconds: 7 * DAY, refunds: true },
  SHOPEEPAY: { type: "shopeepay", maxSeconds: 5 * DAY, refunds: true },
  BCAVA: bank("bca"),
  BNIVA: bank("bni"),
  BRIVA: bank("bri"),
  CIMBVA: bank("cimb"),
  PERMATAVA: bank("permata"),
  MANDIRIVA: { type: "echannel", maxSeconds: 180 * DAY, refunds: false },
};

const wallet = (code: string, name: string, basisPoints: number, type: Channel["type"]) =>
  agreed({ code, name, group: "E-Wallet", type }, { basisPoints, least: 1_000n, most: 10_000_000n });
const account = (code: string, name: string) =>
  agreed(
    { code, name: `${name} Virtual Account`, group: "Virtual Account", type: "direct" },
    { flat: 4_000n, least: 10_000n, most: 50_000_000n },
  );

/**
 * Midtrans publishes no list of channels, limits or fees: they are agreed with each merchant. These are the
 * list prices of 2024 (from memory), with limits that are safe for every channel. `settings.channels`
 * replaces them by a contract's.
 */
export const MIDTRANS_CHANNELS: readonly Channel[] = [
  wallet("GOPAY", "GoPay", 200, "redirect"),
  wallet("QRIS", "QRIS", 70, "direct"),
  wallet("SHOPEEPAY", "ShopeePay", 200, "redirect"),
  account("BCAVA", "BCA"),
  account("BNIVA", "BNI"),
  account("BRIVA", "BRI"),
  account("CIMBVA", "CIMB Niaga"),
  account("PERMATAVA", "Permata"),
  account("MANDIRIVA", "Mandiri"),
];

/**
 * Midtrans, Core API (docs.midtrans.com/reference). Amounts are sent as whole rupiah and returned as strings
 * ("275000.00"). Times are in Jakarta, without an offset. The body's `status_code` is the result, whatever
 * the HTTP status is. A payment is found by our reference (`order_id`), but the codes of GoPay and QRIS are
 * returned only once: an attempt whose answer was lost is found without them.
 */
export function createMidtrans(settings: MidtransSettings): Provider {
  const channels = settings.channels ?? MIDTRANS_CHANNELS;

  return {
    name: "midtrans",

    channels: async () => channels,

    async open(request, signal) {
      const channel = channelFor(channels, request);
      const reason =
        unsendableReason(request, settings.clock.now()) ??
        (typeof channel === "string" ? channel : undefined);
      const means = MEANS[request.channel];
      if (reason !== undefined || typeof channel === "string" || !means)
        return { answer: "refused", reason: reason ?? "channel_unknown" };
      const body = chargeBody(settings, request, means);
      if (typeof body === "string") return { answer: "refused", reason: body };
      const reply = await call(settings, { path: "charge", body, key: keyOf(request.merchantRef) }, signal);
      return openAnswer(settings, channels, request, reply);
    },

    inquire: (request, signal) => inquire(settings, channels, request, signal),
    cancel: (request, signal) => cancel(settings, request, signal),
    refund: (request, signal) => refund(settings, request, signal),
    inquireRefund: (request, signal) => inquireRefund(settings, request, signal),
    verify: (signal) => verify(settings, signal),
    readNotification: (notification) => readNotification(settings, channels, notification),
    // any 2xx status stops further notifications
    acknowledgement: {},
    scrub: (text) => scrub(settings, text),
  };
}

// open

/** The body of a charge, or the reason that there is none: the expiry is outside the channel's bounds. */
function chargeBody(
  { clock, returnUrl }: MidtransSettings,
  request: OpenRequest,
  { type, bank: name, maxSeconds }: Means,
): Row | string {
  const now = Math.floor(clock.now() / 1_000);
  const seconds = Math.floor(request.expiresAt.getTime() / 1_000) - now;
  if (seconds < MIN_SECONDS || seconds > maxSeconds) return "expiry_outside_bounds";
  const { customer } = request;
  const extra: Readonly<Record<string, Row>> = {
    gopay: { gopay: { enable_callback: true, callback_url: returnUrl } },
    qris: { qris: { acquirer: "gopay" } },
    shopeepay: { shopeepay: { callback_url: returnUrl } },
    bank_transfer: { bank_transfer: { bank: name } },
    echannel: {
      echannel: { bill_info1: "Pembayaran:", bill_info2: request.merchantRef.slice(0, MAX_NAME_LENGTH) },
    },
  };
  return {
    payment_type: type,
    transaction_details: { order_id: request.merchantRef, gross_amount: wholeRupiah(request.amount) },
    item_details: wholeLines(request).map(({ sku, ...line }) => ({
      ...(sku === null ? {} : { id: sku }),
      ...line,
      name: cut(line.name),
    })),
    customer_details: {
      first_name: customer.name,
      email: customer.email,
      ...(customer.phone === null ? {} : { phone: customer.phone }),
    },
    custom_expiry: { order_time: `${jakartaText(now)} +0700`, expiry_duration: seconds, unit: "second" },
    ...extra[type],
  };
}

/**
 * A duplicate order id (406) may be an earlier request for this very charge, so the result is unknown until
 * an inquiry. The same goes for a charge that is still running (HTTP 202). A denial is a refusal.
 */
function openAnswer(
  settings: MidtransSettings,
  channels: readonly Channel[],
  request: OpenRequest,
  reply: Reply,
): OpenAnswer {
  if (reply.said === "unsent") return { answer: "refused", reason: "unreachable" };
  if (reply.said === "unknown") return { answer: "unknown", reason: reply.reason };
  const { code, row } = reply;
  if (CHARGE_REFUSED.has(code) || row["transaction_status"] === "deny")
    return { answer: "refused", reason: reasonOf(settings, reply) };
  if (code !== "201" && code !== "200") return { answer: "unknown", reason: reasonOf(settings, reply) };
  const [state, opened] = [readState(channels, row), readOpened(channels, row)];
  if (!state || !opened) return { answer: "unknown", reason: "answer_unreadable" };
  const same =
    state.merchantRef === request.merchantRef &&
    opened.amount.minor === request.amount.minor &&
    channelOf(row) === request.channel;
  return same ? { answer: "opened", opened } : { answer: "unknown", reason: "answer_differs" };
}

// inquire

/**
 * "Get status", by Midtrans' reference or, without one, by ours, which works even if no answer ever arrived.
 * Only code 404 in the body, for our own reference, means that the attempt is absent.
 */
async function inquire(
  settings: MidtransSettings,
  channels: readonly Channel[],
  { reference, merchantRef }: InquireRequest,
  signal?: AbortSignal,
): Promise<InquireAnswer> {
  const reply = await call(
    settings,
    { path: `${encodeURIComponent(reference ?? merchantRef)}/status` },
    signal,
  );
  if (reply.said !== "answered") return { answer: "unknown", reason: reply.reason };
  const { code, row } = reply;
  if (code === "404")
    return reference === null
      ? { answer: "absent" }
      : { answer: "unknown", reason: "reference_unknown", notFound: true };
  const state = KNOWN.has(code) ? readState(channels, row) : undefined;
  if (!state) return { answer: "unknown", reason: reasonOf(settings, reply) };
  if (state.merchantRef !== merchantRef || (reference !== null && state.reference !== reference))
    return { answer: "unknown", reason: "answer_differs" };
  return { answer: "found", state, opened: readOpened(channels, row) ?? null };
}

// cancel

/**
 * "Cancel", while pending. After 412 (no longer possible), an inquiry shows whether it was already cancelled.
 */
async function cancel(
  settings: MidtransSettings,
  { reference, merchantRef }: InquireRequest,
  signal?: AbortSignal,
): Promise<CancelAnswer> {
  const id = encodeURIComponent(reference ?? merchantRef);
  const reply = await call(settings, { path: `${id}/cancel`, body: {} }, signal);
  if (reply.said !== "answered") return { answer: "unknown", reason: reply.reason };
  const { code, row } = reply;
  if (code === "200" && row["transaction_status"] === "cancel") return { answer: "cancelled" };
  if (code === "412") {
    const known = await call(settings, { path: `${id}/status` }, signal);
    if (known.said !== "answered" || !KNOWN.has(known.code))
      return { answer: "unknown", reason: "status_unknown" };
    return known.row["transaction_status"] === "cancel"
      ? { answer: "cancelled" }
      : { answer: "refused", reason: reasonOf(settings, reply) };
  }
  const refused = NO.has(code) || code === "404";
  return refused
    ? { answer: "refused", reason: reasonOf(settings, reply) }
    : { answer: "unknown", reason: reasonOf(settings, reply) };
}

// refund

/**
 * "Refund", after settlement, once per `refund_key`. A refusal may only mean that the refund was already
 * made, so the payment's own list of refunds is checked.
 */
async function refund(
  settings: MidtransSettings,
  request: RefundRequest,
  signal?: AbortSignal,
): Promise<RefundAnswer> {
  const amount = wholeRupiah(request.amount);
  const reason = refundRefusal(request);
  if (reason !== undefined || amount === undefined)
    return { answer: "refused", reason: reason ?? "amount_not_whole_rupiah" };
  const body = {
    refund_key: request.refundRef,
    amount,
    ...(request.reason === "" ? {} : { reason: request.reason }),
  };
  const path = `${encodeURIComponent(request.reference ?? request.merchantRef)}/refund`;
  const reply = await call(settings, { path, body, key: keyOf(request.refundRef) }, signal);
  if (reply.said === "unknown" && reply.reason === STILL_RUNNING)
    return inquireRefund(settings, request, signal);
  if (reply.said !== "answered") return { answer: "unknown", reason: reply.reason };
  const { code, row } = reply;
  if (code === "200" && row["refund_key"] === request.refundRef)
    return { answer: "refunded", reference: refundReference(row) };
  if (code === "201") return { answer: "pending" };
  if (code === "406" || code === "412" || code === "414") {
    const known = await inquireRefund(settings, request, signal);
    const done = known.answer === "refunded" || (known.answer === "unknown" && known.reason !== NOT_LISTED);
    return done || code === "406" ? known : { answer: "refused", reason: reasonOf(settings, reply) };
  }
  // 202: the payer's bank or wallet denied it
  const refused = NO.has(code) || code === "404" || (code === "202" && reply.status !== 202);
  return refused
    ? { answer: "refused", reason: reasonOf(settings, reply) }
    : { answer: "unknown", reason: reasonOf(settings, reply) };
}

const NOT_LISTED = "refund_not_listed";

/**
 * Finds a refund in the `refunds` of its payment's status. A refund that is not listed may still follow:
 * unknown.
 */
async function inquireRefund(
  settings: MidtransSettings,
  request: RefundRequest,
  signal?: AbortSignal,
): Promise<RefundAnswer> {
  const reply = await call(
    settings,
    { path: `${encodeURIComponent(request.reference ?? request.merchantRef)}/status` },
    signal,
  );
  if (reply.said !== "answered") return { answer: "unknown", reason: reply.reason };
  if (!KNOWN.has(reply.code) || reply.row["order_id"] !== request.merchantRef)
    return { answer: "unknown", reason: reasonOf(settings, reply) };
  const own = rowsOf(reply.row["refunds"]).find((row) => row["refund_key"] === request.refundRef);
  if (!own) return { answer: "unknown", reason: NOT_LISTED };
  if (readRupiah(own["refund_amount"])?.minor !== request.amount.minor)
    return { answer: "unknown", reason: "answer_differs" };
  return { answer: "refunded", reference: refundReference(own) };
}

/** `refund_key` takes letters, digits, dash and underscore; bank transfers can't be refunded. */
function refundRefusal({ channel, amount, paid, refundRef }: RefundRequest): string | undefined {
  if (!MEANS[channel]?.refunds) return "channel_not_refundable";
  if (amount.currency !== IDR || paid.currency !== IDR) return "currency_not_rupiah";
  if (amount.minor <= 0n) return "amount_not_positive";
  if (amount.minor > paid.minor) return "amount_above_paid";
  return /^[A-Za-z0-9_-]+$/.test(refundRef) ? undefined : "refund_ref_malformed";
}

function refundReference(row: Row): string | null {
  return textOf(row["refund_chargeback_uuid"]) ?? textOf(row["refund_chargeback_id"]);
}

// verify

/** Requests the status of a payment that does not exist: valid credentials get 404, others 401. */
async function verify(settings: MidtransSettings, signal?: AbortSignal): Promise<VerifyAnswer> {
  const reply = await call(settings, { path: "onegate-verify/status" }, signal);
  if (reply.said !== "answered") return { answer: "unknown", reason: reply.reason };
  if (reply.code === "404") return { answer: "accepted" };
  return { answer: reply.code === "401" ? "refused" : "unknown", reason: reasonOf(settings, reply) };
}

// notification

/**
 * "HTTPS notification": the signature is the hex SHA-512 of order id, status code and gross amount as
 * written, and the server key. It does not cover the transaction's status, and code `200` means a settlement
 * as well as a refund. So the sender is verified but the content is not, and the payment is inquired about.
 */
function readNotification(
  { serverKey }: MidtransSettings,
  channels: readonly Channel[],
  { body }: RawNotification,
): Notification | Refusal {
  const row = asRow(parseJson(Buffer.from(body).toString("utf8")));
  const [orderId, code, amount, given] = [
    row?.["order_id"],
    row?.["status_code"],
    row?.["gross_amount"],
    row?.["signature_key"],
  ];
  if (
    typeof orderId !== "string" ||
    typeof code !== "string" ||
    typeof amount !== "string" ||
    typeof given !== "string"
  )
    return refuse("notification_signature_wrong");
  const signature = createHash("sha512").update(`${orderId}${code}${amount}${serverKey}`).digest("hex");
  if (serverKey === "" || !sameSecret(given.toLowerCase(), signature))
    return refuse("notification_signature_wrong");
  const state = row && readState(channels, row);
  const channel = row && channelOf(row);
  return state && channel !== undefined
    ? { state, channel, reread: true }
    : { state: null, event: textOf(row?.["transaction_status"]) ?? "notification" };
}

// mappers: an unchecked row → our types, undefined if it can't be read

/** "Transaction status". `capture` and `authorize` are for cards, which are not offered here. */
const STATUSES: Readonly<Record<string, ProviderState["status"]>> = {
  pending: "pending",
  settlement: "paid",
  // a part was refunded: the rest is still paid
  partial_refund: "paid",
  refund: "refunded",
  // it was paid, and is disputed
  chargeback: "paid",
  partial_chargeback: "paid",
  expire: "expired",
  cancel: "failed",
  deny: "failed",
  failure: "failed",
};

/** Midtrans does not report fees with a payment, so the agreed fee is used. */
function readState(channels: readonly Channel[], row: Row): ProviderState | undefined {
  const [reference, merchantRef] = [textOf(row["transaction_id"]), textOf(row["order_id"])];
  const settled = instant(row["settlement_time"]);
  // an end after settlement means that the payment was paid and the money taken back
  const status =
    ENDED.has(String(row["transaction_status"])) && settled
      ? "paid"
      : STATUSES[String(row["transaction_status"])];
  const amount =
    row["currency"] === undefined || row["currency"] === IDR ? readRupiah(row["gross_amount"]) : undefined;
  const channel = channels.find(({ code }) => code === channelOf(row));
  if (reference === null || merchantRef === null || !status || !amount || !channel) return undefined;
  const takenBack = readTakenBack(row, reference, amount);
  if (!takenBack) return undefined;
  const wasPaid = status === "paid" || status === "refunded";
  return {
    reference,
    merchantRef,
    status,
    amount,
    feeMerchant: feeOn(amount, channel),
    feeCustomer: NOTHING,
    paidAt: wasPaid ? (settled ?? null) : null,
    ...(takenBack.length === 0 ? {} : { takenBack }),
  };
}

/** Midtrans documents these states only after `pending`. After a settlement, the money was taken back. */
const ENDED: ReadonlySet<string> = new Set(["deny", "cancel", "failure"]);

/**
 * Amounts that were taken back. Chargebacks are listed in `refunds`, without the `refund_key` of a requested
 * refund. If none is listed, the state decides: the whole rest that was not refunded, or the amount of a
 * partial chargeback.
 */
function readTakenBack(row: Row, reference: string, gross: Money): TakenBack[] | undefined {
  const status = String(row["transaction_status"]);
  const listed = rowsOf(row["refunds"]).map((refundRow) => ({
    refundRow,
    key: textOf(refundRow["refund_key"]),
    sum: readRupiah(refundRow["refund_amount"]),
  }));
  const sums = listed.map(({ sum }) => sum?.minor);
  if (sums.includes(undefined)) return undefined;
  const back = listed.flatMap(({ refundRow, key, sum }) => {
    const id = refundReference(refundRow);
    return key === null && id !== null && sum
      ? [{ reference: id, amount: sum, reason: textOf(refundRow["reason"]) ?? "chargeback" }]
      : [];
  });
  const isCharged = status === "chargeback" || status === "partial_chargeback";
  if (!ENDED.has(status) && (!isCharged || back.length > 0)) return back;
  const rest = money(gross.minor - sums.reduce<bigint>((total, sum) => total + (sum ?? 0n), 0n), IDR);
  const amount = status === "partial_chargeback" ? readRupiah(row["refund_amount"]) : rest;
  if (!amount) return undefined;
  return amount.minor <= 0n
    ? back
    : [
        ...back,
        {
          reference: (isCharged ? refundReference(row) : null) ?? `${reference}:${status}`,
          amount,
          reason: isCharged ? status : `${status} after settlement`,
        },
      ];
}

/** What the payer needs, if the row has it: a code, a number or a URL, and the expiry. */
function readOpened(channels: readonly Channel[], row: Row): Opened | undefined {
  const state = readState(channels, row);
  const expiresAt = instant(row["expiry_time"]);
  const channel = channels.find(({ code }) => code === channelOf(row));
  const [qrString, payCode, checkoutUrl] = [textOf(row["qr_string"]), readPayCode(row), readDeeplink(row)];
  if (!state || !expiresAt || !channel || !(qrString ?? payCode ?? checkoutUrl)) return undefined;
  const { reference, amount, feeMerchant, feeCustomer } = state;
  return {
    reference,
    channelName: channel.name,
    amount,
    feeMerchant,
    feeCustomer,
    qrString,
    payCode,
    checkoutUrl,
    expiresAt,
  };
}

/**
 * A virtual account's number; for Mandiri two numbers, in the order of typing: biller code, then bill key.
 */
function readPayCode(row: Row): string | null {
  const [first] = rowsOf(row["va_numbers"]);
  const [biller, key] = [textOf(row["biller_code"]), textOf(row["bill_key"])];
  return (
    textOf(first?.["va_number"]) ??
    textOf(row["permata_va_number"]) ??
    (biller !== null && key !== null ? `${biller} ${key}` : null)
  );
}

/** The URL that opens the payer's app. Only `http(s)` and GoPay's own scheme are accepted. */
function readDeeplink(row: Row): string | null {
  const action = rowsOf(row["actions"]).find(({ name }) => name === "deeplink-redirect");
  const url = action?.["url"];
  return typeof url === "string" && /^(?:https?|gojek):\/\//.test(url) ? url : null;
}

/** Our code of a row's channel. */
function channelOf(row: Row): string | undefined {
  const [first] = rowsOf(row["va_numbers"]);
  const name = textOf(first?.["bank"]) ?? (textOf(row["permata_va_number"]) === null ? undefined : "permata");
  return Object.entries(MEANS).find(
    ([, means]) =>
      means.type === row["payment_type"] &&
      means.bank === (means.type === "bank_transfer" ? name : undefined),
  )?.[0];
}

/** `2021-06-23 14:02:42`, in Jakarta. */
function instant(unchecked: unknown): Date | undefined {
  const match = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})$/.exec(String(unchecked));
  const date = match ? new Date(`${match[1]}T${match[2]}+07:00`) : undefined;
  return date && !Number.isNaN(date.getTime()) ? date : undefined;
}

const JAKARTA_S = 7 * 3_600;

/** Unix seconds to the local time in Jakarta. */
function jakartaText(seconds: number): string {
  return new Date((seconds + JAKARTA_S) * 1_000).toISOString().slice(0, 19).replace("T", " ");
}

function cut(text: string): string {
  return [...text].slice(0, MAX_NAME_LENGTH).join("");
}

/**
 * The idempotency key of a reference; a long reference is replaced by its digest. Midtrans remembers keys for
 * five minutes, and only after a success.
 */
function keyOf(reference: string): string {
  return reference.length <= MAX_KEY_LENGTH
    ? reference
    : createHash("sha256").update(reference).digest("hex").slice(0, MAX_KEY_LENGTH);
}

// the call

/** Midtrans' answer, or that there was none. `code` is the body's, which decides; `status` is HTTP's. */
type Reply =
  | { readonly said: "answered"; readonly status: number; readonly code: string; readonly row: Row }
  | { readonly said: "unsent"; readonly reason: string }
  | { readonly said: "unknown"; readonly reason: string };

const STILL_RUNNING = "still_running";

type Call = { readonly path: string; readonly body?: Row; readonly key?: string };

async function call(
  settings: MidtransSettings,
  { path, body, key }: Call,
  signal?: AbortSignal,
): Promise<Reply> {
  const exchanged = await exchange(
    {
      url: `${settings.baseUrl.replace(/\/+$/, "")}/v2/${path}`,
      method: body === undefined ? "GET" : "POST",
      headers: {
        authorization: basic(settings.serverKey),
        ...(key === undefined ? {} : { "idempotency-key": key }),
        ...(path === "charge" ? { "x-override-notification": settings.callbackUrl } : {}),
      },
      body,
    },
    settings.timeouts?.totalMs ?? TOTAL_MS,
    settings.fetch,
    signal,
  );
  return exchanged.said === "answered" ? judge(exchanged.status, exchanged.text) : exchanged;
}

/**
 * Judges by the body's `status_code`. An HTTP 408, redirect or 5xx leaves open what was done. So does an HTTP
 * 202 without a transaction: the first call with the same idempotency key is still running.
 */
function judge(status: number, text: string): Reply {
  const row = asRow(parseJson(text));
  const code = row?.["status_code"];
  if (!row || typeof code !== "string" || !/^\d{3}$/.test(code))
    return { said: "unknown", reason: row ? `http_${status}` : `http_${status}_not_json` };
  if (status >= 500 || status === 408 || (status >= 300 && status < 400))
    return { said: "unknown", reason: `http_${status}` };
  if (status === 202 && row["transaction_status"] === undefined)
    return { said: "unknown", reason: STILL_RUNNING };
  return { said: "answered", status, code, row };
}

// the error table: "Status code 4xx"

/** Bad request, key, payment type, method, data type, account, token, syntax: refused without any effect. */
const NO: ReadonlySet<string> = new Set(["400", "401", "402", "403", "405", "408", "410", "411", "413"]);
/** Codes that refuse a charge. 406 (duplicate order id), 407, 412 and 5xx leave its result open. */
const CHARGE_REFUSED: ReadonlySet<string> = new Set([...NO, "404"]);
/**
 * Codes of an answer with a status: success, pending, denied or expired by notification, and 407 for expired.
 */
const KNOWN: ReadonlySet<string> = new Set(["200", "201", "202", "407"]);

function reasonOf(settings: MidtransSettings, { code, row }: Extract<Reply, { said: "answered" }>): string {
  const details = Array.isArray(row["validation_messages"]) ? row["validation_messages"].map(String) : [];
  const message = [textOf(row["status_message"]), ...details].filter((part) => part !== null).join("; ");
  return scrub(settings, message === "" ? `code_${code}` : `${code} ${message}`);
}

function scrub({ serverKey }: MidtransSettings, text: string): string {
  return scrubbed([serverKey, basic(serverKey).slice("Basic ".length)], text);
}
