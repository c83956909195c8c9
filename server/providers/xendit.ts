import { IDR, money, refuse, toLocalMobile, type Refusal } from "@onegate/contract";
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
  VerifyAnswer,
} from "./provider.ts";
import {
  agreed,
  asRow,
  basic,
  channelFor,
  exchange,
  feeOn,
  headerOf,
  parseJson,
  readRupiah,
  rowsOf,
  sameSecret,
  scrubbed,
  textOf,
  urlOf,
  unsendableReason,
  wholeRupiah,
  type Row,
} from "./wire.ts";

export type XenditSettings = {
  /** `https://api.xendit.co`, for test and live: the key decides which. */
  readonly baseUrl: string;
  readonly secretKey: string;
  /** The account's verification token, a constant that is part of every callback. */
  readonly callbackToken: string;
  /** Sent with each request; overrides the URL in Xendit's dashboard. */
  readonly callbackUrl: string;
  readonly returnUrl: string;
  /** The channels agreed with Xendit; `XENDIT_CHANNELS` if none are given. */
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
const QR_VERSION = "2022-07-31";
/** How long after its expiry an attempt without any payment is considered absent. */
const OVER_MS = 10 * 60_000;

const QRIS = "QRIS";
/**
 * Wallets by our code; Xendit's code is the same with the prefix `ID_`. OVO asks the payer by phone, the
 * others on a page.
 */
const WALLETS: ReadonlySet<string> = new Set(["OVO", "DANA", "SHOPEEPAY", "LINKAJA", "ASTRAPAY"]);

const wallet = (code: string, name: string, basisPoints: number): Channel => ({
  ...agreed(
    { code, name, group: "E-Wallet", type: code === "OVO" ? "direct" : "redirect" },
    { basisPoints, least: 1_000n, most: 10_000_000n },
  ),
  ...(code === "OVO" ? { needsPhone: true } : {}),
});

/**
 * Xendit's API has no list of channels, limits or fees: they are agreed with each merchant. These are the
 * list prices of 2024 (from memory), with limits that are safe for every channel. `settings.channels`
 * replaces them by a contract's.
 */
export const XENDIT_CHANNELS: readonly Channel[] = [
  agreed(
    { code: QRIS, name: "QRIS", group: "E-Wallet", type: "direct" },
    { basisPoints: 70, least: 1_000n, most: 10_000_000n },
  ),
  wallet("OVO", "OVO", 273),
  wallet("DANA", "DANA", 150),
  wallet("SHOPEEPAY", "ShopeePay", 200),
  wallet("LINKAJA", "LinkAja", 150),
  wallet("ASTRAPAY", "AstraPay", 150),
];

/**
 * Xendit: QR codes (version 2022-07-31) and e-wallet charges. Amounts are numbers of whole rupiah, times are
 * UTC.
 *
 * Limits of the API, and how they are handled:
 * - Neither product has an idempotency key or a search by our reference. A lost attempt is searched for in
 *   the list of transactions, which has only received money. Until the payer has paid or the attempt has
 *   expired, it is unknown.
 * - An unpaid code or charge can't be cancelled (a void is for paid ones, on the same day), so there is no
 *   `cancel`.
 * - A refund of a charge takes an amount and a reason but no reference of ours. If its answer were lost, a
 *   retry could refund twice. So there is no `refund`; refunds are made in the dashboard.
 * - A charge has no expiry of its own. Ours is sent in `metadata` and read back from there.
 */
export function createXendit(settings: XenditSettings): Provider {
  const channels = settings.channels ?? XENDIT_CHANNELS;

  return {
    name: "xendit",
    findsByMerchantRef: false,

    channels: async () => channels,

    async open(request, signal) {
      const channel = channelFor(channels, request);
      const reason =
        unsendableReason(request, settings.clock.now()) ??
        (typeof channel === "string" ? channel : undefined);
      if (reason !== undefined) return { answer: "refused", reason };
      if (request.channel === QRIS)
        return openAnswer(settings, request, await call(settings, qrCall(settings, request), signal), (row) =>
          readCode(channels, row, []),
        );
      const charge = chargeCall(settings, request);
      if (typeof charge === "string") return { answer: "refused", reason: charge };
      return openAnswer(settings, request, await call(settings, charge, signal), (row) =>
        readCharge(channels, row),
      );
    },

    async inquire(request, signal) {
      const { reference } = request;
      if (reference === null) return inquireByMerchantRef(settings, channels, request, signal);
      return inquireByReference(settings, channels, reference, request.merchantRef, signal);
    },

    verify: (signal) => verify(settings, signal),
    readNotification: (notification) => readNotification(settings, channels, notification),
    // status 200 stops further notifications
    acknowledgement: {},
    scrub: (text) => scrub(settings, text),
  };
}

// open

function qrCall({ callbackUrl }: XenditSettings, request: OpenRequest): Call {
  const body = {
    reference_id: request.merchantRef,
    type: "DYNAMIC",
    currency: IDR,
    amount: wholeRupiah(request.amount),
    expires_at: request.expiresAt.toISOString(),
  };
  return { path: "qr_codes", body, headers: { "webhook-url": callbackUrl } };
}

/** The call that makes a charge, or the reason that there is none. */
function chargeCall({ callbackUrl, returnUrl }: XenditSettings, request: OpenRequest): Call | string {
  if (!WALLETS.has(request.channel)) return "channel_unknown";
  const { phone } = request.customer;
  if (request.channel === "OVO" && toLocalMobile(phone) === undefined) return "phone_missing";
  const body = {
    reference_id: request.merchantRef,
    currency: IDR,
    amount: wholeRupiah(request.amount),
    checkout_method: "ONE_TIME_PAYMENT",
    channel_code: `ID_${request.channel}`,
    channel_properties:
      request.channel === "OVO"
        ? { mobile_number: phone }
        : { success_redirect_url: returnUrl, failure_redirect_url: returnUrl },
    metadata: { expires_at: request.expiresAt.toISOString() },
  };
  return { path: "ewallets/charges", body, headers: { "x-callback-url": callbackUrl } };
}

function openAnswer(
  settings: XenditSettings,
  request: OpenRequest,
  reply: Reply,
  read: (row: Row) => Known | undefined,
): OpenAnswer {
  if (reply.said === "unsent") return { answer: "refused", reason: "unreachable" };
  if (reply.said === "unknown") return { answer: "unknown", reason: reply.reason };
  if (reply.said === "no")
    return { answer: REFUSED.has(reply.code) ? "refused" : "unknown", reason: reasonOf(settings, reply) };
  const known = asRow(reply.data) && read(asRow(reply.data) ?? {});
  if (!known?.opened) return { answer: "unknown", reason: "answer_unreadable" };
  const same =
    known.state.merchantRef === request.merchantRef &&
    known.opened.amount.minor === request.amount.minor &&
    known.channel === request.channel;
  return same ? { answer: "opened", opened: known.opened } : { answer: "unknown", reason: "answer_differs" };
}

// inquire

/** Reads a code and its payments, or a charge. The reference shows which: `qr_…`, `ewc_…`. */
async function inquireByReference(
  settings: XenditSettings,
  channels: readonly Channel[],
  reference: string,
  merchantRef: string,
  signal?: AbortSignal,
): Promise<InquireAnswer> {
  const isCode = reference.startsWith("qr_");
  const id = encodeURIComponent(reference);
  const [reply, payments] = await Promise.all([
    call(settings, { path: isCode ? `qr_codes/${id}` : `ewallets/charges/${id}` }, signal),
    isCode ? call(settings, { path: `qr_codes/${id}/payments` }, signal) : undefined,
  ]);
  for (const each of [reply, payments]) {
    if (each?.said === "no")
      return {
        answer: "unknown",
        reason: reasonOf(settings, each),
        ...(each.status === 404 ? { notFound: true } : {}),
      };
    if (each && each.said !== "yes") return { answer: "unknown", reason: each.reason };
  }
  const row = reply.said === "yes" ? asRow(reply.data) : undefined;
  const known =
    row &&
    (isCode
      ? readCode(channels, row, payments?.said === "yes" ? listOf(payments.data) : [])
      : readCharge(channels, row));
  if (!known) return { answer: "unknown", reason: "answer_unreadable" };
  if (known.state.reference !== reference || known.state.merchantRef !== merchantRef)
    return { answer: "unknown", reason: "answer_differs" };
  return { answer: "found", state: known.state, opened: known.opened };
}

/**
 * "List transactions" by our reference. Received money names its code or charge, which is then read. An empty
 * list proves only that nobody has paid; after the expiry, it means that the attempt is absent.
 */
async function inquireByMerchantRef(
  settings: XenditSettings,
  channels: readonly Channel[],
  { merchantRef, expiresAt }: InquireRequest,
  signal?: AbortSignal,
): Promise<InquireAnswer> {
  const reply = await call(
    settings,
    { path: `transactions?${new URLSearchParams({ reference_id: merchantRef }).toString()}` },
    signal,
  );
  if (reply.said !== "yes")
    return { answer: "unknown", reason: reply.said === "no" ? reasonOf(settings, reply) : reply.reason };
  const list = asRow(reply.data);
  if (!Array.isArray(list?.["data"]) || list["has_more"] !== false)
    return { answer: "unknown", reason: "list_incomplete" };
  const own = rowsOf(list["data"]).filter(
    (row) => row["reference_id"] === merchantRef && row["type"] === "PAYMENT",
  );
  const product = textOf(own[0]?.["product_id"]);
  if (product !== null && /^(?:qr|ewc)_/.test(product))
    return inquireByReference(settings, channels, product, merchantRef, signal);
  const isOver =
    expiresAt !== undefined && expiresAt !== null && expiresAt.getTime() + OVER_MS <= settings.clock.now();
  return own.length === 0 && isOver
    ? { answer: "absent" }
    : { answer: "unknown", reason: "not_searchable_by_our_reference" };
}

// verify

/** Lists the transactions of a reference that does not exist. */
async function verify(settings: XenditSettings, signal?: AbortSignal): Promise<VerifyAnswer> {
  const reply = await call(settings, { path: "transactions?reference_id=onegate-verify" }, signal);
  if (reply.said === "yes") return { answer: "accepted" };
  if (reply.said !== "no") return { answer: "unknown", reason: reply.reason };
  return { answer: NOT_LET_IN.has(reply.code) ? "refused" : "unknown", reason: reasonOf(settings, reply) };
}

// notification

/** The token verifies the sender but not the body, so the payment is inquired about. */
function readNotification(
  { callbackToken }: XenditSettings,
  channels: readonly Channel[],
  { headers, body }: RawNotification,
): Notification | Refusal {
  const given = headerOf(headers, "x-callback-token");
  if (given === undefined || callbackToken === "" || !sameSecret(given, callbackToken))
    return refuse("notification_signature_wrong");
  const row = asRow(parseJson(Buffer.from(body).toString("utf8")));
  const data = asRow(row?.["data"]);
  const known = data && readEvent(channels, String(row?.["event"]), data);
  return known
    ? { state: known.state, channel: known.channel, reread: true }
    : { state: null, event: textOf(row?.["event"]) ?? "callback" };
}

function readEvent(channels: readonly Channel[], event: string, data: Row): Known | undefined {
  switch (event) {
    case "qr.payment":
      return readCode(channels, { ...data, id: data["qr_id"], status: "INACTIVE" }, [data]);
    case "ewallet.capture":
      return readCharge(channels, data);
    case "ewallet.refund":
      // no other fields are known (`charge_id` is from memory); the charge itself is inquired about anyway
      return readCharge(channels, {
        ...data,
        id: data["charge_id"],
        status: "REFUNDED",
        charge_amount: data["refund_amount"] ?? 0,
      });
    default:
      return undefined;
  }
}

// mappers: an unchecked row → our types, undefined if it can't be read

type Known = { readonly state: ProviderState; readonly channel: string; readonly opened: Opened | null };

/** A dynamic code is paid once. An inactive one without a payment has expired. */
function readCode(channels: readonly Channel[], row: Row, payments: readonly Row[]): Known | undefined {
  const paid = payments.find(({ status }) => status === "SUCCEEDED" || status === "COMPLETED");
  const statuses: Readonly<Record<string, ProviderState["status"]>> = {
    ACTIVE: "pending",
    INACTIVE: "expired",
  };
  const status = paid ? "paid" : statuses[String(row["status"])];
  const state = readState(
    channels,
    QRIS,
    row,
    status,
    paid ? paid["amount"] : row["amount"],
    paid ? paid["created"] : null,
  );
  const [qrString, expiresAt] = [textOf(row["qr_string"]), instant(row["expires_at"])];
  if (!state) return undefined;
  return {
    state,
    channel: QRIS,
    opened: qrString !== null && expiresAt ? openedOf(state, QRIS, channels, { qrString, expiresAt }) : null,
  };
}

/** A partly refunded charge is still `SUCCEEDED`, which is paid. */
const CHARGES: Readonly<Record<string, ProviderState["status"]>> = {
  PENDING: "pending",
  SUCCEEDED: "paid",
  FAILED: "failed",
  VOIDED: "refunded",
  REFUNDED: "refunded",
};

function readCharge(channels: readonly Channel[], row: Row): Known | undefined {
  const channel = String(row["channel_code"]).replace(/^ID_/, "");
  const status = CHARGES[String(row["status"])];
  const amount = status === "paid" ? (row["capture_amount"] ?? row["charge_amount"]) : row["charge_amount"];
  const state = WALLETS.has(channel)
    ? readState(channels, channel, row, status, amount, status === "paid" ? row["updated"] : null)
    : undefined;
  const expiresAt = instant(asRow(row["metadata"])?.["expires_at"]);
  const actions = asRow(row["actions"]);
  const checkoutUrl =
    urlOf(actions?.["mobile_deeplink_checkout_url"]) ??
    urlOf(actions?.["mobile_web_checkout_url"]) ??
    urlOf(actions?.["desktop_web_checkout_url"]);
  if (!state) return undefined;
  return {
    state,
    channel,
    opened:
      expiresAt && (checkoutUrl !== null || channel === "OVO")
        ? openedOf(state, channel, channels, { checkoutUrl, expiresAt })
        : null,
  };
}

/** Xendit does not report fees with a payment, so the agreed fee is used. */
function readState(
  channels: readonly Channel[],
  code: string,
  row: Row,
  status: ProviderState["status"] | undefined,
  sum: unknown,
  at: unknown,
): ProviderState | undefined {
  const [reference, merchantRef] = [textOf(row["id"]), textOf(row["reference_id"])];
  const amount = row["currency"] === IDR ? readRupiah(sum) : undefined;
  const channel = channels.find((each) => each.code === code);
  if (reference === null || merchantRef === null || !status || !amount || !channel) return undefined;
  return {
    reference,
    merchantRef,
    status,
    amount,
    feeMerchant: feeOn(amount, channel),
    feeCustomer: NOTHING,
    paidAt: instant(at) ?? null,
  };
}

function openedOf(
  { reference, amount, feeMerchant, feeCustomer }: ProviderState,
  code: string,
  channels: readonly Channel[],
  {
    qrString = null,
    checkoutUrl = null,
    expiresAt,
  }: { qrString?: string | null; checkoutUrl?: string | null; expiresAt: Date },
): Opened {
  const channelName = channels.find((each) => each.code === code)?.name ?? code;
  return {
    reference,
    channelName,
    amount,
    feeMerchant,
    feeCustomer,
    qrString,
    payCode: null,
    checkoutUrl,
    expiresAt,
  };
}

/** The rows of a list, which is the body itself or its `data`. */
function listOf(unchecked: unknown): Row[] {
  return rowsOf(Array.isArray(unchecked) ? unchecked : asRow(unchecked)?.["data"]);
}

/** An ISO 8601 time with its zone. */
function instant(unchecked: unknown): Date | undefined {
  const date =
    typeof unchecked === "string" && /^\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})$/.test(unchecked)
      ? new Date(unchecked)
      : undefined;
  return date && !Number.isNaN(date.getTime()) ? date : undefined;
}

