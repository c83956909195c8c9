import {
  checkedToMoney,
  IDR,
  isQrisProblem,
  isRefusal,
  money,
  parseQris,
  refuse,
  toDecimal,
  type Money,
  type Refusal,
} from "@onegate/contract";
import { createHash, randomInt, randomUUID, type KeyObject } from "node:crypto";
import {
  UNREACHABLE,
  type CancelAnswer,
  type Channel,
  type InquireAnswer,
  type InquireRequest,
  type Notification,
  type OpenAnswer,
  type Opened,
  type OpenRequest,
  type Provider,
  type ProviderState,
  type RawNotification,
  type RefundAnswer,
  type RefundRequest,
  type VerifyAnswer,
} from "./provider.ts";
import {
  asymmetricText,
  isSignedByKey,
  isSignedBySecret,
  minified,
  readSnapTime,
  signByKey,
  signBySecret,
  symmetricText,
  tokenText,
  toSnapTime,
} from "./snap-signature.ts";
import {
  agreed,
  asRow,
  channelFor,
  exchange,
  feeOn,
  headerOf,
  parseJson,
  rowsOf,
  scrubbed,
  textOf,
  urlOf,
  unsendableReason,
  type Row,
} from "./wire.ts";

export type SnapSettings = {
  /** The bank's base URL, such as `https://partner.api.bank.co.id`. A path in it is not signed. */
  readonly baseUrl: string;
  /** The bank's path before `/v1.0/`, which is signed: none, `/openapi` (BCA), `/snap` (BRI). */
  readonly pathPrefix: string;
  /** The bank's name for us in token requests. */
  readonly clientKey: string;
  /** Signs symmetric calls, and the notifications of a bank without a key pair; never sent. */
  readonly clientSecret: string;
  /** RSA, 2048 bits or more: signs token requests, and every asymmetric call. */
  readonly privateKey: KeyObject;
  /**
   * The bank's key. If set, only its signature verifies a notification; otherwise the client secret's does.
   */
  readonly providerPublicKey: KeyObject | null;
  /** `X-PARTNER-ID`, up to 36 characters. */
  readonly partnerId: string;
  /** `CHANNEL-ID`, five digits. */
  readonly channelId: string;
  readonly merchantId: string;
  /** How our calls are signed. Asymmetric calls use no token. */
  readonly signature: "symmetric" | "asymmetric";
  /** The number of digits of the bank's `X-EXTERNAL-ID` (BRI: 9); null if it also takes letters. */
  readonly externalIdDigits?: number | null;
  /**
   * The merchant discount rate (MDR) agreed with the bank, in hundredths of a percent; 70 if none is given.
   */
  readonly basisPoints?: number;
  /**
   * How far a notification's `X-TIMESTAMP` may differ from our clock, in either direction; 5 minutes if none
   * is given, as the standard fixes no limit.
   */
  readonly freshnessMs?: number;
  /** The paths at which the bank may call us, as it signs them. */
  readonly notificationPaths: readonly string[];
  /** How long one verb may take, including the fetch of a token; 30 s if none is given. */
  readonly timeouts?: { readonly totalMs: number };
  readonly fetch?: typeof globalThis.fetch;
  readonly clock: { now(): number };
};

/** The standard's path for a bank's QRIS notifications (service 52). */
export const SNAP_NOTIFY_PATH = "/v1.0/qr/qr-mpm-notify";

/** Not `QRIS`, which other providers have too, so that a request can name the bank's channel. */
const CODE = "QRISSNAP";

/**
 * The standard fixes neither fee nor limits: they are agreed with the bank. Bank Indonesia allows 0.7 % for
 * most merchants and up to Rp 10.000.000 per QRIS payment. Rp 1.000 is the minimum of other providers.
 */
function channelOf({ basisPoints = 70 }: SnapSettings): Channel {
  return agreed(
    { code: CODE, name: "QRIS", group: "E-Wallet", type: "direct" },
    { basisPoints, least: 1_000n, most: 10_000_000n },
  );
}

