import { channelOf, type Channel, type Fee } from "./channels.ts";
import { instructionsFor } from "./instructions.ts";
import type { Transaction } from "../transaction.ts";
import { amountReceived, ownOf } from "./own.ts";

/**
 * Transactions and channels in Tripay's format, with its inconsistencies. `payment_method` is the code in an
 * answer and the name in a callback. `paid_at` is a string in the detail and a number elsewhere. `percent` is
 * a number in the parts of a fee and a string in its total.
 */
type Row = Record<string, unknown>;

const nameOf = ({ channel }: Transaction) => channelOf(channel)?.name ?? channel;

function common(transaction: Transaction, publicUrl: string): Row {
  const { reference, payCode } = transaction;
  const { customer } = ownOf(transaction);
  const redirect = channelOf(transaction.channel)?.type === "redirect";
  return {
    reference,
    merchant_ref: transaction.merchantRef,
    payment_selection_type: "static",
    payment_method: transaction.channel,
    payment_name: nameOf(transaction),
    customer_name: customer.name,
    customer_email: customer.email,
    customer_phone: customer.phone,
    callback_url: transaction.callbackUrl,
    return_url: transaction.returnUrl,
    amount: transaction.amount,
    fee_merchant: transaction.feeMerchant,
    fee_customer: transaction.feeCustomer,
    total_fee: transaction.feeMerchant + transaction.feeCustomer,
    amount_received: amountReceived(transaction),
    pay_code: payCode,
    pay_url: redirect ? `${publicUrl}/checkout/${reference}` : null,
    checkout_url: `${publicUrl}/checkout/${reference}`,
    status: transaction.status,
  };
}

/** The answer of `transaction/create` ("Closed Payment > Request Transaksi"). */
export function createdRow(transaction: Transaction, publicUrl: string): Row {
  const { reference, channel, payCode, amount, qrString } = transaction;
  return {
    ...common(transaction, publicUrl),
    expired_time: transaction.expiresAt,
    order_items: ownOf(transaction).items,
    instructions: instructionsFor(channel, { payCode, amount }),
    qr_string: qrString,
    qr_url: qrString === null ? null : `${publicUrl}/qr/${reference}`,
  };
}

/** The answer of `transaction/detail`. */
export function detailRow(transaction: Transaction, publicUrl: string): Row {
  return {
    ...createdRow(transaction, publicUrl),
    paid_at: transaction.paidAt === null ? null : String(transaction.paidAt),
  };
}

/** A row of `merchant/transactions`; a pay code is sent as a number if it fits. */
export function listRow(transaction: Transaction, publicUrl: string): Row {
  const { payCode } = transaction;
  const asNumber = payCode === null ? null : Number(payCode);
  return {
    ...common(transaction, publicUrl),
    pay_code:
      asNumber !== null && String(asNumber) === payCode && Number.isSafeInteger(asNumber)
        ? asNumber
        : payCode,
    order_items: ownOf(transaction).items,
    note: ownOf(transaction).note,
    created_at: transaction.createdAt,
    expired_at: transaction.expiresAt,
    paid_at: transaction.paidAt,
  };
}

/** The body of a callback ("Callback"). */
export function callbackBody(transaction: Transaction): Row {
  const { feeMerchant, feeCustomer } = transaction;
  return {
    reference: transaction.reference,
    merchant_ref: transaction.merchantRef,
    payment_method: nameOf(transaction),
    payment_method_code: transaction.channel,
    total_amount: transaction.amount,
    fee_merchant: feeMerchant,
    fee_customer: feeCustomer,
    total_fee: feeMerchant + feeCustomer,
    amount_received: amountReceived(transaction),
    is_closed_payment: 1,
    status: transaction.status,
    paid_at: transaction.paidAt,
    note: ownOf(transaction).note,
  };
}

const percentNumber = (basisPoints: number) => basisPoints / 100;
const percentText = (basisPoints: number) => (basisPoints / 100).toFixed(2);
const feeParts = ({ flat, basisPoints }: Fee) => ({ flat, percent: percentNumber(basisPoints) });

/** A row of `merchant/payment-channel`. */
export function channelRow(channel: Channel, feePayer: "merchant" | "customer", publicUrl: string): Row {
  const { fee, amount } = channel;
  const none = { flat: 0, percent: 0 };
  return {
    group: channel.group,
    code: channel.code,
    name: channel.name,
    type: channel.type,
    fee_merchant: feePayer === "merchant" ? feeParts(fee) : none,
    fee_customer: feePayer === "customer" ? feeParts(fee) : none,
    total_fee: { flat: fee.flat, percent: percentText(fee.basisPoints) },
    minimum_fee: fee.least,
    maximum_fee: null,
    minimum_amount: amount.least,
    maximum_amount: amount.most,
    icon_url: `${publicUrl}/icon.svg`,
    active: true,
  };
}

/** A row of `merchant/fee-calculator`; `fee` in whole rupiah. */
export function feeRow(channel: Channel, fee: number, feePayer: "merchant" | "customer"): Row {
  return {
    code: channel.code,
    name: channel.name,
    fee: {
      flat: channel.fee.flat,
      percent: percentText(channel.fee.basisPoints),
      min: channel.fee.least,
      max: null,
    },
    total_fee: { merchant: feePayer === "merchant" ? fee : 0, customer: feePayer === "customer" ? fee : 0 },
  };
}
