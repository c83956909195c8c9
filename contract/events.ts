import { Type, type Static, type TObject, type TProperties } from "typebox";
import { IdSchema, Nullable } from "./schemas/common.ts";

/**
 * Amounts in events are minor units as text, because JSON numbers lose digits. The field `currency` next to
 * them names their currency.
 */
const Minor = Type.String({ pattern: "^-?[0-9]{1,19}$", description: "minor units" });
const Text = Type.String();
const Count = Type.Integer();
/** A business day at the outlet, `YYYY-MM-DD`. */
const Day = Type.String({ description: "YYYY-MM-DD, the outlet's business day" });
const Hour = Type.Integer({ minimum: 0, maximum: 23, description: "the outlet's local hour" });
const sum = { amount: Minor, currency: Text };

/** The outlet, if it happened at a till; without one the event belongs to the whole merchant. */
const atOutlet = { outlet_id: Type.Optional(IdSchema) };

const payment = { order_id: Text, state: Text, ...sum, method: Text, provider: Text, ...atOutlet };
const refund = {
  refund_id: IdSchema,
  payment_id: Nullable(IdSchema),
  order_id: Nullable(Text),
  ...sum,
  state: Text,
};
const dispute = { order_id: Text, dispute_id: IdSchema, state: Text, ...sum, provider: Text, ...atOutlet };
const verification = { order_id: Text, ...sum, provider: Text, ...atOutlet };
const operation = { operation_id: IdSchema, ...sum };
const settlementCase = { case_id: IdSchema, provider: Text, kind: Text };
const line = Type.Object({ product_id: IdSchema, name: Text, quantity: Count, amount: Minor });

type Described<P extends TProperties> = { readonly about: string; readonly payload: TObject<P> };
const event = <P extends TProperties>(about: string, payload: P): Described<P> => ({
  about,
  payload: Type.Object(payload),
});

/**
 * All events with their descriptions and payloads. An event commits in the transaction of the change that it
 * announces.
 */
