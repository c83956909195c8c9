import { qrisOf } from "../qris.ts";
import { uuid } from "../random.ts";
import type { Transaction } from "../transaction.ts";
import { asRow, isWebAddress, textIn, wholeIn, type Row } from "../words.ts";
import type { World } from "../world.ts";

/** The Xendit product of a transaction. */
export type Product = "qr_code" | "ewallet" | "payment_request";

/** Xendit's own data of a transaction. */
export type Own = {
  readonly product: Product;
  /** The payment method, which a payment request chooses. */
  readonly method: "QR_CODE" | "EWALLET";
  readonly properties: Row;
  readonly metadata: Row | null;
  readonly idempotencyKey: string | null;
};

export function ownOf({ own }: Transaction): Own {
  return own as Own;
}

export type No = { readonly status: number; readonly code: string; readonly message: string };

export const invalid = (message: string): No => ({ status: 400, code: "API_VALIDATION_ERROR", message });

const WALLETS: Readonly<Record<string, string>> = {
  OVO: "OVO",
  DANA: "DANA",
  SHOPEEPAY: "ShopeePay",
  LINKAJA: "LinkAja",
  ASTRAPAY: "AstraPay",
};
/** A dynamic code without an expiry is valid for two days (help.xendit.co). */
const QR_LIFE_S = 2 * 86_400;
/** Each wallet has its own timeout; here all have half an hour. */
const WALLET_LIFE_S = 1_800;
const MIN_QR_AMOUNT = 1;
/** API reference of e-wallet charges: the minimum is 100 rupiah. */
const MIN_WALLET_AMOUNT = 100;

type Input = {
  readonly world: World;
  readonly businessId: string;
  readonly body: Row;
  readonly callbackUrl: string | null;
  readonly idempotencyKey: string | null;
};

/** `POST /qr_codes`, version 2022-07-31, dynamic. */
export function createQr({ body, ...input }: Input): Transaction | No {
  const [reference, amount] = [textIn(body, "reference_id"), wholeIn(body, "amount")];
  if (!reference) return invalid("reference_id is required");
  if (body["type"] !== "DYNAMIC") return invalid("type must be DYNAMIC");
  if (body["currency"] !== "IDR")
    return { status: 400, code: "UNSUPPORTED_CURRENCY", message: "currency must be IDR" };
  if (amount === undefined || amount < MIN_QR_AMOUNT) return invalid("amount must be a whole number above 0");
  const now = input.world.clock.seconds();
  const expiresAt = expiryIn(body, now);
  if (expiresAt === undefined) return invalid("expires_at must be an ISO 8601 time to come");
  return transaction(input, {
    prefix: "qr_",
    product: "qr_code",
    method: "QR_CODE",
    channel: "ID_DANA",
    name: "QRIS",
    reference,
    amount,
    expiresAt,
    metadata: body["metadata"],
    properties: {},
  });
}

/**
 * `POST /ewallets/charges`, paid once. A charge without a callback URL is refused
 * (docs.xendit.co/ewallet/integrations/errors).
 */
export function createCharge({ body, ...input }: Input): Transaction | No {
  const [reference, amount] = [textIn(body, "reference_id"), wholeIn(body, "amount")];
  const channel = textIn(body, "channel_code") ?? "";
  const properties = asRow(body["channel_properties"]);
  const wallet = channel.startsWith("ID_") ? channel.slice(3) : "";
  if (!reference) return invalid("reference_id is required");
  if (body["checkout_method"] !== "ONE_TIME_PAYMENT")
    return invalid("checkout_method must be ONE_TIME_PAYMENT");
  if (body["currency"] !== "IDR")
    return { status: 400, code: "UNSUPPORTED_CURRENCY", message: "currency must be IDR" };
  if (WALLETS[wallet] === undefined) return invalid("channel_code is not supported");
  if (amount === undefined || amount < MIN_WALLET_AMOUNT)
    return invalid(`amount must be a whole number of ${MIN_WALLET_AMOUNT} at least`);
  const wrong = wrongProperties(
    wallet,
    textIn(properties, "mobile_number"),
    textIn(properties, "success_redirect_url"),
  );
  if (wrong) return wrong;
  if (input.callbackUrl === null)
    return {
      status: 404,
      code: "CALLBACK_URL_NOT_FOUND",
      message:
        "Payment request failed because there was no input of callback url in your dashboard settings " +
        "or request headers",
    };
  const expiresAt = input.world.clock.seconds() + WALLET_LIFE_S;
  return transaction(input, {
    prefix: "ewc_",
    product: "ewallet",
    method: "EWALLET",
    channel,
    name: WALLETS[wallet] ?? wallet,
    reference,
    amount,
    expiresAt,
    metadata: body["metadata"],
    properties,
  });
}

