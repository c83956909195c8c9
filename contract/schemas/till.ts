import { Type, type Static } from "typebox";
import {
  IdSchema,
  MoneyInSchema,
  MoneySchema,
  Nullable,
  TimeSchema,
  WELL_FORMED,
  WRITABLE,
} from "./common.ts";

export const RoleSchema = Type.Union([
  Type.Literal("owner"),
  Type.Literal("manager"),
  Type.Literal("cashier"),
  Type.Literal("custom"),
]);

export const StaffSchema = Type.Object({
  id: IdSchema,
  name: Type.String(),
  role: RoleSchema,
  role_name: Nullable(Type.String({ description: "of a custom role" })),
});
export type StaffBody = Static<typeof StaffSchema>;

/** `GET /api/v1/till/shop`: the data of the locked screen. */
export const ShopSchema = Type.Object({
  mode: Type.Union([Type.Literal("sandbox"), Type.Literal("production")]),
  merchant: Type.Object({ id: IdSchema, name: Type.String() }),
  logo: Nullable(Type.String({ description: "path of the shop's logo" })),
  outlet: Type.Object({
    id: IdSchema,
    name: Type.String(),
    address: Type.String(),
    phone: Type.String(),
    time_zone: Type.String({ examples: ["Asia/Jakarta"] }),
    receipt_header: Type.String(),
    receipt_footer: Type.String(),
  }),
  currency: Type.String(),
  tax: Nullable(
    Type.Object({
      name: Type.String(),
      rate_basis_points: Type.Integer(),
      base_numerator: Type.Integer(),
      base_denominator: Type.Integer(),
      included: Type.Boolean(),
    }),
  ),
  cash_rounding: Type.Object({
    unit: Type.Integer({ description: "minor units; 0 is none" }),
    direction: Type.Union([Type.Literal("down"), Type.Literal("nearest"), Type.Literal("up")]),
  }),
  static_qris: Nullable(
    Type.Object(
      { payload: Type.String(), merchant_name: Type.String() },
      { description: "the outlet's printed code, for when no provider can be reached" },
    ),
  ),
  staff: Type.Array(StaffSchema),
  approvers: Type.Array(IdSchema, {
    description: "staff who may approve requests of others, each for the rights that they have themselves",
  }),
});
export type ShopBody = Static<typeof ShopSchema>;

/** `POST /api/v1/till/unlock`. */
export const UnlockSchema = Type.Object(
  { staff_id: IdSchema, pin: Type.String({ pattern: "^[0-9]{6}$" }) },
  { additionalProperties: false },
);
export const SessionSchema = Type.Object({
  token: Type.String({ description: "Send as `Authorization: Bearer …`" }),
  expires_at: TimeSchema,
  staff: StaffSchema,
  rights: Type.Array(Type.String(), { description: "what this session may do" }),
  must_change_pin: Type.Boolean({ description: "this session can only set another PIN" }),
});
export type SessionBody = Static<typeof SessionSchema>;

/** Actions that staff without the right can do with a second person's approval. */
export const APPROVABLE = [
  "sale.refund",
  "sale.void",
  "sale.discount",
  "price.change",
  "drawer.open",
  "day.reopen",
] as const;
export type ApprovableAction = (typeof APPROVABLE)[number];

/**
 * `POST /api/v1/till/approvals`. The approved request sends the id in the header `Onegate-Approval`; it works
 * once.
 */
export const NewApprovalSchema = Type.Object(
  {
    action: Type.Enum(APPROVABLE),
    subject: Type.String({
      minLength: 1,
      maxLength: 64,
      description: "id of the sale, the product, or (drawer.open) the outlet",
    }),
    amount: Type.Optional(MoneyInSchema),
    approver_id: IdSchema,
    pin: Type.String({ pattern: "^[0-9]{6}$", description: "the approver's" }),
    reason: Type.Optional(Type.String({ maxLength: 200, pattern: WRITABLE, format: WELL_FORMED })),
  },
  { additionalProperties: false },
);
export type NewApprovalBody = Static<typeof NewApprovalSchema>;
export const ApprovalSchema = Type.Object({
  id: IdSchema,
  expires_at: TimeSchema,
  approver: Type.Object({ id: IdSchema, name: Type.String() }),
});
export type ApprovalBody = Static<typeof ApprovalSchema>;