const TOTAL_MS = 30_000;
const FRESH_MS = 5 * 60_000;
/** A token is renewed this long before it expires, so that none expires during a call. */
const TOKEN_MARGIN_MS = 60_000;
const NOTHING = money(0n, IDR);

/** Services of the standard with their numbers, which are part of each response code. */
const SERVICES = {
  token: { number: "73", path: "/v1.0/access-token/b2b" },
  generate: { number: "47", path: "/v1.0/qr/qr-mpm-generate" },
  query: { number: "51", path: "/v1.0/qr/qr-mpm-query" },
  cancel: { number: "77", path: "/v1.0/qr/qr-mpm-cancel" },
  refund: { number: "78", path: "/v1.0/qr/qr-mpm-refund" },
} as const;
type Service = (typeof SERVICES)[keyof typeof SERVICES];

/**
 * A client of SNAP BI for merchant-presented QRIS (MPM). A payment request is never sent twice: a response
 * code that may mean "already exists" is unknown, and the payment is inquired about.
 */
export function createSnap(settings: SnapSettings): Provider {
  const bank = connect(settings);
  const { channel } = bank;

  return {
    name: "snap",

    channels: async () => [channel],

    async open(request, signal) {
      const chosen = channelFor([channel], request);
      const reason = typeof chosen === "string" ? chosen : unsendableReason(request, settings.clock.now());
      if (reason !== undefined) return { answer: "refused", reason };
      const body = {
        partnerReferenceNo: request.merchantRef,
        amount: amountRow(request.amount),
        merchantId: settings.merchantId,
        validityPeriod: toSnapTime(request.expiresAt.getTime()),
      };
      const reply = await bank.call(SERVICES.generate, body, bank.externalIdOf(request.merchantRef), signal);
      return openAnswer(bank, request, reply);
    },

    inquire: (request, signal) => inquire(bank, request, signal),

    async cancel(request, signal) {
      const body = {
        ...originals(request),
        merchantId: settings.merchantId,
        reason: "Dibatalkan oleh merchant",
      };
      const reply = await bank.call(SERVICES.cancel, body, bank.freshExternalId(), signal);
      return cancelAnswer(bank, request, reply, signal);
    },

    async refund(request, signal) {
      const reason = refundRefusal(request);
      if (reason !== undefined) return { answer: "refused", reason };
      const body = {
        ...originals(request),
        partnerRefundNo: request.refundRef,
        refundAmount: amountRow(request.amount),
        merchantId: settings.merchantId,
        ...(request.reason === "" ? {} : { reason: request.reason.slice(0, 256) }),
      };
      const reply = await bank.call(SERVICES.refund, body, bank.externalIdOf(request.refundRef), signal);
      return refundAnswer(bank, request, reply, signal);
    },

    inquireRefund: (request, signal) => inquireRefund(bank, request, signal),

    verify: (signal) => verify(bank, signal),
    readNotification: (notification) => readNotification(settings, channel, notification),
    // service 52
    acknowledgement: { responseCode: "2005200", responseMessage: "Request has been processed successfully" },
    scrub: (text) => bank.scrub(text),
  };
}

// open

function openAnswer({ channel, scrub }: Bank, request: OpenRequest, reply: Reply): OpenAnswer {
  switch (reply.said) {
    case "yes": {
      const opened = readOpened(channel, reply.row, request);
      return typeof opened === "string"
        ? { answer: "unknown", reason: opened }
        : { answer: "opened", opened };
    }
    case "unsent":
      return { answer: "refused", reason: UNREACHABLE };
    case "undone":
    case "no":
    case "absent":
      return { answer: "refused", reason: scrub(reply.reason) };
    case "duplicate":
    case "in_progress":
    case "unknown":
      return { answer: "unknown", reason: scrub(reply.reason) };
  }
}

// inquire