/** `POST /payment_requests` as Xendit's own client sends it: QRIS or a wallet, used once. */
export function createPaymentRequest({ body, ...input }: Input): Transaction | No {
  const [amount, method] = [wholeIn(body, "amount"), asRow(body["payment_method"])];
  const reference = textIn(body, "reference_id") ?? uuid(input.world.random);
  if (body["currency"] !== "IDR")
    return { status: 400, code: "UNSUPPORTED_CURRENCY", message: "currency must be IDR" };
  if (amount === undefined) return invalid("amount must be a whole number above 0");
  if (method["reusability"] !== "ONE_TIME_USE")
    return invalid("payment_method.reusability must be ONE_TIME_USE");
  const now = input.world.clock.seconds();
  const common = {
    prefix: "pr-",
    product: "payment_request",
    reference,
    amount,
    metadata: body["metadata"],
  } as const;
  if (method["type"] === "QR_CODE") {
    const { channel_code: channel = "QRIS", channel_properties: properties } = asRow(method["qr_code"]);
    if (channel !== "QRIS") return invalid("payment_method.qr_code.channel_code is not supported");
    const expiresAt = expiryIn(asRow(properties), now);
    if (expiresAt === undefined) return invalid("expires_at must be an ISO 8601 time to come");
    return transaction(input, {
      ...common,
      method: "QR_CODE",
      channel: "QRIS",
      name: "QRIS",
      expiresAt,
      properties: {},
    });
  }
  if (method["type"] !== "EWALLET") return invalid("payment_method.type is not supported");
  const wallet = asRow(method["ewallet"]);
  const [channel, properties] = [textIn(wallet, "channel_code") ?? "", asRow(wallet["channel_properties"])];
  if (WALLETS[channel] === undefined) return invalid("payment_method.ewallet.channel_code is not supported");
  const wrong = wrongProperties(
    channel,
    textIn(properties, "mobile_number"),
    textIn(properties, "success_return_url"),
  );
  return (
    wrong ??
    transaction(input, {
      ...common,
      method: "EWALLET",
      channel,
      name: WALLETS[channel] ?? channel,
      expiresAt: now + WALLET_LIFE_S,
      properties,
    })
  );
}

/** The expiry of a code, in Unix seconds; undefined if it is invalid or in the past. */
function expiryIn(row: Row, now: number): number | undefined {
  if (row["expires_at"] === undefined) return now + QR_LIFE_S;
  const expiresAt = Math.floor(Date.parse(textIn(row, "expires_at") ?? "") / 1_000);
  return Number.isNaN(expiresAt) || expiresAt <= now ? undefined : expiresAt;
}

/**
 * Why channel properties are invalid. OVO asks the payer by phone; the others send the payer to a page and
 * back.
 */
function wrongProperties(
  wallet: string,
  phone: string | undefined,
  back: string | undefined,
): No | undefined {
  if (wallet === "OVO")
    return /^\+62\d{8,13}$/.test(phone ?? "")
      ? undefined
      : invalid("channel_properties.mobile_number is required, as +62…");
  return back !== undefined && isWebAddress(back)
    ? undefined
    : invalid("channel_properties needs an address to go back to");
}

type Made = {
  readonly prefix: string;
  readonly product: Product;
  readonly method: Own["method"];
  readonly channel: string;
  readonly name: string;
  readonly reference: string;
  readonly amount: number;
  readonly expiresAt: number;
  readonly metadata: unknown;
  readonly properties: Row;
};

function transaction(
  { world, businessId, callbackUrl, idempotencyKey }: Omit<Input, "body">,
  made: Made,
): Transaction {
  const id = uuid(world.random);
  return {
    reference: `${made.prefix}${id}`,
    sequence: world.book.nextSequence,
    provider: "xendit",
    merchantCode: businessId,
    merchantRef: made.reference,
    channel: made.channel,
    channelName: made.name,
    callbackUrl,
    returnUrl:
      textIn(made.properties, "success_redirect_url") ??
      textIn(made.properties, "success_return_url") ??
      null,
    amount: made.amount,
    feeMerchant: 0,
    feeCustomer: 0,
    payCode: null,
    // the reference label of a QRIS has at most 25 characters
    qrString: made.method === "QR_CODE" ? qrisOf(id.replaceAll("-", "").slice(0, 25), made.amount) : null,
    status: "UNPAID",
    createdAt: world.clock.seconds(),
    expiresAt: made.expiresAt,
    paidAt: null,
    refunds: [],
    faults: {},
    own: {
      product: made.product,
      method: made.method,
      properties: made.properties,
      metadata: made.metadata === undefined || made.metadata === null ? null : asRow(made.metadata),
      idempotencyKey,
    } satisfies Own,
  };
}
