import { refundedSum, type Refund, type Transaction } from "../transaction.ts";
import type { Row } from "../words.ts";
import { ownOf } from "./create.ts";

/** Transactions in Xendit's format: amounts as numbers, times in UTC. */

const time = (seconds: number) => new Date(seconds * 1_000).toISOString();
/** The id of an object's payment: `qrpy_…` for `qr_…`, `py-…` for `pr-…`. */
const paymentIdOf = ({ reference }: Transaction) => reference.replace(/^qr_/, "qrpy_").replace(/^pr-/, "py-");
const changedAt = ({ createdAt, paidAt, refunds }: Transaction) => refunds.at(-1)?.at ?? paidAt ?? createdAt;

/** A QR code, active while it can be paid. */
export function qrRow(transaction: Transaction): Row {
  return {
    id: transaction.reference,
    reference_id: transaction.merchantRef,
    business_id: transaction.merchantCode,
    type: "DYNAMIC",
    currency: "IDR",
    amount: transaction.amount,
    channel_code: transaction.channel,
    status: transaction.status === "UNPAID" ? "ACTIVE" : "INACTIVE",
    qr_string: transaction.qrString,
    expires_at: time(transaction.expiresAt),
    created: time(transaction.createdAt),
    updated: time(changedAt(transaction)),
    basket: null,
    metadata: ownOf(transaction).metadata,
  };
}

/** The payment of a paid code. */
export function qrPaymentRow(transaction: Transaction): Row {
  return {
    id: paymentIdOf(transaction),
    business_id: transaction.merchantCode,
    currency: "IDR",
    amount: transaction.amount,
    status: "SUCCEEDED",
    created: time(transaction.paidAt ?? transaction.createdAt),
    qr_id: transaction.reference,
    qr_string: transaction.qrString,
    reference_id: transaction.merchantRef,
    type: "DYNAMIC",
    channel_code: transaction.channel,
    expires_at: time(transaction.expiresAt),
    metadata: ownOf(transaction).metadata,
    payment_detail: null,
  };
}

/** A charge. It has no expiry: one that is not approved in time has failed. */
export function chargeRow(transaction: Transaction, publicUrl: string): Row {
  const { properties, metadata } = ownOf(transaction);
  const statuses = {
    UNPAID: "PENDING",
    PAID: "SUCCEEDED",
    EXPIRED: "FAILED",
    FAILED: "FAILED",
    CANCELLED: "VOIDED",
    REFUND: "REFUNDED",
  } as const;
  const failures: Partial<Record<Transaction["status"], string>> = {
    EXPIRED: "USER_UNREACHABLE",
    FAILED: "USER_DECLINED_PAYMENT",
  };
  const page = transaction.channel === "ID_OVO" ? null : `${publicUrl}/checkout/${transaction.reference}`;
  const paid = transaction.status === "PAID" || transaction.status === "REFUND";
  return {
    id: transaction.reference,
    business_id: transaction.merchantCode,
    reference_id: transaction.merchantRef,
    status: statuses[transaction.status],
    currency: "IDR",
    charge_amount: transaction.amount,
    capture_amount: transaction.status === "UNPAID" || paid ? transaction.amount : null,
    refunded_amount: transaction.refunds.length === 0 ? null : refundedSum(transaction.refunds),
    checkout_method: "ONE_TIME_PAYMENT",
    channel_code: transaction.channel,
    channel_properties: properties,
    actions:
      page === null
        ? null
        : {
            desktop_web_checkout_url: page,
            mobile_web_checkout_url: page,
            mobile_deeplink_checkout_url: null,
            qr_checkout_string: null,
          },
    is_redirect_required: page !== null,
    callback_url: transaction.callbackUrl,
    created: time(transaction.createdAt),
    updated: time(changedAt(transaction)),
    void_status: null,
    voided_at: null,
    capture_now: true,
    customer_id: null,
    payment_method_id: null,
    failure_code: failures[transaction.status] ?? null,
    basket: null,
    metadata,
  };
}

/** A payment request in the format that Xendit's own client reads. */
export function paymentRequestRow(transaction: Transaction, publicUrl: string): Row {
  const { method, metadata } = ownOf(transaction);
  const waiting = method === "EWALLET" ? "REQUIRES_ACTION" : "PENDING";
  const statuses = {
    UNPAID: waiting,
    PAID: "SUCCEEDED",
    EXPIRED: "EXPIRED",
    FAILED: "FAILED",
    CANCELLED: "CANCELED",
    REFUND: "SUCCEEDED",
  } as const;
  const page = {
    action: "AUTH",
    url_type: "WEB",
    method: "GET",
    url: `${publicUrl}/checkout/${transaction.reference}`,
    qr_code: null,
  };
  return {
    id: transaction.reference,
    created: time(transaction.createdAt),
    updated: time(changedAt(transaction)),
    reference_id: transaction.merchantRef,
    business_id: transaction.merchantCode,
    customer_id: null,
    customer: null,
    amount: transaction.amount,
    min_amount: null,
    max_amount: null,
    country: "ID",
    currency: "IDR",
    payment_method: paymentMethodRow(transaction),
    description: null,
    failure_code: transaction.status === "FAILED" ? "USER_DECLINED_PAYMENT" : null,
    capture_method: null,
    initiator: null,
    card_verification_results: null,
    status: statuses[transaction.status],
    actions:
      transaction.status === "UNPAID" && method === "EWALLET" && transaction.channel !== "OVO" ? [page] : [],
    metadata,
    shipping_information: null,
    items: null,
  };
}

