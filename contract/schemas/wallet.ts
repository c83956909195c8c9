import { Type, type Static } from "typebox";
import { IdSchema, Nullable, TimeSchema, WELL_FORMED, WRITABLE } from "./common.ts";

const Amount = Type.String({ examples: ["12500.00"], description: "decimal text in major units" });
const AmountIn = Type.Union([Type.String({ maxLength: 40 }), Type.Number()]);
const CurrencyIn = Type.String({ maxLength: 8, examples: ["IDR"] });
const Currency = Type.String({ examples: ["IDR"] });
const Description = Type.String({ minLength: 1, maxLength: 200, pattern: WRITABLE, format: WELL_FORMED });
const Reason = Type.String({ minLength: 1, maxLength: 200, pattern: WRITABLE, format: WELL_FORMED });
const closed = { additionalProperties: false } as const;

/** The user's account that pays; default: the current one for the currency. */
const AccountIn = Type.Optional(IdSchema);

export const WalletAccountSchema = Type.Object({
  account_id: IdSchema,
  account_code: Type.String({ description: "the code that others pay to" }),
  currency: Currency,
  status: Type.Enum(["ACTIVE", "SUSPENDED", "CLOSED"]),
  balance: Amount,
  held: Amount,
  available: Amount,
  opened_at: TimeSchema,
});
export type WalletAccountBody = Static<typeof WalletAccountSchema>;

/**
 * An account with additional fields named like the columns of the view `accounts`, for clients of older
 * systems.
 */
export const ListedAccountSchema = Type.Object({
  ...WalletAccountSchema.properties,
  id: Type.String({ format: "uuid", description: "`account_id`" }),
  user_id: IdSchema,
  account_status: Type.Enum(["ACTIVE", "SUSPENDED", "CLOSED"], { description: "`status`" }),
  created_at: Type.String({ format: "date-time", description: "`opened_at`" }),
  updated_at: Type.String({ format: "date-time", description: "when its balance changed last" }),
});
export type ListedAccountBody = Static<typeof ListedAccountSchema>;
export const WalletAccountsSchema = Type.Object({ accounts: Type.Array(ListedAccountSchema) });

/** `POST /api/v1/wallet/accounts`. */
export const NewWalletAccountSchema = Type.Object({ currency: CurrencyIn }, closed);

/** A balance, now or at a past time. A past balance has only posted amounts; the other two are then null. */
export const WalletBalanceSchema = Type.Object({
  account_id: IdSchema,
  currency: Currency,
  balance: Amount,
  held: Nullable(Amount),
  available: Nullable(Amount),
  at: TimeSchema,
});
export type WalletBalanceBody = Static<typeof WalletBalanceSchema>;

export const WalletStatementSchema = Type.Object({
  account_id: IdSchema,
  currency: Currency,
  entries: Type.Array(
    Type.Object({
      number: Type.String(),
      transfer_id: IdSchema,
      kind: Type.String(),
      amount: Amount,
      balance_before: Amount,
      balance_after: Amount,
      posted_at: TimeSchema,
    }),
    { description: "newest first; incoming amounts are positive" },
  ),
  next_cursor: Nullable(Type.String()),
});
export type WalletStatementBody = Static<typeof WalletStatementSchema>;

export const WalletDaysSchema = Type.Object({
  account_id: IdSchema,
  currency: Currency,
  days: Type.Array(
    Type.Object({
      day: Type.String({ format: "date" }),
      opening: Amount,
      came_in: Amount,
      went_out: Amount,
      closing: Amount,
    }),
  ),
});
export type WalletDaysBody = Static<typeof WalletDaysSchema>;

/** A wallet operation; `step` is more detailed than `state`. */
const operation = {
  operation_id: IdSchema,
  kind: Type.Enum(["TOPUP", "PAYMENT", "TRANSFER", "REFUND", "WITHDRAWAL"]),
  state: Type.Enum(["PENDING", "SUCCESS", "FAILED", "CANCELLED"]),
  step: Type.Enum([
    "opened",
    "collected",
    "held",
    "requested",
    "approved",
    "done",
    "expired",
    "failed",
    "released",
    "rejected",
  ]),
  account_id: IdSchema,
  counter_account_id: Nullable(IdSchema),
  original_id: Nullable(IdSchema),
  amount: Amount,
  settled: Type.String({ description: "the amount that has moved so far" }),
  refunded: Type.String({ description: "the part of it that was refunded" }),
  currency: Currency,
  payment_method: Nullable(Type.String()),
  external_reference: Nullable(Type.String()),
  description: Nullable(Type.String()),
  note: Nullable(Type.String()),
  expires_at: Nullable(TimeSchema),
  created_at: TimeSchema,
  updated_at: TimeSchema,
};
export const OperationSchema = Type.Object(operation);
export type OperationBody = Static<typeof OperationSchema>;

/** `POST /api/v1/wallet/topups`. */
export const NewTopupSchema = Type.Object(
  {
    method: Type.Optional(
      Type.String({
        maxLength: 20,
        examples: ["QRIS"],
        description: "GOPAY, SHOPEE_PAY, QRIS, VIRTUAL_ACCOUNT",
      }),
    ),
    payment_method: Type.Optional(
      Type.String({ maxLength: 20, description: "`method` as older clients spell it; one of the two" }),
    ),
    amount: AmountIn,
    currency: Type.Optional(CurrencyIn),
    account_id: AccountIn,
  },
  closed,
);
export const TopupSchema = Type.Object({
  ...operation,
  payment: Nullable(
    Type.Object({
      payment_id: IdSchema,
      state: Type.String(),
      channel: Type.String(),
      reference: Nullable(Type.String({ description: "the provider's" })),
      amount: Type.String({ description: "what the payer pays, including the provider's fee" }),
      qr_string: Nullable(Type.String()),
      pay_code: Nullable(Type.String()),
      checkout_url: Nullable(Type.String()),
      expires_at: Nullable(TimeSchema),
    }),
  ),
});
export type TopupBody = Static<typeof TopupSchema>;

