import { refundedSum, type Refund, type Transaction } from "../transaction.ts";
import type { Row } from "../words.ts";
import { ownOf } from "./charge.ts";

/**
 * Transactions in Midtrans' format: values are strings, amounts have two decimals, times are in Jakarta
 * without an offset. Codes to scan and URLs to open are only in the answer of the charge.
 */

/** An amount with two decimals, as Midtrans writes it. */
export function sum(amount: number): string {
  return `${amount}.00`;
}

const JAKARTA_S = 7 * 3_600;

export function time(seconds: number): string {
  return new Date((seconds + JAKARTA_S) * 1_000).toISOString().slice(0, 19).replace("T", " ");
}

/** "Transaction status". */
export function statusOf({ status, refunds }: Transaction): string {
  const statuses = {
    UNPAID: "pending",
    PAID: "settlement",
    EXPIRED: "expire",
    FAILED: "deny",
    CANCELLED: "cancel",
    REFUND: "refund",
  } as const;
  const last = refunds.at(-1);
  if (!last || (status !== "PAID" && status !== "REFUND")) return statuses[status];
  const what = last.key === null ? "chargeback" : "refund";
  return status === "PAID" ? `partial_${what}` : what;
}

function base(transaction: Transaction): Row {
  const { paymentType, acquirer } = ownOf(transaction);
  return {
    transaction_id: transaction.reference,
    order_id: transaction.merchantRef,
    merchant_id: transaction.merchantCode,
    gross_amount: sum(transaction.amount),
    currency: "IDR",
    payment_type: paymentType,
    transaction_time: time(transaction.createdAt),
    transaction_status: statusOf(transaction),
    fraud_status: "accept",
    ...(acquirer === null ? {} : { acquirer }),
    ...numbers(transaction),
  };
}

function numbers(transaction: Transaction): Row {
  const { paymentType, bank } = ownOf(transaction);
  if (paymentType === "echannel") return { bill_key: transaction.payCode, biller_code: "70012" };
  if (bank === "permata") return { permata_va_number: transaction.payCode };
  return bank === null ? {} : { va_numbers: [{ bank, va_number: transaction.payCode }] };
}

const CREATED: Readonly<Record<string, string>> = {
  gopay: "GO-PAY billing created",
  qris: "QRIS transaction is created",
  shopeepay: "ShopeePay transaction is created",
  bank_transfer: "Success, Bank Transfer transaction is created",
  echannel: "OK, Mandiri Bill transaction is successful",
};

/** The answer of `charge`. */
export function chargedRow(transaction: Transaction, publicUrl: string): Row {
  const { paymentType } = ownOf(transaction);
  return {
    status_code: "201",
    status_message: CREATED[paymentType],
    ...base(transaction),
    ...actionsOf(transaction, publicUrl),
    ...(paymentType === "qris" ? { qr_string: transaction.qrString } : {}),
    ...(paymentType === "gopay" ? { channel_response_code: "200", channel_response_message: "Success" } : {}),
    ...(paymentType === "shopeepay"
      ? { channel_response_code: "0", channel_response_message: "success" }
      : {}),
    expiry_time: time(transaction.expiresAt),
  };
}

function actionsOf({ reference, own }: Transaction, publicUrl: string): Row | undefined {
  const type = String(own["paymentType"]);
  const code = {
    name: "generate-qr-code",
    method: "GET",
    url: `${publicUrl}/v2/${type}/${reference}/qr-code`,
  };
  const link = { name: "deeplink-redirect", method: "GET", url: `${publicUrl}/checkout/${reference}` };
  if (type === "qris") return { actions: [code] };
  if (type === "shopeepay") return { actions: [link] };
  if (type !== "gopay") return undefined;
  const status = { name: "get-status", method: "GET", url: `${publicUrl}/v2/${reference}/status` };
  return {
    actions: [
      code,
      link,
      status,
      { name: "cancel", method: "POST", url: `${publicUrl}/v2/${reference}/cancel`, fields: [] },
    ],
  };
}

/** The answer of `status`. An expired transaction has code 407 and its fields. */
export function statusRow(transaction: Transaction, now: number): Row {
  const code = {
    UNPAID: "201",
    PAID: "200",
    EXPIRED: "407",
    FAILED: "202",
    CANCELLED: "200",
    REFUND: "200",
  } as const;
  return {
    status_code: code[transaction.status],
    status_message:
      transaction.status === "EXPIRED" ? "Success, transaction is expired" : "Success, transaction is found",
    ...base(transaction),
    ...facts(transaction, ({ at }) => at < now),
  };
}

/** The body of a notification, without its signature. */
export function notificationRow(transaction: Transaction, confirmed: boolean): Row {
  const code = {
    UNPAID: "201",
    PAID: "200",
    EXPIRED: "202",
    FAILED: "202",
    CANCELLED: "202",
    REFUND: "200",
  } as const;
  const last = transaction.refunds.at(-1);
  return {
    status_code: code[transaction.status],
    status_message: "midtrans payment notification",
    ...base(transaction),
    ...facts(transaction, (refund) => confirmed || refund !== last),
    ...(ownOf(transaction).paymentType === "gopay" && transaction.paidAt !== null
      ? { payment_option_type: "GOPAY_WALLET" }
      : {}),
  };
}

/** The answer of `refund`. */
export function refundedRow(transaction: Transaction, refund: Refund): Row {
  return {
    status_code: "200",
    status_message: "Success, refund request is approved by the bank",
    ...base(transaction),
    ...facts(transaction, () => true),
    refund_chargeback_id: idOf(refund),
    refund_amount: sum(refund.amount),
    refund_key: refund.key,
  };
}

function facts(transaction: Transaction, isConfirmed: (refund: Refund) => boolean): Row {
  const { refunds, paidAt, expiresAt } = transaction;
  return {
    expiry_time: time(expiresAt),
    ...(paidAt === null ? {} : { settlement_time: time(paidAt) }),
    ...(refunds.length === 0
      ? {}
      : {
          refund_amount: sum(refundedSum(refunds)),
          refunds: refunds.map((refund) => refundRow(refund, isConfirmed(refund))),
        }),
  };
}

function refundRow(refund: Refund, isConfirmed: boolean): Row {
  return {
    refund_chargeback_id: idOf(refund),
    refund_amount: sum(refund.amount),
    created_at: time(refund.at),
    reason: refund.reason,
    // a chargeback was not requested, so it has no key
    ...(refund.key === null ? {} : { refund_key: refund.key, refund_method: "online" }),
    ...(isConfirmed ? { bank_confirmed_at: time(refund.at) } : {}),
  };
}

/** A number, as Midtrans uses, derived from the refund's id. */
function idOf({ id }: Refund): number {
  return [...id].reduce(
    (hash, character) => (hash * 31 + (character.codePointAt(0) ?? 0)) % 1_000_000_007,
    7,
  );
}