async function inquire(bank: Bank, request: InquireRequest, signal?: AbortSignal): Promise<InquireAnswer> {
  const reply = await query(bank, request, signal);
  if (reply.said === "absent") return { answer: "absent" };
  if (reply.said !== "yes") return { answer: "unknown", reason: bank.scrub(reply.reason) };
  if (reply.row["latestTransactionStatus"] === NOT_FOUND) return { answer: "absent" };
  const state = readState(
    bank.channel,
    reply.row,
    readAmount(reply.row["amount"]),
    instant(reply.row["paidTime"]),
  );
  if (!state) return { answer: "unknown", reason: "answer_unreadable" };
  const merchantRef = state.merchantRef ?? request.merchantRef;
  const same =
    (request.reference ?? state.reference) === state.reference &&
    (request.merchantRef === "" || request.merchantRef === merchantRef);
  // the answer has no QR code: one that was lost with the first answer can't be read again
  return same
    ? { answer: "found", state: { ...state, merchantRef }, opened: null }
    : { answer: "unknown", reason: "answer_differs" };
}

function query(bank: Bank, request: InquireRequest, signal?: AbortSignal): Promise<Reply> {
  const body = { ...originals(request), merchantId: bank.merchantId, serviceCode: SERVICES.generate.number };
  return bank.call(SERVICES.query, body, bank.freshExternalId(), signal);
}

// cancel

async function cancelAnswer(
  bank: Bank,
  request: InquireRequest,
  reply: Reply,
  signal?: AbortSignal,
): Promise<CancelAnswer> {
  switch (reply.said) {
    case "yes":
      return { answer: "cancelled" };
    case "no":
    case "absent":
    case "duplicate": {
      // an earlier call whose answer was lost may have cancelled it
      const now = await query(bank, request, signal);
      if (now.said === "yes" && now.row["latestTransactionStatus"] === CANCELLED)
        return { answer: "cancelled" };
      return { answer: reply.said === "duplicate" ? "unknown" : "refused", reason: bank.scrub(reply.reason) };
    }
    case "in_progress":
    case "unsent":
    case "undone":
    case "unknown":
      return { answer: "unknown", reason: bank.scrub(reply.reason) };
  }
}

// refund

function refundRefusal({ channel: code, amount, paid }: RefundRequest): string | undefined {
  if (code !== CODE) return "channel_unknown";
  if (amount.currency !== IDR || paid.currency !== IDR) return "currency_not_rupiah";
  if (amount.minor <= 0n) return "amount_not_positive";
  return amount.minor > paid.minor ? "amount_above_paid" : undefined;
}

async function refundAnswer(
  bank: Bank,
  request: RefundRequest,
  reply: Reply,
  signal?: AbortSignal,
): Promise<RefundAnswer> {
  switch (reply.said) {
    case "yes":
      return reply.row["partnerRefundNo"] === request.refundRef
        ? { answer: "refunded", reference: textOf(reply.row["refundNo"]) }
        : { answer: "unknown", reason: "answer_differs" };
    case "in_progress":
      return { answer: "pending" };
    case "duplicate":
      // our own earlier request: its result is the answer
      return inquireRefund(bank, request, signal);
    case "no":
    case "absent":
      return { answer: "refused", reason: bank.scrub(reply.reason) };
    case "unsent":
    case "undone":
    case "unknown":
      return { answer: "unknown", reason: bank.scrub(reply.reason) };
  }
}

/** Finds a refund in the history of the payment's query. It is unknown if not listed: it may still follow. */
async function inquireRefund(
  bank: Bank,
  request: RefundRequest,
  signal?: AbortSignal,
): Promise<RefundAnswer> {
  const reply = await query(bank, request, signal);
  if (reply.said !== "yes") return { answer: "unknown", reason: bank.scrub(reply.reason) };
  const history = rowsOf(asRow(reply.row["additionalInfo"])?.["refundHistory"]);
  const own = history.find((row) => row["partnerReferenceNo"] === request.refundRef);
  if (!own) return { answer: "unknown", reason: "refund_not_listed" };
  if (readAmount(own["refundAmount"])?.minor !== request.amount.minor)
    return { answer: "unknown", reason: "answer_differs" };
  const status = STATUSES[String(own["refundStatus"])];
  if (status === undefined) return { answer: "unknown", reason: "answer_unreadable" };
  if (status === "pending") return { answer: "pending" };
  const done = status === "paid" || status === "refunded";
  return done
    ? { answer: "refunded", reference: textOf(own["refundNo"]) }
    : { answer: "refused", reason: `refund_status_${String(own["refundStatus"])}` };
}