/** `POST /api/v1/wallet/transfers`. */
export const NewTransferSchema = Type.Object(
  {
    to: Type.String({ minLength: 1, maxLength: 320, description: "username or telephone number" }),
    amount: AmountIn,
    currency: CurrencyIn,
    account_id: AccountIn,
    description: Type.Optional(Description),
  },
  closed,
);

const payment = {
  destination_account: Type.String({
    minLength: 1,
    maxLength: 80,
    pattern: WRITABLE,
    format: WELL_FORMED,
    examples: ["ACC_DST_DEF"],
  }),
  amount: AmountIn,
  currency: CurrencyIn,
  account_id: AccountIn,
  description: Type.Optional(Description),
};
/** `POST /api/v1/wallet/payments`. */
export const NewWalletPaymentSchema = Type.Object(payment, closed);
/**
 * `POST /api/v1/wallet/orders`: pays a gateway order by the pay code of its payment on the channel WALLET.
 */
export const NewOrderPaymentSchema = Type.Object(
  { pay_code: Type.String({ minLength: 1, maxLength: 64 }), account_id: Type.Optional(IdSchema) },
  closed,
);
/** `POST /api/v1/wallet/holds`. */
export const NewHoldSchema = Type.Object(
  {
    ...payment,
    expires_in: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 2_592_000, description: "seconds; default: a week" }),
    ),
  },
  closed,
);
/** `POST /api/v1/wallet/holds/{id}/capture`. */
export const CaptureSchema = Type.Object(
  {
    amount: Type.Optional(AmountIn),
    final: Type.Optional(Type.Boolean({ description: "releases the rest of the hold" })),
  },
  closed,
);
/** `POST /api/v1/wallet/payments/{id}/refunds`. */
export const NewWalletRefundSchema = Type.Object({ amount: Type.Optional(AmountIn), reason: Reason }, closed);

const payout = {
  bank: Type.String({ minLength: 2, maxLength: 40, pattern: "^[A-Za-z0-9 .-]+$", examples: ["BCA"] }),
  account_number: Type.String({ pattern: "^[0-9]{5,20}$" }),
  account_name: Type.String({ minLength: 1, maxLength: 100, pattern: WRITABLE, format: WELL_FORMED }),
};
/** `POST /api/v1/wallet/withdrawals`. */
export const NewWithdrawalSchema = Type.Object(
  { amount: AmountIn, currency: Type.Optional(CurrencyIn), account_id: AccountIn, ...payout },
  closed,
);
export const WithdrawalSchema = Type.Object({ ...operation, ...payout });
export type WithdrawalBody = Static<typeof WithdrawalSchema>;
export const WithdrawalsSchema = Type.Object({ withdrawals: Type.Array(WithdrawalSchema) });
/** `POST /api/v1/wallet/withdrawals/{id}/pay`. */
export const PaidOutSchema = Type.Object(
  { bank_reference: Type.String({ minLength: 1, maxLength: 80, pattern: WRITABLE, format: WELL_FORMED }) },
  closed,
);
/** `POST /api/v1/wallet/withdrawals/{id}/reject` and `/fail`. */
export const EndedWithdrawalSchema = Type.Object({ reason: Reason }, closed);

export const WalletHistorySchema = Type.Object({
  transactions: Type.Array(
    Type.Object({
      id: IdSchema,
      account_id: IdSchema,
      transaction_id: Type.String(),
      transaction_type: Type.Enum(["TOPUP", "PAYMENT", "REFUND", "TRANSFER"]),
      transaction_status: Type.Enum(["PENDING", "SUCCESS", "FAILED", "CANCELLED"]),
      amount: Nullable(Amount),
      balance_before: Nullable(Amount),
      balance_after: Nullable(Amount),
      currency: Currency,
      description: Nullable(Type.String()),
      external_reference: Nullable(Type.String()),
      payment_method: Nullable(Type.String()),
      created_at: TimeSchema,
    }),
    { description: "newest first" },
  ),
  next_cursor: Nullable(Type.String()),
});
export type WalletHistoryBody = Static<typeof WalletHistorySchema>;

export const WalletLimitsSchema = Type.Object({
  account_id: IdSchema,
  currency: Currency,
  limits: Type.Array(
    Type.Object({
      kind: Type.Enum(["TOPUP", "PAYMENT", "TRANSFER", "WITHDRAWAL"]),
      per_transaction: Nullable(Amount),
      per_day: Nullable(Amount),
      per_month: Nullable(Amount),
      used_today: Amount,
      used_this_month: Amount,
    }),
  ),
});
export type WalletLimitsBody = Static<typeof WalletLimitsSchema>;

/** `GET /api/v1/wallet`: the current account, its limits, and its latest transactions. */
export const WalletSchema = Type.Object({
  account: ListedAccountSchema,
  accounts: Type.Array(ListedAccountSchema),
  limits: WalletLimitsSchema.properties.limits,
  recent: WalletHistorySchema.properties.transactions,
});
export type WalletBody = Static<typeof WalletSchema>;