export const EVENTS = {
  "payment.created": event("A payment is written down; its provider has not answered yet.", payment),
  "payment.pending": event("The provider waits for the payer.", payment),
  "payment.unknown": event(
    "The provider did not answer clearly; it is inquired of, never charged again.",
    payment,
  ),
  "payment.succeeded": event("A payment is paid and booked.", payment),
  "payment.expired": event("The payer's time is over.", payment),
  "payment.failed": event("The provider refused the payment.", payment),
  "payment.cancelled": event("A payment was given up; money that comes anyway goes to suspense.", payment),
  "payment.verified": event("A statement or a person showed a payment to a printed code.", verification),
  "payment.lost": event(
    "Nothing showed a payment to a printed code in time; it is written off.",
    verification,
  ),
  "payment.disputed": event("The payer's bank or the provider took a payment back.", dispute),
  "payment.dispute_won": event("A dispute ended in the merchant's favour.", dispute),
  "payment.dispute_lost": event("A dispute ended against the merchant.", dispute),

  "refund.created": event("A refund is written down; its provider has not been told yet.", refund),
  "refund.pending": event("The provider accepted the refund and is working on it.", refund),
  "refund.unknown": event("The provider did not answer clearly; it is inquired of.", refund),
  "refund.manual": event("A person must give the money back and confirm it.", refund),
  "refund.succeeded": event("The money is given back and booked.", refund),
  "refund.failed": event("The refund was given up; the sum may be refunded again.", refund),

  "case.opened": event("Money that matches no payment is in suspense.", {
    reason: Text,
    reference: Text,
    ...atOutlet,
  }),
  "case.applied": event("Money in suspense was taken as a payment of an order.", {
    order_id: Text,
    ...atOutlet,
  }),

  "sale.paid": event("A sale is complete.", {
    sale_id: IdSchema,
    outlet_id: IdSchema,
    receipt_number: Text,
    business_date: Day,
    hour: Hour,
    method: Text,
    currency: Text,
    gross: Minor,
    tax: Minor,
    lines: Type.Array(line),
    oversold: Type.Array(
      Type.Object(
        { product_id: IdSchema, on_hand: Count },
        { description: "counted products that are below zero now" },
      ),
    ),
  }),
  "sale.expired": event("The last payment of a sale expired.", { sale_id: IdSchema, outlet_id: IdSchema }),
  "sale.cancelled": event("A sale was given up before it was paid.", {
    sale_id: IdSchema,
    outlet_id: IdSchema,
  }),
  "sale.returned": event("Lines of a sale, or all of it, were taken back at the till.", {
    sale_id: IdSchema,
    return_id: IdSchema,
    outlet_id: IdSchema,
    kind: Type.Union([Type.Literal("refund"), Type.Literal("void")]),
    sold_hour: Hour,
    sold_method: Text,
    business_date: Day,
    ...sum,
    note: Text,
    restock: Type.Boolean(),
    returned_by: IdSchema,
    approved_by: Nullable(IdSchema),
    lines: Type.Array(line),
  }),
  "sale.refunded": event("A sale's money, or a part of it, was given back.", {
    sale_id: IdSchema,
    outlet_id: IdSchema,
    refund_id: IdSchema,
    return_id: Nullable(IdSchema),
    business_date: Day,
    hour: Hour,
    method: Text,
    ...sum,
    gross: Minor,
    tax: Minor,
  }),

  "sale.void_failed": event(
    "The refund of a void was given up: its money stays, and the sale counts again.",
    {
      sale_id: IdSchema,
      return_id: IdSchema,
      outlet_id: IdSchema,
      business_date: Day,
      sold_hour: Hour,
      sold_method: Text,
    },
  ),

  "product.added": event("Products were added.", { product_ids: Type.Array(IdSchema) }),
  "product.changed": event("A product was changed.", {
    product_id: IdSchema,
    changed_by: IdSchema,
    approved_by: Nullable(IdSchema),
    price_before: Type.Optional(Minor),
    price_after: Type.Optional(Minor),
  }),

  "stock.changed": event("Stock was changed by hand. What a sale moves is announced with the sale.", {
    outlet_id: IdSchema,
    product_ids: Type.Array(IdSchema),
  }),

  "outlet.added": event("An outlet was added.", { outlet_id: IdSchema, name: Text, by: IdSchema }),
  "outlet.changed": event("An outlet's settings were changed.", {
    outlet_id: IdSchema,
    fields: Type.Array(Text),
    by: IdSchema,
  }),
  "outlet.static_qris_set": event("An outlet's printed QRIS was set.", {
    outlet_id: IdSchema,
    nmid: Nullable(Text),
    merchant_name: Text,
    set_by: IdSchema,
  }),
  "outlet.static_qris_removed": event("An outlet's printed QRIS was removed.", {
    outlet_id: IdSchema,
    removed_by: IdSchema,
  }),

  "device.revoked": event("A till was shut out; its sessions and streams end.", {
    device_id: IdSchema,
    outlet_id: IdSchema,
    reason: Text,
    by: IdSchema,
  }),
  "staff_session.ended": event("A staff session ended; its streams end.", { session_id: IdSchema }),

  "wallet.account_opened": event("A user's account was opened.", { account_id: IdSchema, currency: Text }),
  "wallet.account_status": event("A user's account was suspended, activated or closed.", {
    account_id: IdSchema,
    status: Text,
    by: Text,
  }),
  "wallet.topped_up": event("A top-up is credited.", operation),
  "wallet.topup_waiting": event("A top-up is paid; its account is not active, so the money waits.", {
    operation_id: IdSchema,
  }),
  "wallet.topup_ended": event("A top-up ended without money.", { operation_id: IdSchema, step: Text }),
  "wallet.paid": event("A user paid.", { ...operation, order_id: Type.Optional(Text) }),
  "wallet.transferred": event("A user sent money to another user.", operation),
  "wallet.refunded": event("A payment was given back to a user's account.", {
    ...operation,
    original_id: IdSchema,
  }),
  "wallet.held": event("A sum of a user's account is reserved.", operation),
  "wallet.captured": event("A reserved sum, or a part of it, was taken.", { ...operation, final: Text }),
  "wallet.released": event("A reserved sum is free again.", { operation_id: IdSchema, state: Text }),
  "wallet.withdrawal_requested": event("A user asked for a withdrawal; its sum is reserved.", operation),
  "wallet.withdrawal_approved": event("An operator approved a withdrawal.", { operation_id: IdSchema }),
  "wallet.withdrawal_paid": event("A withdrawal was paid out at the bank.", operation),
  "wallet.withdrawal_ended": event("A withdrawal ended without money.", {
    operation_id: IdSchema,
    step: Text,
  }),

  "statement.imported": event("A provider's statement was imported.", {
    statement_id: IdSchema,
    provider: Text,
    rows: Count,
    gross: Minor,
    fee: Minor,
    net: Minor,
    currency: Text,
    cases: Count,
    mdr_differing: Type.Integer({ description: "rows whose fee is not the QRIS MDR" }),
  }),
  "statement.settled": event("Nothing of a statement is open any more.", {
    statement_id: IdSchema,
    provider: Text,
  }),
  "settlement_case.opened": event("A statement and the books differ.", settlementCase),
  "settlement_case.arrived": event("What a settlement case missed has arrived.", {
    ...settlementCase,
    state: Text,
  }),
  "settlement_case.decided": event("A person decided a settlement case.", { ...settlementCase, state: Text }),

  "endpoint.disabled": event("A webhook endpoint failed for too long and was switched off.", {
    endpoint_id: IdSchema,
    reason: Text,
  }),

  "ledger.posted": event("Transfers were posted. The database announces it itself.", {
    transfers: Type.Array(IdSchema),
  }),
} as const;

/** An event for the audit trail; its topic is `audit.` and the action. */
export const AuditEventSchema = Type.Object({
  actor: Text,
  device_id: Nullable(IdSchema),
  outlet_id: Nullable(IdSchema),
  address: Nullable(Text),
  request_id: Nullable(Text),
  count: Count,
  before: Nullable(Type.Record(Type.String(), Type.Unknown())),
  after: Nullable(Type.Record(Type.String(), Type.Unknown())),
});

export type DomainTopic = keyof typeof EVENTS;
export type AuditTopic = `audit.${string}`;
export type Topic = DomainTopic | AuditTopic;
export type EventPayload<T extends Topic> = T extends DomainTopic
  ? Static<(typeof EVENTS)[T]["payload"]>
  : Static<typeof AuditEventSchema>;