// verify

/**
 * Inquires about a payment that does not exist. A response code that begins with 401 or 403 means that the
 * bank refuses our credentials, for the token or for the call.
 */
async function verify(bank: Bank, signal?: AbortSignal): Promise<VerifyAnswer> {
  const reply = await query(bank, { reference: null, merchantRef: "OGVERIFY" }, signal);
  if (reply.said === "absent" || reply.said === "yes") return { answer: "accepted" };
  return {
    answer: /^(?:no_token: )?40[13]/.test(reply.reason) ? "refused" : "unknown",
    reason: bank.scrub(reply.reason),
  };
}

// notification

/**
 * Service 52. The bank may leave out the amount or our reference; then the payment is inquired about. The
 * notification does not contain the time of payment, so the time of its signature is used. One older than
 * `freshnessMs` is refused even with a valid signature; a repeat within that time counts once, because
 * `payments` applies a state only once.
 */
function readNotification(
  settings: SnapSettings,
  channel: Channel,
  { headers, body }: RawNotification,
): Notification | Refusal {
  const timestamp = headerOf(headers, "x-timestamp");
  const signedAt = readSnapTime(timestamp);
  if (timestamp === undefined || signedAt === undefined) return refuse("notification_signature_wrong");
  if (Math.abs(settings.clock.now() - signedAt) > (settings.freshnessMs ?? FRESH_MS))
    return refuse("notification_signature_wrong");
  if (!isSigned(settings, headers, body, timestamp)) return refuse("notification_signature_wrong");
  const row = asRow(parseJson(Buffer.from(body).toString("utf8")));
  const amount = row?.["amount"] === undefined ? NOTHING : readAmount(row["amount"]);
  const state = row && readState(channel, row, amount, instant(row["paidTime"]) ?? new Date(signedAt));
  return state
    ? { state, channel: channel.code, reread: amount === NOTHING || state.merchantRef === null }
    : { state: null, event: "qr-mpm-notify" };
}

/**
 * Verifies with the bank's key if we have one, otherwise with the client secret over the token that the bank
 * sends. The secret is the proof; the token may be any.
 */
function isSigned(
  settings: SnapSettings,
  headers: RawNotification["headers"],
  body: Uint8Array,
  timestamp: string,
): boolean {
  const signature = headerOf(headers, "x-signature");
  if (signature === undefined || !/^[A-Za-z0-9+/]{16,2048}={0,2}$/.test(signature)) return false;
  const { providerPublicKey: key, clientSecret: secret } = settings;
  const token = /^Bearer (\S+)$/i.exec(headerOf(headers, "authorization") ?? "")?.[1] ?? "";
  // the body may be sent with spaces but signed without; bytes outside the braces are not covered by the
  // minified form
  const texts = body.at(0) === 0x7b && body.at(-1) === 0x7d ? [body, minified(body)] : [body];
  return settings.notificationPaths.some((path) =>
    texts.some((text) => {
      const signed = { method: "POST", path, body: text, timestamp } as const;
      if (key) return isSignedByKey(key, asymmetricText(signed), signature);
      return secret !== "" && isSignedBySecret(secret, symmetricText(signed, token), signature);
    }),
  );
}

// mappers: an unchecked row → our types, undefined if it can't be read

/** `latestTransactionStatus`: 00 to 07 are the standard's, 08 and 09 Midtrans'. */
const STATUSES: Readonly<Record<string, ProviderState["status"]>> = {
  "00": "paid",
  "01": "pending",
  "02": "pending",
  "03": "pending",
  "04": "refunded",
  "05": "failed",
  "06": "failed",
  "08": "expired",
  "09": "failed",
};
const [CANCELLED, NOT_FOUND] = ["05", "07"];

