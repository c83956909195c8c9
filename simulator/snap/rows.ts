import { refundedSum, type Refund, type Status, type Transaction } from "../transaction.ts";
import { stamp } from "./signature.ts";

type Row = Record<string, unknown>;

/** `latestTransactionStatus`: 00 to 06 are the standard's, 08 is Midtrans'. */
const statuses: Readonly<Record<Status, readonly [code: string, says: string]>> = {
  UNPAID: ["01", "Initiated"],
  PAID: ["00", "Success"],
  EXPIRED: ["08", "Expired"],
  FAILED: ["06", "Failed"],
  CANCELLED: ["05", "Canceled"],
  REFUND: ["04", "Refunded"],
};

export function amountRow(whole: number): Row {
  return { value: `${whole}.00`, currency: "IDR" };
}

/** Service 47. */
export function generatedRow({ reference, merchantRef, qrString, own }: Transaction, publicUrl: string): Row {
  return {
    referenceNo: reference,
    partnerReferenceNo: merchantRef,
    qrContent: qrString,
    qrUrl: `${publicUrl}/qr/${reference}`,
    merchantName: "KOPI SENJA DEMO",
    ...(own["terminalId"] === null ? {} : { terminalId: own["terminalId"] }),
  };
}

/** Service 51; it repeats neither the code nor its expiry. */
export function queriedRow(transaction: Transaction): Row {
  const { reference, merchantRef, status, amount, paidAt, refunds } = transaction;
  const [code, says] = statuses[status];
  return {
    originalReferenceNo: reference,
    originalPartnerReferenceNo: merchantRef,
    serviceCode: "47",
    latestTransactionStatus: code,
    transactionStatusDesc: says,
    ...(paidAt === null ? {} : { paidTime: stamp(paidAt * 1_000) }),
    amount: amountRow(amount),
    ...(refunds.length === 0 ? {} : { additionalInfo: { refundHistory: refunds.map(historyRow) } }),
  };
}

function historyRow({ id, key, amount, at, reason }: Refund): Row {
  return {
    refundNo: id,
    partnerReferenceNo: key,
    refundAmount: amountRow(amount),
    refundStatus: "00",
    refundDate: stamp(at * 1_000),
    reason,
  };
}

/** Service 78. */
export function refundedRow({ reference, merchantRef }: Transaction, { id, key, amount, at }: Refund): Row {
  return {
    originalReferenceNo: reference,
    originalPartnerReferenceNo: merchantRef,
    refundNo: id,
    partnerRefundNo: key,
    refundAmount: amountRow(amount),
    refundTime: stamp(at * 1_000),
  };
}

/** Service 52, sent by the bank. */
export function notifyRow({ reference, merchantRef, status, amount }: Transaction): Row {
  const [code, says] = statuses[status];
  return {
    originalReferenceNo: reference,
    originalPartnerReferenceNo: merchantRef,
    latestTransactionStatus: code,
    transactionStatusDesc: says,
    customerNumber: "6281234567890",
    accountType: "tabungan",
    destinationAccountName: "KOPI SENJA DEMO",
    amount: amountRow(amount),
    bankCode: "999",
    additionalInfo: {
      qris: { issuerName: "Simulator", acquirerName: "Simulator", transactionType: "ON-US" },
    },
  };
}

/** Whether a state is notified. Cancellations and partial refunds are not: the merchant has their answer. */
export function isTold({ status, refunds }: Transaction): boolean {
  return status !== "UNPAID" && status !== "CANCELLED" && !(status === "PAID" && refundedSum(refunds) > 0);
}
