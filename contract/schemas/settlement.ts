import { Type, type Static } from "typebox";
import { IdSchema, MoneySchema, Nullable, TimeSchema, WELL_FORMED, WRITABLE } from "./common.ts";

const Day = Type.String({ pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", examples: ["2026-11-20"] });
const Headers = Type.Array(Type.String({ minLength: 1, maxLength: 100 }), {
  maxItems: 20,
  description: "accepted names of the column; case, spaces and _ are ignored",
});

const columns = {
  reference: Headers,
  merchant_ref: Headers,
  kind: Headers,
  gross: Headers,
  fee: Headers,
  payer_fee: Headers,
  net: Headers,
  paid: Headers,
  settled: Headers,
  currency: Headers,
};
const Sign = Type.Enum(["plus", "minus"]);
const Kinds = Type.Record(Type.String(), Type.Enum(["payment", "refund", "adjustment", "skip"]), {
  description: "a value of the column, in lower case → the kind of the row",
});
const Decimal = Type.Enum([".", ",", "either"], {
  description: "the decimal separator; the other one separates thousands",
});
const Dates = Type.Array(
  Type.Enum(["YYYY-MM-DD", "DD/MM/YYYY", "DD-MM-YYYY", "DD.MM.YYYY", "MM/DD/YYYY", "DD MMM YYYY", "unix"]),
  { minItems: 1, maxItems: 7, description: "tried in this order; a time may follow" },
);
const Zone = Type.String({ maxLength: 40, examples: ["Asia/Jakarta"] });

/** The layout of a provider's file. */
export const LayoutSchema = Type.Object({
  columns: Type.Partial(Type.Object(columns)),
  decimal: Decimal,
  dates: Dates,
  signs: Type.Object(
    { fee: Sign, refund: Sign },
    { description: "whether fees and refunds are positive or negative in the file" },
  ),
  kinds: Kinds,
  time_zone: Zone,
});
export type LayoutBody = Static<typeof LayoutSchema>;

/** Changes to a layout for one import. */
export const MappingSchema = Type.Partial(
  Type.Object(
    {
      columns: Type.Partial(Type.Object(columns, { additionalProperties: false }), {
        additionalProperties: false,
      }),
      decimal: Decimal,
      dates: Dates,
      signs: Type.Partial(Type.Object({ fee: Sign, refund: Sign }, { additionalProperties: false }), {
        additionalProperties: false,
      }),
      kinds: Kinds,
      time_zone: Zone,
    },
    { additionalProperties: false },
  ),
  { additionalProperties: false },
);
export type MappingBody = Static<typeof MappingSchema>;

const Reference = Nullable(Type.String());
const Over = Type.String({
  description: "decimal text: the statement's amount minus the books'",
  examples: ["-250.00"],
});
const OutcomeSchema = Type.Enum([
  "matched",
  "missing_here",
  "amount_differs",
  "fee_differs",
  "day_differs",
  "doubled",
]);
const DocumentKindSchema = Nullable(Type.Enum(["payment", "suspense", "refund", "dispute"]));

/** A statement with the totals of all rows; `by_outcome` adds up to the same totals. */
export const StatementSchema = Type.Object({
  id: IdSchema,
  provider: Type.String(),
  name: Type.String(),
  sha256: Type.String({ description: "of the file, hexadecimal" }),
  layout: Type.String({ description: "ends with + if a mapping was given" }),
  period_from: Day,
  period_to: Day,
  rows: Type.Integer(),
  skipped: Type.Integer({ description: "rows without money: unpaid, expired" }),
  gross: MoneySchema,
  fee: MoneySchema,
  net: MoneySchema,
  mdr: Type.Array(
    Type.Object({
      class: Type.String({
        description: "UMI, UKE, UME, UBE, URE, PSO, BLU from the QRIS code; EDU and SOC from its category",
      }),
      basis_points: Type.Integer({
        description: "due by class, amount and day, in hundredths of a percent: 30 is 0.3 %",
      }),
      rows: Type.Integer(),
      differing: Type.Integer({ description: "rows whose fee differs by a rupiah or more from the rate" }),
      gross: MoneySchema,
      fee: MoneySchema,
      expected: MoneySchema,
      over: MoneySchema,
    }),
    { description: "fees of QRIS payments, compared with the merchant discount rate" },
  ),
  state: Type.Enum(["open", "settled"]),
  imported_at: TimeSchema,
  by_outcome: Type.Array(
    Type.Object({
      outcome: OutcomeSchema,
      rows: Type.Integer(),
      gross: MoneySchema,
      fee: MoneySchema,
      net: MoneySchema,
    }),
  ),
});
export type StatementBody = Static<typeof StatementSchema>;

export const StatementRowSchema = Type.Object({
  id: IdSchema,
  line: Type.Integer({ description: "in the file" }),
  kind: Type.Enum(["payment", "refund", "adjustment"]),
  reference: Reference,
  merchant_ref: Reference,
  gross: Type.String(),
  fee: Type.String(),
  net: Type.String(),
  paid_day: Day,
  paid_time: Nullable(Type.String()),
  settled_day: Nullable(Day),
  outcome: OutcomeSchema,
  document_kind: DocumentKindSchema,
  document_id: Nullable(IdSchema),
  case_id: Nullable(IdSchema),
  raw: Type.Record(Type.String(), Type.String()),
});
export type StatementRowBody = Static<typeof StatementRowSchema>;

export const CaseStateSchema = Type.Enum([
  "open",
  "applied",
  "written_off",
  "refund_due",
  "refunded",
  "ignored",
  "arrived",
  "verified",
]);
export const CaseActionSchema = Type.Enum([
  "apply",
  "write_off",
  "refund_later",
  "refunded",
  "ignore",
  "verify",
]);

/** A difference between a statement and the books, the possible actions, and the decisions made. */
export const SettlementCaseSchema = Type.Object({
  id: IdSchema,
  provider: Type.String(),
  kind: Type.Enum([
    "missing_here",
    "missing_there",
    "amount_differs",
    "fee_differs",
    "day_differs",
    "doubled",
    "unverified",
  ]),
  state: CaseStateSchema,
  statement_id: Nullable(IdSchema),
  line: Nullable(Type.Integer()),
  reference: Reference,
  document_kind: DocumentKindSchema,
  document_id: Nullable(IdSchema),
  payment_id: Nullable(IdSchema),
  currency: Type.String(),
  gross_over: Over,
  fee_over: Over,
  net_over: Over,
  actions: Type.Array(CaseActionSchema),
  fits: Type.Array(Type.String(), {
    description:
      "orders whose payment by the printed code may be this row; if there are several, a person decides",
  }),
  opened_at: TimeSchema,
  decisions: Type.Array(
    Type.Object({
      action: Type.String(),
      by: Nullable(Type.String()),
      reason: Type.String(),
      order_id: Nullable(Type.String()),
      at: TimeSchema,
    }),
  ),
});
export type SettlementCaseBody = Static<typeof SettlementCaseSchema>;

/** `GET /api/v1/settlement/cases`: `suspense` is money that payments hold, settled at `/api/v1/cases`. */
export const SettlementCasesSchema = Type.Object({
  cases: Type.Array(SettlementCaseSchema),
  suspense: Type.Array(
    Type.Object({
      id: IdSchema,
      provider: Type.String(),
      reference: Type.String(),
      payment_id: Nullable(IdSchema),
      reason: Type.String(),
      amount: MoneySchema,
      state: Type.String(),
      opened_at: TimeSchema,
    }),
  ),
});

/** `POST /api/v1/settlement/cases/{id}/decisions`. */
export const CaseDecisionSchema = Type.Object(
  {
    action: CaseActionSchema,
    reason: Type.String({
      minLength: 3,
      maxLength: 300,
      pattern: WRITABLE,
      format: WELL_FORMED,
      description: "kept with who decided",
    }),
    order_id: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        pattern: WRITABLE,
        format: WELL_FORMED,
        description: "the order to apply the money to, if it is not the row's own payment",
      }),
    ),
    reference: Type.Optional(
      Type.String({ maxLength: 80, description: "what proves the payment; `verify` needs it" }),
    ),
  },
  { additionalProperties: false },
);