/** The fields that name an opened payment: our reference, and the bank's if it is known. */
function originals({ reference, merchantRef }: InquireRequest): Row {
  return {
    ...(reference === null ? {} : { originalReferenceNo: reference }),
    ...(merchantRef === "" ? {} : { originalPartnerReferenceNo: merchantRef }),
  };
}

/** A bank does not report fees with a payment, so the agreed fee is used. */
function readState(
  channel: Channel,
  row: Row,
  amount: Money | undefined,
  paidAt: Date | undefined,
): ProviderState | undefined {
  const reference = textOf(row["originalReferenceNo"]);
  const status = STATUSES[String(row["latestTransactionStatus"])];
  if (reference === null || !status || !amount) return undefined;
  return {
    reference,
    merchantRef: textOf(row["originalPartnerReferenceNo"]),
    status,
    amount,
    feeMerchant: feeOn(amount, channel),
    feeCustomer: NOTHING,
    paidAt: status === "paid" || status === "refunded" ? (paidAt ?? null) : null,
  };
}

/**
 * What the payer needs, or why the answer is unusable: a code must be a valid QRIS over our amount or none.
 */
function readOpened(
  channel: Channel,
  row: Row,
  { merchantRef, amount, expiresAt }: OpenRequest,
): Opened | string {
  const reference = textOf(row["referenceNo"]);
  const [qrString, checkoutUrl] = [textOf(row["qrContent"]), urlOf(row["redirectUrl"])];
  if (reference === null || (qrString === null && checkoutUrl === null)) return "answer_unreadable";
  if ((textOf(row["partnerReferenceNo"]) ?? merchantRef) !== merchantRef) return "answer_differs";
  const qris = qrString === null ? null : parseQris(qrString);
  if (isQrisProblem(qris)) return `qr_${qris.problem}`;
  if (qris?.amount && qris.amount.minor !== amount.minor) return "answer_differs";
  return {
    reference,
    channelName: channel.name,
    amount,
    feeMerchant: feeOn(amount, channel),
    feeCustomer: NOTHING,
    qrString,
    payCode: null,
    checkoutUrl,
    expiresAt,
  };
}

/** `{"value": "12500.00", "currency": "IDR"}`, always with two decimals. */
function amountRow(amount: Money): Row {
  return { value: toDecimal(amount), currency: amount.currency };
}

function readAmount(unchecked: unknown): Money | undefined {
  const row = asRow(unchecked);
  const read = checkedToMoney({ amount: row?.["value"], currency: row?.["currency"] });
  return isRefusal(read) || read.currency !== IDR ? undefined : read;
}

function instant(unchecked: unknown): Date | undefined {
  const ms = readSnapTime(unchecked);
  return ms === undefined ? undefined : new Date(ms);
}

// the call

/**
 * The outcome of one call. `no`: the request was refused. Two more are certain: `unsent`, when there was no
 * connection or no token; `undone`, when the reason is not in the request (our signature, too many calls).
 * `duplicate` may be our own earlier request.
 */
type Reply =
  | { readonly said: "yes"; readonly row: Row }
  | {
      readonly said: "no" | "unsent" | "undone" | "absent" | "duplicate" | "in_progress" | "unknown";
      readonly reason: string;
    };

type Bank = ReturnType<typeof connect>;