function paymentMethodRow(transaction: Transaction): Row {
  const { method, properties } = ownOf(transaction);
  const code = {
    channel_code: transaction.channel,
    channel_properties: { qr_string: transaction.qrString, expires_at: time(transaction.expiresAt) },
  };
  return {
    id: transaction.reference.replace(/^pr-/, "pm-"),
    type: method,
    reference_id: transaction.merchantRef,
    description: null,
    created: time(transaction.createdAt),
    updated: time(changedAt(transaction)),
    reusability: "ONE_TIME_USE",
    status: transaction.status === "UNPAID" ? "ACTIVE" : "EXPIRED",
    card: null,
    direct_debit: null,
    over_the_counter: null,
    virtual_account: null,
    ewallet:
      method === "EWALLET"
        ? {
            channel_code: transaction.channel,
            channel_properties: properties,
            account: { name: null, account_details: null, balance: null, point_balance: null },
          }
        : null,
    qr_code: method === "QR_CODE" ? code : null,
    metadata: null,
  };
}

/** A refund of a payment request. */
export function refundRow(transaction: Transaction, refund: Refund): Row {
  return {
    id: refund.id.replace(/^pr-/, "rfd-"),
    payment_request_id: transaction.reference,
    payment_id: paymentIdOf(transaction),
    invoice_id: null,
    payment_method_type: ownOf(transaction).method,
    amount: refund.amount,
    channel_code: transaction.channel,
    status: "SUCCEEDED",
    reason: refund.reason === "" ? "REQUESTED_BY_CUSTOMER" : refund.reason,
    reference_id: refund.key,
    country: "ID",
    currency: "IDR",
    failure_code: null,
    refund_fee_amount: null,
    created: time(refund.at),
    updated: time(refund.at),
    metadata: null,
  };
}

/** A row of the list of transactions, which has only received money. */
export function movementRow(transaction: Transaction): Row {
  return {
    id: `txn_${transaction.reference}`,
    product_id: transaction.reference,
    type: "PAYMENT",
    status: "SUCCESS",
    channel_category: ownOf(transaction).method,
    channel_code: transaction.channel,
    account_identifier: null,
    reference_id: transaction.merchantRef,
    currency: "IDR",
    amount: transaction.amount,
    net_amount: transaction.amount,
    cashflow: "MONEY_IN",
    settlement_status: "PENDING",
    estimated_settlement_time: null,
    business_id: transaction.merchantCode,
    fee: {
      xendit_fee: 0,
      value_added_tax: 0,
      xendit_withholding_tax: 0,
      third_party_withholding_tax: 0,
      status: "COMPLETED",
    },
    created: time(transaction.paidAt ?? transaction.createdAt),
    updated: time(changedAt(transaction)),
  };
}

/** The callback for a transaction's state; undefined if Xendit sends none, for example for an unpaid code. */
export function callbackRow(transaction: Transaction, publicUrl: string): Row | undefined {
  const { status, refunds } = transaction;
  const { product } = ownOf(transaction);
  const last = refunds.at(-1);
  const callback = (event: string, data: Row, more: Row = {}) => ({
    event,
    ...more,
    business_id: transaction.merchantCode,
    created: time(changedAt(transaction)),
    data,
  });
  if (status === "UNPAID" || status === "CANCELLED") return undefined;
  switch (product) {
    case "qr_code":
      return status === "PAID" && !last
        ? callback("qr.payment", qrPaymentRow(transaction), { api_version: "2022-07-31" })
        : undefined;
    case "ewallet":
      if (!last) return callback("ewallet.capture", chargeRow(transaction, publicUrl), { api_version: null });
      return callback("ewallet.refund", {
        id: last.id.replace(/^ewc_/, "ewr_"),
        charge_id: transaction.reference,
        reference_id: transaction.merchantRef,
        status: "SUCCEEDED",
        currency: "IDR",
        refund_amount: last.amount,
        channel_code: transaction.channel,
      });
    case "payment_request":
      if (last) return callback("refund.succeeded", refundRow(transaction, last));
      return callback(status === "PAID" ? "payment.succeeded" : "payment.failed", paymentRow(transaction));
  }
}

function paymentRow(transaction: Transaction): Row {
  return {
    id: paymentIdOf(transaction),
    payment_request_id: transaction.reference,
    reference_id: transaction.merchantRef,
    customer_id: null,
    currency: "IDR",
    amount: transaction.amount,
    country: "ID",
    status: transaction.status === "PAID" ? "SUCCEEDED" : "FAILED",
    payment_method: paymentMethodRow(transaction),
    channel_properties: null,
    payment_detail: null,
    failure_code: transaction.status === "PAID" ? null : "USER_DECLINED_PAYMENT",
    created: time(transaction.createdAt),
    updated: time(changedAt(transaction)),
    metadata: ownOf(transaction).metadata,
  };
}