/**
 * A business day across till, payments, statements and ledger by provider and method, with the documents that
 * differ.
 */
export const DaySchema = Type.Object({
  date: Day,
  merchant: Type.Object({ id: IdSchema, name: Type.String() }),
  currency: Type.String(),
  holds: Type.Boolean(),
  lines: Type.Array(
    Type.Object({
      provider: Type.String(),
      method: Type.String(),
      till: Type.String({ description: "tendered according to the sales" }),
      gateway: Type.String({ description: "paid for orders that are not sales" }),
      payments: Type.String(),
      ledger: Type.String(),
      statements: Nullable(
        Type.String({ description: "null: no statement covers this day, or none is expected (cash)" }),
      ),
    }),
  ),
  breaks: Type.Array(
    Type.Object({
      document: Type.Enum(["sale", "payment", "suspense", "refund", "dispute", "statement_row", "transfer"]),
      id: Type.String(),
      shown: Type.String(),
      provider: Type.String(),
      method: Type.String(),
      rule: Type.String(),
      detail: Type.String(),
    }),
  ),
  notes: Type.Array(Type.String()),
});
export type DayBody = Static<typeof DaySchema>;

/**
 * `GET /api/v1/settlement/unverified`: payments by a printed code that no statement has confirmed yet, oldest
 * first.
 */
export const UnverifiedSchema = Type.Object({
  count: Type.Integer(),
  total: MoneySchema,
  payments: Type.Array(
    Type.Object({
      payment_id: IdSchema,
      order_id: Type.String(),
      outlet_id: IdSchema,
      receipt_number: Nullable(Type.String()),
      amount: MoneySchema,
      reference: Reference,
      confirmed_by: Type.String(),
      confirmed_at: TimeSchema,
      due: Day,
      case_id: Nullable(IdSchema),
    }),
  ),
});
export type UnverifiedBody = Static<typeof UnverifiedSchema>;