function connect(settings: SnapSettings) {
  const { clock } = settings;
  const totalMs = settings.timeouts?.totalMs ?? TOTAL_MS;
  const tokens = keepToken(clock, () => fetchToken(settings));
  const numbers = externalNumbers(clock, settings.externalIdDigits ?? null);

  /**
   * Calls once, and once more with a new token if the bank no longer accepts ours, which it reports before
   * any work.
   */
  const call = async (
    service: Service,
    body: Row,
    externalId: string,
    signal?: AbortSignal,
  ): Promise<Reply> => {
    const stop = stopAfter(totalMs, signal);
    for (let again = false; ; again = true) {
      const token = settings.signature === "asymmetric" ? null : await unlessStopped(tokens.current(), stop);
      if (token === "stopped") return { said: "unknown", reason: "no_token: timeout" };
      if (token !== null && "said" in token) return token;
      const text = JSON.stringify(body);
      const headers = {
        ...signedHeaders(settings, service, text, token?.text ?? null),
        "x-external-id": externalId,
      };
      const reply = await post(settings, service, text, headers, stop);
      if (reply.said !== "stale_token") return reply;
      if (token === null || again) return { said: "undone", reason: reply.reason };
      tokens.drop(token);
    }
  };

  return {
    merchantId: settings.merchantId,
    channel: channelOf(settings),
    call,
    /** Unique within the bank's day. */
    freshExternalId: () => numbers?.() ?? randomUUID().replaceAll("-", ""),
    /**
     * The same id for the same reference, so that the bank itself refuses a second request on the same day.
     * It equals the reference where possible (Midtrans: `partnerReferenceNo` must equal `X-EXTERNAL-ID`). A
     * bank that takes only digits gets a fresh number.
     */
    externalIdOf: (reference: string) =>
      numbers?.() ??
      (/^[0-9A-Za-z]{1,36}$/.test(reference)
        ? reference
        : createHash("sha256").update(reference).digest("hex").slice(0, 32)),
    scrub: (text: string) => scrub(settings, tokens.held(), text),
  };
}

function urlOfService({ baseUrl, pathPrefix }: SnapSettings, { path }: Service): string {
  return `${baseUrl.replace(/\/+$/, "")}${pathPrefix}${path}`;
}

function signedHeaders(
  settings: SnapSettings,
  service: Service,
  body: string,
  token: string | null,
): Record<string, string> {
  const { clock, pathPrefix, clientSecret, privateKey, partnerId, channelId } = settings;
  const timestamp = toSnapTime(clock.now());
  const signed = { method: "POST", path: `${pathPrefix}${service.path}`, body, timestamp } as const;
  return {
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    "x-timestamp": timestamp,
    "x-signature":
      token === null
        ? signByKey(privateKey, asymmetricText(signed))
        : signBySecret(clientSecret, symmetricText(signed, token)),
    "x-partner-id": partnerId,
    "channel-id": channelId,
  };
}

/** Posts exactly the bytes that were signed, and judges the answer. */
async function post(
  settings: SnapSettings,
  service: Service,
  body: string,
  headers: Record<string, string>,
  signal?: AbortSignal,
): Promise<Judged> {
  const call = { url: urlOfService(settings, service), method: "POST", headers, body } as const;
  const exchanged = await exchange(call, settings.timeouts?.totalMs ?? TOTAL_MS, settings.fetch, signal);
  if (exchanged.said === "answered") return judge(service, exchanged.status, exchanged.text);
  return exchanged;
}

type Judged = Reply | { readonly said: "stale_token"; readonly reason: string };

/** The meaning of a status with a case, if it differs from the status alone. */
const CASES: Readonly<Record<string, Judged["said"]>> = {
  "200/00": "yes",
  "202/00": "in_progress",
  "401/01": "stale_token",
  "404/01": "absent",
};
/** The meaning of a status with any other case. Statuses not listed, such as 408 or 5xx, leave it open. */
const STATES: Readonly<Record<number, Exclude<Reply["said"], "yes">>> = {
  400: "no",
  401: "undone",
  403: "no",
  404: "no",
  405: "no",
  409: "duplicate",
  429: "undone",
};

/**
 * Judges by the response code: status, service and case. A code of another status or service is not an answer
 * to this call.
 */
function judge(service: Service, status: number, text: string): Judged {
  const row = asRow(parseJson(text));
  const code = String(row?.["responseCode"]);
  if (!row || !/^\d{7}$/.test(code))
    return { said: "unknown", reason: row ? `http_${status}` : `http_${status}_not_json` };
  const reason = `${code} ${textOf(row["responseMessage"]) ?? ""}`.trim();
  if (code.slice(0, 5) !== `${status}${service.number}`)
    return { said: "unknown", reason: `http_${status} with ${reason}` };
  const said = CASES[`${status}/${code.slice(5)}`] ?? STATES[status] ?? "unknown";
  return said === "yes" ? { said, row } : { said, reason };
}

