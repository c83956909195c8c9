import {
  isRefusal,
  MappingSchema,
  refuse,
  type LayoutBody,
  type MappingBody,
  type Refusal,
} from "@onegate/contract";
import { Value } from "typebox/value";

/** The layout of a provider's file, as data. The API uses the same form. */
export type Layout = LayoutBody;
/** The fields that a column may hold. */
export type Field = keyof Layout["columns"];

/** Our own layout: one header per field, ISO dates, plain or grouped decimals. */
const plain: Layout = {
  columns: {
    reference: ["reference"],
    merchant_ref: ["merchant_ref"],
    kind: ["kind"],
    gross: ["gross"],
    fee: ["fee"],
    payer_fee: ["payer_fee"],
    net: ["net"],
    paid: ["paid_at", "paid_day"],
    settled: ["settled_at", "settled_day"],
    currency: ["currency"],
  },
  decimal: "either",
  dates: ["YYYY-MM-DD", "unix"],
  signs: { fee: "plus", refund: "minus" },
  kinds: { payment: "payment", refund: "refund", adjustment: "adjustment" },
  time_zone: "Asia/Jakarta",
};

/**
 * The layouts that come with Onegate. Neither Tripay nor Midtrans publishes the layout of its export, so
 * these are assumptions. Tripay's headers are assumed to be the fields of its API (`amount` including the
 * customer's fee, `fee_merchant`, `amount_received`, `status`, `paid_at`) or their Indonesian names.
 * Midtrans's are assumed to be those of its notification (`order_id`, `transaction_id`, `gross_amount`,
 * `transaction_status`, `settlement_time`), plus a fee and a net amount. Both are in the time zone of
 * Jakarta. Where a file differs, the mapping given with it overrides the layout field by field, without a
 * change here.
 */
export const layouts: Readonly<Record<string, Layout>> = {
  plain,
  tripay: {
    columns: {
      reference: ["reference", "referensi", "no. referensi", "nomor referensi"],
      merchant_ref: ["merchant_ref", "merchant reference", "ref merchant", "nomor invoice"],
      kind: ["status"],
      gross: ["amount", "total_amount", "jumlah", "jumlah pembayaran"],
      fee: ["fee_merchant", "biaya merchant"],
      payer_fee: ["fee_customer", "biaya pelanggan"],
      net: ["amount_received", "jumlah diterima", "diterima"],
      paid: ["paid_at", "tanggal bayar", "waktu pembayaran"],
      settled: ["settled_at", "tanggal settlement", "tanggal pencairan"],
    },
    decimal: "either",
    dates: ["YYYY-MM-DD", "DD/MM/YYYY", "DD-MM-YYYY", "DD MMM YYYY", "unix"],
    signs: { fee: "plus", refund: "plus" },
    kinds: {
      paid: "payment",
      dibayar: "payment",
      lunas: "payment",
      refund: "refund",
      unpaid: "skip",
      expired: "skip",
      failed: "skip",
    },
    time_zone: "Asia/Jakarta",
  },
  midtrans: {
    columns: {
      reference: ["transaction_id"],
      merchant_ref: ["order_id"],
      kind: ["transaction_status", "status"],
      gross: ["gross_amount", "amount"],
      fee: ["fee", "total_fee", "mdr"],
      net: ["net_amount", "settlement_amount"],
      paid: ["transaction_time", "payment_time"],
      settled: ["settlement_time", "settlement_date"],
      currency: ["currency"],
    },
    decimal: ".",
    dates: ["YYYY-MM-DD", "DD/MM/YYYY", "DD MMM YYYY"],
    signs: { fee: "plus", refund: "plus" },
    kinds: {
      settlement: "payment",
      capture: "payment",
      refund: "refund",
      partial_refund: "refund",
      chargeback: "refund",
      partial_chargeback: "refund",
      adjustment: "adjustment",
      authorize: "skip",
      pending: "skip",
      deny: "skip",
      cancel: "skip",
      expire: "skip",
      failure: "skip",
    },
    time_zone: "Asia/Jakarta",
  },
};

/**
 * The layout to read a file with: the named one, overridden field by field by the mapping. Refuses
 * `statement_layout_unknown`, `statement_mapping_invalid`.
 */
export function checkedToLayout(name: string, uncheckedMapping: string | undefined): Layout | Refusal {
  const base = Object.hasOwn(layouts, name) ? layouts[name] : undefined;
  if (!base) return refuse("statement_layout_unknown", { known: Object.keys(layouts).join(", ") });
  if (uncheckedMapping === undefined) return base;
  const mapping = checkedToMapping(uncheckedMapping);
  if (isRefusal(mapping)) return mapping;
  const layout: Layout = {
    ...base,
    ...mapping,
    columns: { ...base.columns, ...mapping.columns },
    signs: { ...base.signs, ...mapping.signs },
    kinds: { ...base.kinds, ...mapping.kinds },
  };
  return isZone(layout.time_zone) ? layout : refuse("statement_mapping_invalid", { field: "/time_zone" });
}

/**
 * A NUL or half a surrogate pair, as JSON escapes them. PostgreSQL can't store either, and the mapping is
 * stored with its statement.
 */
const UNKEEPABLE = /\\u(?:0000|d[89a-f])/i;

function checkedToMapping(unchecked: string): MappingBody | Refusal {
  let mapping: unknown;
  try {
    mapping = JSON.parse(unchecked);
  } catch {
    return refuse("statement_mapping_invalid", { field: "/" });
  }
  if (Value.Check(MappingSchema, mapping))
    return UNKEEPABLE.test(JSON.stringify(mapping))
      ? refuse("statement_mapping_invalid", { field: "/" })
      : mapping;
  const [first] = Value.Errors(MappingSchema, mapping);
  return refuse("statement_mapping_invalid", { field: first?.instancePath || "/" });
}

/**
 * Accepts time zones by name only: PostgreSQL and JavaScript read the sign of an offset such as +07:00 in
 * opposite ways.
 */
function isZone(timeZone: string): boolean {
  if (!/^[A-Za-z]/.test(timeZone)) return false;
  try {
    return new Intl.DateTimeFormat("sv-SE", { timeZone }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