// the call

/** Xendit's answer, or that there was none. */
type Reply =
  | { readonly said: "yes"; readonly data: unknown }
  | { readonly said: "no"; readonly status: number; readonly code: string; readonly message: string }
  | { readonly said: "unsent"; readonly reason: string }
  | { readonly said: "unknown"; readonly reason: string };

type Call = {
  readonly path: string;
  readonly body?: Row;
  readonly headers?: Readonly<Record<string, string>>;
};

async function call(
  settings: XenditSettings,
  { path, body, headers }: Call,
  signal?: AbortSignal,
): Promise<Reply> {
  const exchanged = await exchange(
    {
      url: `${settings.baseUrl.replace(/\/+$/, "")}/${path}`,
      method: body === undefined ? "GET" : "POST",
      headers: {
        authorization: basic(settings.secretKey),
        ...(path.startsWith("qr_codes") ? { "api-version": QR_VERSION } : {}),
        ...headers,
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
 * Judges by the HTTP status; a refusal must also have an `error_code`. A 408 or 5xx leaves open what was
 * done.
 */
function judge(status: number, text: string): Reply {
  const data = parseJson(text);
  if (status >= 200 && status < 300)
    return data === undefined
      ? { said: "unknown", reason: `http_${status}_not_json` }
      : { said: "yes", data };
  const [code, message] = [textOf(asRow(data)?.["error_code"]), textOf(asRow(data)?.["message"])];
  const isExplicit = status >= 400 && status < 500 && status !== 408 && code !== null;
  return isExplicit
    ? { said: "no", status, code, message: message ?? "" }
    : { said: "unknown", reason: data === undefined ? `http_${status}_not_json` : `http_${status}` };
}

// the error table: "Error lists and failure reasons" of QR codes and e-wallets

/**
 * Refusals before a payment was created. After any other error, such as a duplicate, an attempt may exist:
 * the result is unknown until an inquiry.
 */
const REFUSED: ReadonlySet<string> = new Set([
  "API_VALIDATION_ERROR",
  "UNSUPPORTED_CURRENCY",
  "INVALID_API_KEY",
  "INVALID_MERCHANT_CREDENTIALS",
  "REQUEST_FORBIDDEN_ERROR",
  "CHANNEL_NOT_ACTIVATED",
  "CALLBACK_URL_NOT_FOUND",
]);

/** The key is invalid, or has no permission to read. */
const NOT_LET_IN: ReadonlySet<string> = new Set(["INVALID_API_KEY", "REQUEST_FORBIDDEN_ERROR"]);

function reasonOf(settings: XenditSettings, { code, message }: Extract<Reply, { said: "no" }>): string {
  return scrub(settings, `${code} ${message}`.trim());
}

function scrub({ secretKey, callbackToken }: XenditSettings, text: string): string {
  return scrubbed([secretKey, callbackToken, basic(secretKey).slice("Basic ".length)], text);
}
