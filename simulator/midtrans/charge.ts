import { qrisOf } from "../qris.ts";
import { digits, uuid } from "../random.ts";
import type { Transaction } from "../transaction.ts";
import { asRow, textIn, wholeIn, type Row } from "../words.ts";
import type { World } from "../world.ts";

/** Midtrans' own data of a transaction. */
export type Own = {
  readonly paymentType: string;
  readonly bank: string | null;
  readonly acquirer: string | null;
};

export function ownOf({ own }: Transaction): Own {
  return own as Own;
}

/** A refusal: code, message, and details of invalid fields. */
export type No = { readonly code: string; readonly message: string; readonly details?: readonly string[] };

const DAY_S = 86_400;
/** "Custom expiry" of each type: its default and its maximum, in seconds. */
const EXPIRY: Readonly<Record<string, Expiry>> = {
  gopay: { default: 900, max: 7 * DAY_S },
  qris: { default: 900, max: 7 * DAY_S },
  shopeepay: { default: 900, max: 5 * DAY_S },
  bank_transfer: { default: DAY_S, max: 180 * DAY_S },
  echannel: { default: DAY_S, max: 180 * DAY_S },
};
type Expiry = { readonly default: number; readonly max: number };
/** The minimum of all types. */
const MIN_S = 20;
const UNITS: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3_600, day: DAY_S };
const BANKS: Readonly<Record<string, string>> = {
  bca: "BCA",
  bni: "BNI",
  bri: "BRI",
  cimb: "CIMB Niaga",
  permata: "Permata",
};
const NAMES: Readonly<Record<string, string>> = {
  gopay: "GoPay",
  qris: "QRIS",
  shopeepay: "ShopeePay",
  echannel: "Mandiri Bill Payment",
};
const ORDER_ID = /^[A-Za-z0-9_~.-]{1,50}$/;

/**
 * Checks a charge and builds its transaction, or returns a refusal with a code of "Status code 4xx". The
 * validation messages are the simulator's own.
 */
export function charge(
  world: World,
  merchantId: string,
  body: Row,
  callbackUrl: string | null,
): Transaction | No {
  const type = textIn(body, "payment_type") ?? "";
  const expiry = EXPIRY[type];
  const details = asRow(body["transaction_details"]);
  const orderId = textIn(details, "order_id");
  const amount = wholeIn(details, "gross_amount");
  if (!expiry) return invalid(`payment_type ${type} is not supported`);
  if (!orderId || !ORDER_ID.test(orderId))
    return invalid("transaction_details.order_id is required, of 50 characters at most");
  if (amount === undefined)
    return invalid("transaction_details.gross_amount is required, a whole number above 0");
  const bank = type === "bank_transfer" ? textIn(asRow(body["bank_transfer"]), "bank") : undefined;
  if (type === "bank_transfer" && BANKS[bank ?? ""] === undefined)
    return invalid("bank_transfer.bank is not supported");
  const acquirer = type === "qris" ? (textIn(asRow(body["qris"]), "acquirer") ?? "gopay") : undefined;
  if (acquirer !== undefined && acquirer !== "gopay" && acquirer !== "airpay shopee")
    return invalid("qris.acquirer is not supported");
  if (sumOfItems(body["item_details"]) !== (body["item_details"] === undefined ? undefined : amount))
    return invalid("transaction_details.gross_amount is not equal to the sum of item_details");
  const expiresAt = expiryOf(body["custom_expiry"], expiry, world.clock.seconds());
  if (typeof expiresAt === "string") return invalid(expiresAt);
  const known = world.book.transactionOf("midtrans", merchantId, orderId);
  // "cannot be re-used while it is active or has been paid"
  if (known && (known.status === "UNPAID" || known.status === "PAID" || known.status === "REFUND")) {
    return { code: "406", message: "order_id has been paid and utilized, please use another order ID" };
  }

  const reference = uuid(world.random);
  return {
    reference,
    sequence: world.book.nextSequence,
    provider: "midtrans",
    merchantCode: merchantId,
    merchantRef: orderId,
    channel: bank ?? type,
    channelName: bank ? `${BANKS[bank]} Virtual Account` : (NAMES[type] ?? type),
    callbackUrl,
    returnUrl: null,
    amount,
    feeMerchant: 0,
    feeCustomer: 0,
    payCode: bank || type === "echannel" ? digits(world.random, 12).replace(/^0/, "8") : null,
    // the reference label of a QRIS has at most 25 characters
    qrString:
      type === "qris" || type === "gopay" ? qrisOf(reference.replaceAll("-", "").slice(0, 25), amount) : null,
    status: "UNPAID",
    createdAt: world.clock.seconds(),
    expiresAt,
    paidAt: null,
    refunds: [],
    faults: {},
    own: { paymentType: type, bank: bank ?? null, acquirer: acquirer ?? null } satisfies Own,
  };
}

function invalid(...details: string[]): No {
  return { code: "400", message: "One or more parameters in the payload is invalid.", details };
}

/** The total of the items; undefined if there are none or one can't be read. */
function sumOfItems(unchecked: unknown): number | undefined {
  if (!Array.isArray(unchecked)) return undefined;
  return unchecked.map(asRow).reduce<number | undefined>((sum, item) => {
    const [price, quantity] = [item["price"], item["quantity"]];
    const isRead =
      Number.isSafeInteger(price) && Number.isSafeInteger(quantity) && textIn(item, "name") !== undefined;
    return sum === undefined || !isRead ? undefined : sum + (price as number) * (quantity as number);
  }, 0);
}

/** Unix seconds from `custom_expiry`, counted from its `order_time` or now; a string if it is invalid. */
function expiryOf(unchecked: unknown, expiry: Expiry, now: number): number | string {
  if (unchecked === undefined) return now + expiry.default;
  const custom = asRow(unchecked);
  const duration = wholeIn(custom, "expiry_duration");
  const unit = UNITS[textIn(custom, "unit") ?? "minute"];
  const match = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}) \+0700$/.exec(textIn(custom, "order_time") ?? "");
  const from = match
    ? Date.parse(`${match[1]}T${match[2]}+07:00`) / 1_000
    : custom["order_time"] === undefined
      ? now
      : NaN;
  if (duration === undefined || unit === undefined || Number.isNaN(from)) return "custom_expiry is malformed";
  const seconds = from + duration * unit - now;
  return seconds < MIN_S || seconds > expiry.max ? "custom_expiry is outside its bounds" : now + seconds;
}