/** A B2B token (service 73), and until when it is used, in Unix milliseconds. */
type Token = { readonly text: string; readonly until: number };
/** Without a token nothing is sent. That is certain, whatever the result of the token's own call. */
type NoToken = { readonly said: "unsent"; readonly reason: string };

async function fetchToken(settings: SnapSettings): Promise<Token | NoToken> {
  const { clock, clientKey, privateKey } = settings;
  const timestamp = toSnapTime(clock.now());
  const headers = {
    "x-timestamp": timestamp,
    "x-client-key": clientKey,
    "x-signature": signByKey(privateKey, tokenText(clientKey, timestamp)),
  };
  const requestedAt = clock.now();
  const reply = await post(
    settings,
    SERVICES.token,
    JSON.stringify({ grantType: "client_credentials" }),
    headers,
  );
  if (reply.said !== "yes") return { said: "unsent", reason: `no_token: ${reply.reason}` };
  const text = textOf(reply.row["accessToken"]);
  // seconds, as a string
  const seconds = /^\d{1,7}$/.test(String(reply.row["expiresIn"])) ? Number(reply.row["expiresIn"]) : 0;
  return text === null
    ? { said: "unsent", reason: "no_token: answer_unreadable" }
    : { text, until: requestedAt + seconds * 1_000 - TOKEN_MARGIN_MS };
}

/** Caches the token. Concurrent callers share one fetch; a failed fetch is not cached. */
function keepToken(clock: SnapSettings["clock"], fetchOne: () => Promise<Token | NoToken>) {
  let held: Token | undefined;
  let underway: Promise<Token | NoToken> | undefined;
  const renew = async () => {
    try {
      const fetched = await fetchOne();
      if ("text" in fetched) held = fetched;
      return fetched;
    } finally {
      underway = undefined;
    }
  };
  return {
    current: async (): Promise<Token | NoToken> =>
      held && clock.now() < held.until ? held : (underway ??= renew()),
    /** Drops a token that the bank no longer accepts. A newer one that was fetched meanwhile stays. */
    drop: (token: Token) => {
      if (held === token) held = undefined;
    },
    held: () => held?.text ?? "",
  };
}

function stopAfter(totalMs: number, signal?: AbortSignal): AbortSignal {
  const timeout = AbortSignal.timeout(totalMs);
  return signal ? AbortSignal.any([signal, timeout]) : timeout;
}

/** A promise's value, or "stopped" if the caller gave up first; the work continues for other callers. */
function unlessStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T | "stopped"> {
  if (signal.aborted) return Promise.resolve("stopped");
  return new Promise((resolve, reject) => {
    const stop = () => resolve("stopped");
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

const [DAY_MS, JAKARTA_MS] = [86_400_000, 7 * 3_600_000];
/** The number of digits of a day's milliseconds. */
const DAY_DIGITS = 8;

/**
 * Generates `X-EXTERNAL-ID`s of digits: the time of day in Jakarta followed by random digits. They increase,
 * so a process never repeats one within a day, and two processes rarely produce the same one. Null if the
 * bank also takes letters; a reference or a UUID is used then.
 */
function externalNumbers(clock: SnapSettings["clock"], digits: number | null): (() => string) | null {
  if (digits === null) return null;
  const scale = 10n ** BigInt(digits - DAY_DIGITS);
  let [day, last] = [-1, 0n];
  return () => {
    const local = clock.now() + JAKARTA_MS;
    const suffix = Array.from({ length: digits - DAY_DIGITS }, () => randomInt(10)).join("");
    const fresh = BigInt(local % DAY_MS) * scale + BigInt(`0${suffix}`);
    const today = Math.floor(local / DAY_MS);
    last = today === day && fresh <= last ? last + 1n : fresh;
    day = today;
    return last.toString().padStart(digits, "0");
  };
}

function scrub({ clientSecret }: SnapSettings, token: string, text: string): string {
  return scrubbed([clientSecret, token], text);
}