/** `GET /api/v1/till/catalogue`. */
export const CatalogueSchema = Type.Object({
  categories: Type.Array(Type.Object({ id: IdSchema, name: Type.String() })),
  products: Type.Array(
    Type.Object({
      id: IdSchema,
      name: Type.String(),
      category_id: IdSchema,
      price: MoneySchema,
      barcode: Nullable(
        Type.String({
          description: "GTIN of 8, 13 or 14 digits; the 12 digits of a UPC-A have a leading zero",
        }),
      ),
      picture: Nullable(Type.String({ description: "path below the till, such as /pictures/latte.svg" })),
      favourite: Type.Boolean(),
      stock: Type.Union([Type.Integer(), Type.Null()], {
        description: "pieces on hand at this outlet; may be negative; null: never counted",
      }),
    }),
  ),
});
export type CatalogueBody = Static<typeof CatalogueSchema>;

/** `POST /api/v1/products`. */
export const NewProductSchema = Type.Object(
  {
    name: Type.String({ maxLength: 200 }),
    price: MoneyInSchema,
    category: Type.Optional(
      Type.String({ maxLength: 120, description: "its name; created if there is none" }),
    ),
    barcode: Type.Optional(
      Nullable(Type.String({ maxLength: 30, description: "GTIN of 8, 12, 13 or 14 digits" })),
    ),
    favourite: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);
export type NewProductBody = Static<typeof NewProductSchema>;
/** `PATCH /api/v1/products/{id}`: fields that are not sent stay as they are. */
export const ProductChangeSchema = Type.Object(
  {
    name: Type.Optional(NewProductSchema.properties.name),
    price: Type.Optional(MoneyInSchema),
    category: NewProductSchema.properties.category,
    barcode: NewProductSchema.properties.barcode,
    favourite: Type.Optional(Type.Boolean()),
    active: Type.Optional(Type.Boolean({ description: "false: no longer sold" })),
  },
  { additionalProperties: false, minProperties: 1 },
);
export type ProductChangeBody = Static<typeof ProductChangeSchema>;
export const ProductSchema = Type.Object({
  id: IdSchema,
  name: Type.String(),
  category_id: IdSchema,
  price: MoneySchema,
  barcode: Nullable(Type.String()),
  picture: Nullable(Type.String()),
  favourite: Type.Boolean(),
  active: Type.Boolean(),
});
export type ProductBody = Static<typeof ProductSchema>;
export const PriceChangeSchema = Type.Object({
  id: IdSchema,
  before: MoneySchema,
  after: MoneySchema,
  changed_by: IdSchema,
  approved_by: Nullable(IdSchema),
  changed_at: TimeSchema,
});
export type PriceChangeBody = Static<typeof PriceChangeSchema>;

/** `POST /api/v1/till/sales`. The till makes the id, so a retry is the same sale. */
export const NewSaleSchema = Type.Object(
  {
    id: IdSchema,
    lines: Type.Array(
      Type.Object(
        {
          product_id: IdSchema,
          quantity: Type.Integer({ minimum: 1, maximum: 9999 }),
          unit_price: MoneyInSchema,
        },
        { additionalProperties: false },
      ),
      { maxItems: 500 },
    ),
    total: MoneyInSchema,
    tender: Type.Union([
      Type.Object({ method: Type.Literal("CASH"), tendered: MoneyInSchema }, { additionalProperties: false }),
      Type.Object({ method: Type.Literal("QRIS") }, { additionalProperties: false }),
      Type.Object(
        { method: Type.Literal("QRIS_STATIC") },
        {
          additionalProperties: false,
          description: "by the outlet's printed code; the sale waits for the cashier's confirmation",
        },
      ),
    ]),
  },
  { additionalProperties: false },
);
export type NewSaleBody = Static<typeof NewSaleSchema>;

export const TenderSchema = Type.Object({
  payment_id: IdSchema,
  method: Type.Union([Type.Literal("CASH"), Type.Literal("QRIS"), Type.Literal("QRIS_STATIC")]),
  state: Type.Enum(
    ["created", "pending", "unknown", "succeeded", "expired", "failed", "cancelled", "unverified", "lost"],
    {
      description:
        "`unknown`: the provider has not answered yet; the till keeps waiting and never reports a failure. " +
        "`unverified`: confirmed by the cashier, but by no statement yet. " +
        "`lost`: no statement confirmed it, and it was written off",
    },
  ),
  amount: MoneySchema,
  tendered: Nullable(MoneySchema),
  change: Nullable(MoneySchema),
  reference: Nullable(Type.String({ description: "the provider's reference" })),
  qr_string: Nullable(Type.String()),
  checkout_url: Nullable(Type.String()),
  expires_at: Nullable(TimeSchema),
});

/** A return of a sale at the till; its refunds show where the money is. */
export const ReturnSchema = Type.Object({
  id: IdSchema,
  kind: Type.Union([Type.Literal("refund"), Type.Literal("void")]),
  amount: MoneySchema,
  reason: Type.String(),
  restock: Type.Boolean(),
  business_date: Type.String(),
  returned_by: Type.String({ description: "name" }),
  approved_by: Nullable(Type.String({ description: "name" })),
  returned_at: TimeSchema,
  lines: Type.Array(Type.Object({ line_id: Type.Integer(), quantity: Type.Integer() })),
  refunds: Type.Array(
    Type.Object({
      method: TenderSchema.properties.method,
      amount: MoneySchema,
      state: Type.Enum(["created", "pending", "unknown", "manual", "succeeded", "failed"], {
        description:
          "`unknown`: the provider has not answered clearly; it is inquired, the refund is not sent again. " +
          "`manual`: a person gives the money back and confirms it",
      }),
    }),
  ),
});
export type ReturnBody = Static<typeof ReturnSchema>;

const ReturnLinesSchema = Type.Array(
  Type.Object(
    {
      line_id: Type.Integer({ minimum: 1, maximum: 32767 }),
      quantity: Type.Integer({ minimum: 1, maximum: 9999 }),
    },
    { additionalProperties: false },
  ),
  {
    minItems: 1,
    maxItems: 500,
    description: "default: all that is left",
  },
);
/**
 * `POST /api/v1/till/sales/{id}/refund/sum`: the amount that a refund of these lines would give back, for its
 * approval.
 */
export const ReturnSumSchema = Type.Object(
  { lines: Type.Optional(ReturnLinesSchema) },
  { additionalProperties: false },
);
/** `POST /api/v1/till/sales/{id}/refund`. The till makes the id, so a retry is the same refund. */
export const NewReturnSchema = Type.Object(
  {
    id: IdSchema,
    lines: Type.Optional(ReturnLinesSchema),
    reason: Type.String({ minLength: 1, maxLength: 200, pattern: WRITABLE, format: WELL_FORMED }),
    restock: Type.Boolean(),
  },
  { additionalProperties: false },
);
export type NewReturnBody = Static<typeof NewReturnSchema>;
/**
 * `POST /api/v1/till/sales/{id}/void`: voids the whole sale on its own business day and restocks the goods.
 * `POST /api/v1/till/drawer` takes the same body.
 */
export const NewVoidSchema = Type.Object(
  { id: IdSchema, reason: NewReturnSchema.properties.reason },
  { additionalProperties: false },
);
export type NewVoidBody = Static<typeof NewVoidSchema>;

export const SaleSchema = Type.Object({
  id: IdSchema,
  receipt_number: Nullable(
    Type.String({ description: "given when the sale is paid; never repeats within an outlet" }),
  ),
  state: Type.Union([
    Type.Literal("waiting"),
    Type.Literal("paid"),
    Type.Literal("cancelled"),
    Type.Literal("expired"),
  ]),
  staff_name: Type.String(),
  created_at: TimeSchema,
  paid_at: Nullable(TimeSchema),
  lines: Type.Array(
    Type.Object({
      line_id: Type.Integer({ description: "counts from 1 within the sale" }),
      product_id: IdSchema,
      name: Type.String(),
      quantity: Type.Integer(),
      returned: Type.Integer({ description: "how many of the quantity were returned" }),
      unit_price: MoneySchema,
      total: MoneySchema,
    }),
  ),
  subtotal: MoneySchema,
  tax: MoneySchema,
  total: MoneySchema,
  rounding: MoneySchema,
  disputed: Type.Boolean({
    description: "whether a provider took money of it back in a dispute that is not won",
  }),
  tenders: Type.Array(TenderSchema),
  stock_below_zero: Type.Array(
    Type.Object({ product_id: IdSchema, name: Type.String(), level: Type.Integer() }),
    { description: "products whose stock this sale brought below zero, with the level after it" },
  ),
  refunded: MoneySchema,
  returns: Type.Array(ReturnSchema),
});
export type SaleBody = Static<typeof SaleSchema>;

/** `POST /api/v1/till/sales/{id}/static-qris`: the cashier has seen the customer's proof of payment. */
export const ConfirmStaticSchema = Type.Object(
  {
    reference: Type.Optional(
      Type.String({ maxLength: 80, description: "RRN or the app's own number, from the customer's screen" }),
    ),
  },
  { additionalProperties: false },
);

/** `PUT /api/v1/outlets/{id}/static-qris`. */
export const NewStaticQrisSchema = Type.Object(
  {
    payload: Type.String({ maxLength: 1024, description: "the text of the printed code" }),
    verify_within_days: Type.Optional(Type.Integer({ minimum: 1, maximum: 60, description: "default: 3" })),
  },
  { additionalProperties: false },
);
export type NewStaticQrisBody = Static<typeof NewStaticQrisSchema>;
export const StaticQrisSchema = Type.Object({
  outlet_id: IdSchema,
  payload: Type.String(),
  merchant_name: Type.String(),
  city: Type.String(),
  nmid: Nullable(Type.String({ description: "national merchant id" })),
  acquirers: Type.Array(Type.String(), { examples: [["ID.DANA.WWW"]] }),
  verify_within_days: Type.Integer({
    description: "a payment that no statement confirms by then becomes a case",
  }),
  set_by: Type.String(),
  set_at: TimeSchema,
});
export type StaticQrisBody = Static<typeof StaticQrisSchema>;

/** `GET /api/v1/till/reports/today`: the owner's day so far. */
export const TodaySchema = Type.Object({
  date: Type.String({ description: "business day, YYYY-MM-DD, in the outlet's zone" }),
  time_zone: Type.String(),
  gross: MoneySchema,
  tax: MoneySchema,
  net: MoneySchema,
  sales: Type.Integer(),
  average: MoneySchema,
  returned: Type.Object(
    { amount: MoneySchema, count: Type.Integer() },
    {
      description: "refunded on this day, whenever it was sold; the amounts above and below are net of it",
    },
  ),
  week_ago: Nullable(MoneySchema),
  by_tender: Type.Array(Type.Object({ method: Type.String(), amount: MoneySchema, count: Type.Integer() })),
  by_hour: Type.Array(Type.Object({ hour: Type.Integer(), amount: MoneySchema, count: Type.Integer() })),
  best_sellers: Type.Array(
    Type.Object({ product_id: IdSchema, name: Type.String(), quantity: Type.Integer(), amount: MoneySchema }),
  ),
  low_stock: Type.Array(Type.Object({ product_id: IdSchema, name: Type.String(), stock: Type.Integer() }), {
    description:
      "at or below the reorder level, sold out, or below zero (sold more than counted); lowest first",
  }),
  unverified: Type.Object(
    { amount: MoneySchema, count: Type.Integer() },
    { description: "this day's payments by the printed code that no statement has confirmed yet" },
  ),
  open_cases: Type.Integer({ description: "money in suspense and disputes that wait for a decision" }),
});
export type TodayBody = Static<typeof TodaySchema>;
