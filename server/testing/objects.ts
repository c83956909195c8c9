import { newId, type Id } from "@onegate/contract";
import { randomBytes } from "node:crypto";
import type pg from "pg";

/** The owner of an object: the ids and the text that its rows need. */
export type Place = {
  readonly merchantId: Id;
  readonly outletId: Id;
  readonly userId: Id;
  /** Written into all texts of the place's rows, so that a test can find an answer that shows them. */
  readonly mark: string;
};

type Row = readonly [table: string, given: Readonly<Record<string, unknown>>];

const operation =
  (kind: string, given: Record<string, unknown> = {}) =>
  (id: Id, { userId }: Place): Row[] => [
    [
      "wallet_operation",
      { operation_id: id, user_id: userId, kind, state: "SUCCESS", step: "done", ...given },
    ],
  ];

/** A payment that was taken at an outlet's till. */
const taken = (id: Id, { outletId }: Place): Row[] => [
  // no inquiry of its provider: the row stays as it is
  [
    "payment",
    {
      payment_id: id,
      order_id: id,
      outlet_id: outletId,
      method: "QRIS",
      channel: "QRIS",
      provider: "tripay",
      state: "failed",
      merchant_ref: id,
      ask_at: null,
    },
  ],
];

/** The rows of each kind of object. `putObject` fills in other columns that need a value. */
export const kinds = {
  outlet: (id) => [["outlet", { outlet_id: id, time_zone: "Asia/Jakarta", receipt_code: id.slice(-8) }]],
  sale: (id, { outletId }) => [["sale", { sale_id: id, outlet_id: outletId, state: "waiting" }]],
  product: (id) => [
    ["category", { category_id: id }],
    ["product", { product_id: id, category_id: id }],
  ],
  order: (id) => [["payment_order", { order_id: id, items: "[]" }]],
  payment: taken,
  unverified: (id, { outletId }) => [
    ["staff", { staff_id: id, outlet_id: outletId, role: "cashier" }],
    [
      "payment",
      {
        payment_id: id,
        order_id: id,
        outlet_id: outletId,
        method: "QRIS_STATIC",
        channel: "QRIS_STATIC",
        provider: "qris_static",
        state: "succeeded",
        merchant_ref: id,
        verification: "unverified",
        confirmed_by: id,
        paid_at: new Date(),
        ask_at: null,
      },
    ],
  ],
  refund: (id) => [
    ["refund", { refund_id: id, payment_id: id, provider: "tripay", refund_ref: id, state: "succeeded" }],
  ],
  suspense: (id, place) => [
    ...taken(id, place),
    ["suspense_case", { case_id: id, payment_id: id, provider: "tripay", reference: id, reason: "orphan" }],
  ],
  dispute: (id, place) => [
    ...taken(id, place),
    ["dispute", { dispute_id: id, payment_id: id, order_id: id, provider: "tripay", reference: id }],
  ],
  key: (id) => [
    [
      "merchant_key",
      {
        key_id: id,
        mode: "test",
        scopes: ["payments.read"],
        prefix: "ogk_test_contoh",
        revoked_at: new Date(),
        revoked_by: "tes",
      },
    ],
  ],
  provider_account: (id) => [
    ["provider_account", { account_id: id, provider: "xendit", holder: id, hint: "1234", state: "off" }],
  ],
  routing_rule: (id) => [["routing_rule", { rule_id: id, rank: 1, providers: ["tripay"] }]],
  endpoint: (id) => [
    [
      "webhook_endpoint",
      {
        endpoint_id: id,
        url: "https://contoh.invalid/",
        topics: ["refund."],
        state: "disabled",
        disabled_at: new Date(),
      },
    ],
  ],
  delivery: (id) => [
    [
      "webhook_endpoint",
      {
        endpoint_id: id,
        url: "https://contoh.invalid/",
        topics: ["refund."],
        state: "disabled",
        disabled_at: new Date(),
      },
    ],
    ["webhook_delivery", { delivery_id: id, endpoint_id: id, body: "{}", state: "dead" }],
  ],
  statement: (id) => [
    [
      "settlement_statement",
      {
        statement_id: id,
        provider: "tripay",
        layout: "tripay",
        time_zone: "Asia/Jakarta",
        net: 0,
        state: "settled",
      },
    ],
  ],
  difference: (id, place) => [
    ...taken(id, place),
    [
      "settlement_case",
      { case_id: id, payment_id: id, provider: "tripay", kind: "missing_there", document_kind: "payment" },
    ],
  ],
  wallet_account: (id, { userId }) => [
    ["ledger_account", { account_id: id, code: id, kind: "wallet", user_id: userId }],
    ["ledger_balance", { account_id: id }],
  ],
  operation: operation("PAYMENT"),
  payment_operation: operation("PAYMENT"),
  hold: operation("PAYMENT", { state: "PENDING", step: "held", hold_expires_at: "2099-01-01" }),
  topup: operation("TOPUP"),
  withdrawal: operation("WITHDRAWAL"),
  device: (id, { outletId }) => [["device", { device_id: id, outlet_id: outletId }]],
  staff: (id, { outletId }) => [["staff", { staff_id: id, outlet_id: outletId, role: "cashier" }]],
  role: (id) => [["staff_role", { role_id: id, name: id, rights: [] }]],
  staff_session: (id, { outletId }) => [
    ["staff", { staff_id: id, outlet_id: outletId, role: "cashier" }],
    ["device", { device_id: id, outlet_id: outletId }],
    ["staff_session", { session_id: id, staff_id: id, device_id: id, expires_at: "2099-01-01" }],
  ],
  user_session: (id, { userId }) => [["user_session", { session_id: id, user_id: userId }]],
} satisfies Record<string, (id: Id, place: Place) => readonly Row[]>;

export type Kind = keyof typeof kinds;

/** A value for a column without a default, by its type. */
function filling(type: string, text: string): unknown {
  if (type === "bytea") return randomBytes(32);
  if (type.endsWith("[]")) return [];
  return (
    {
      uuid: newId(),
      jsonb: "{}",
      date: "2026-11-01",
      timestamptz: new Date(),
      inet: "127.0.0.1",
      bpchar: "IDR",
      bool: true,
    }[type] ?? (type.startsWith("int") ? 1 : text)
  );
}

/** Inserts an object directly into the tables, without any verb. Returns its id. */
export async function putObject(client: pg.PoolClient, kind: Kind, place: Place): Promise<Id> {
  const id = newId();
  for (const [table, given] of kinds[kind](id, place) as readonly Row[]) {
    const { rows } = await client.query<{ name: string; type: string; maxLength: number; isNeeded: boolean }>(
      `select a.attname as name, format_type(t.oid, null) as long,
              case when t.typelem <> 0 and t.typlen = -1 then 'x[]' else t.typname end as type,
              greatest(a.atttypmod - 4, 0) as "maxLength",
              a.attnotnull and not a.atthasdef and a.attidentity = '' as "isNeeded"
         from pg_attribute a join pg_type t on t.oid = a.atttypid
        where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped`,
      [table],
    );
    const row = new Map<string, unknown>();
    for (const { name, type, maxLength, isNeeded } of rows) {
      if (name === "merchant_id") row.set(name, place.merchantId);
      else if (Object.hasOwn(given, name)) row.set(name, given[name]);
      else if (isNeeded) row.set(name, filling(type, place.mark.slice(0, maxLength || 100)));
    }
    const places = Array.from(row, (_, i) => `$${i + 1}`);
    // without triggers, so that referenced rows need not exist
    await client.query("set session_replication_role = replica");
    await client.query(`insert into ${table} (${[...row.keys()].join(", ")}) values (${places.join(", ")})`, [
      ...row.values(),
    ]);
    await client.query("set session_replication_role = origin");
  }
  return id;
}

export type Fixture = {
  readonly kind: Kind;
  /** The query parameter with the object's id; without it the id is in the path or in the body. */
  readonly query?: string;
  /**
   * A body that is valid except for the object. `id` is the object's id, `own` belongs to the caller.
   */
  readonly body?: (id: Id, own: { readonly outletId: Id }) => unknown;
  /** Callers who can't see an object of the merchant's other outlet, or of another user. */
  readonly elsewhere?: readonly string[];
  /**
   * The status for an object that does not exist, if it is not 404. An object of another merchant gets the
   * same.
   */
  readonly status?: number;
  /** The status for one caller. */
  readonly statusFor?: Readonly<Record<string, number>>;
  /** What proves access instead of a right; then no request is made. */
  readonly provenBy?: string;
};

const SHOP = ["cashier", "manager", "owner", "custom"];
const reason = () => ({ reason: "salah" });
const amount = { amount: "1000.00", currency: "IDR" };
const payout = { bank: "BCA", account_number: "1234567890", account_name: "Andi Contoh" };

/**
 * Each route that takes an object, with a request for it. Add new routes that take one here.
 */
export const fixtures: Readonly<Record<string, readonly Fixture[]>> = {
  "DELETE /api/auth/sessions/:id": [{ kind: "user_session", elsewhere: ["user"] }],
  "GET /api/v1/outlets/:id/static-qris": [{ kind: "outlet" }],
  "PUT /api/v1/outlets/:id/static-qris": [{ kind: "outlet", body: () => ({ payload: "000201" }) }],
  "DELETE /api/v1/outlets/:id/static-qris": [{ kind: "outlet" }],
  "PATCH /api/v1/outlets/:id": [{ kind: "outlet", body: () => ({ name: "Cabang" }) }],
  "POST /api/v1/devices/codes": [
    { kind: "outlet", body: (id) => ({ outlet_id: id, name: "Kasir" }), elsewhere: ["manager"] },
  ],
  "POST /api/v1/devices/:id/revoke": [
    { kind: "device", body: () => ({ reason: "lost" }), elsewhere: ["manager"] },
  ],
  "POST /api/v1/staff": [
    {
      kind: "outlet",
      body: (id) => ({ name: "Rina", role: "cashier", outlet_id: id, pin: "385162" }),
      statusFor: { manager: 403 },
    },
    {
      kind: "role",
      body: (id, { outletId }) => ({ name: "Rina", role_id: id, outlet_id: outletId, pin: "385162" }),
    },
  ],
  "PATCH /api/v1/staff/:id": [{ kind: "staff", body: () => ({ name: "Rina" }), elsewhere: ["manager"] }],
  "PUT /api/v1/staff/:id/pin": [{ kind: "staff", body: () => ({ pin: "385162" }), elsewhere: ["manager"] }],
  "POST /api/v1/staff/:id/unblock": [{ kind: "staff", elsewhere: ["manager"] }],
  "DELETE /api/v1/staff-sessions/:id": [
    { kind: "staff_session", elsewhere: ["cashier", "manager", "custom"] },
  ],
  "PUT /api/v1/roles/:id": [{ kind: "role", body: () => ({ name: "Barista", rights: [] }) }],
  "DELETE /api/v1/roles/:id": [{ kind: "role" }],
  "POST /api/v1/keys/:id/revoke": [{ kind: "key" }],
  "GET /api/v1/till/sales/:id": [{ kind: "sale", elsewhere: SHOP }],
  "POST /api/v1/till/sales/:id/cancel": [{ kind: "sale", elsewhere: SHOP }],
  "POST /api/v1/till/sales/:id/static-qris": [{ kind: "sale", body: () => ({}), elsewhere: SHOP }],
  "POST /api/v1/till/sales/:id/refund": [
    { kind: "sale", body: () => ({ id: newId(), reason: "salah", restock: false }), elsewhere: SHOP },
  ],
  "POST /api/v1/till/sales/:id/refund/sum": [{ kind: "sale", body: () => ({}), elsewhere: SHOP }],
  "POST /api/v1/till/sales/:id/void": [
    { kind: "sale", body: () => ({ id: newId(), reason: "salah" }), elsewhere: SHOP },
  ],
  "POST /api/v1/till/approvals": [
    {
      kind: "staff",
      body: (id) => ({ action: "sale.void", subject: newId(), approver_id: id, pin: "385162" }),
    },
  ],
  "PATCH /api/v1/products/:id": [{ kind: "product", body: () => ({ name: "Teh Tawar" }) }],
  "PUT /api/v1/till/products/:id/price": [{ kind: "product", body: () => ({ price: amount }) }],
  "GET /api/v1/products/:id/prices": [{ kind: "product" }],
  "POST /api/v1/provider-accounts/:id/off": [{ kind: "provider_account" }],
  "PATCH /api/v1/routing/rules/:id": [{ kind: "routing_rule", body: () => ({ rank: 2 }) }],
  "DELETE /api/v1/routing/rules/:id": [{ kind: "routing_rule" }],
  "PATCH /api/v1/webhooks/endpoints/:id": [{ kind: "endpoint", body: () => ({ description: "kasir" }) }],
  "DELETE /api/v1/webhooks/endpoints/:id": [{ kind: "endpoint" }],
  "POST /api/v1/webhooks/endpoints/:id/rotate": [{ kind: "endpoint" }],
  "POST /api/v1/webhooks/endpoints/:id/ping": [{ kind: "endpoint" }],
  "POST /api/v1/webhooks/endpoints/:id/replay": [
    { kind: "endpoint", body: () => ({ since: "2026-11-01T00:00:00Z" }) },
  ],
  "GET /api/v1/webhooks/deliveries": [{ kind: "endpoint", query: "endpoint_id", status: 200 }],
  "GET /api/v1/webhooks/deliveries/:id": [{ kind: "delivery" }],
  "POST /api/v1/webhooks/deliveries/:id/replay": [{ kind: "delivery" }],
  "POST /api/v1/wallet/accounts/:id/suspend": [{ kind: "wallet_account" }],
  "POST /api/v1/wallet/accounts/:id/activate": [{ kind: "wallet_account" }],
  "POST /api/v1/wallet/accounts/:id/close": [{ kind: "wallet_account" }],
  "POST /api/v1/wallet/withdrawals/:id/approve": [{ kind: "withdrawal" }],
  "POST /api/v1/wallet/withdrawals/:id/pay": [
    { kind: "withdrawal", body: () => ({ bank_reference: "TRF-1" }) },
  ],
  "POST /api/v1/wallet/withdrawals/:id/reject": [{ kind: "withdrawal", body: reason }],
  "POST /api/v1/wallet/withdrawals/:id/fail": [{ kind: "withdrawal", body: reason }],
  "GET /api/v1/wallet/operations/:id": [{ kind: "operation", elsewhere: ["user"] }],
  "GET /api/v1/wallet/topups/:id": [{ kind: "topup", elsewhere: ["user"] }],
  "POST /api/v1/wallet/payments/:id/refunds": [
    { kind: "payment_operation", body: reason, elsewhere: ["user"] },
  ],
  "POST /api/v1/wallet/holds/:id/capture": [{ kind: "hold", body: () => ({}), elsewhere: ["user"] }],
  "POST /api/v1/wallet/holds/:id/release": [{ kind: "hold", elsewhere: ["user"] }],
  "GET /api/v1/wallet/withdrawals/:id": [{ kind: "withdrawal", elsewhere: ["user"] }],
  "POST /api/v1/wallet/withdrawals/:id/cancel": [{ kind: "withdrawal", elsewhere: ["user"] }],
  "GET /api/v1/wallet/balance": [{ kind: "wallet_account", query: "account_id", elsewhere: ["user"] }],
  "GET /api/payment/balance": [{ kind: "wallet_account", query: "account_id", elsewhere: ["user"] }],
  "GET /api/v1/wallet/statement": [{ kind: "wallet_account", query: "account_id", elsewhere: ["user"] }],
  "GET /api/v1/wallet/days": [
    { kind: "wallet_account", query: "from=2026-11-01&to=2026-11-02&account_id", elsewhere: ["user"] },
  ],
  "GET /api/v1/wallet/history": [
    { kind: "wallet_account", query: "account_id", status: 200, elsewhere: ["user"] },
  ],
  "GET /api/v1/wallet/limits": [{ kind: "wallet_account", query: "account_id", elsewhere: ["user"] }],
  "POST /api/v1/wallet/topups": [
    {
      kind: "wallet_account",
      body: (id) => ({ method: "QRIS", ...amount, account_id: id }),
      elsewhere: ["user"],
    },
  ],
  "POST /api/payment/wallet/topup": [
    {
      kind: "wallet_account",
      body: (id) => ({ method: "QRIS", ...amount, account_id: id }),
      elsewhere: ["user"],
    },
  ],
  "POST /api/v1/wallet/transfers": [
    {
      kind: "wallet_account",
      body: (id) => ({ to: "citra.contoh", ...amount, account_id: id }),
      elsewhere: ["user"],
    },
  ],
  "POST /api/v1/wallet/payments": [
    {
      kind: "wallet_account",
      body: (id) => ({ destination_account: "ACC_DST_DEF", ...amount, account_id: id }),
      elsewhere: ["user"],
    },
    { kind: "wallet_account", body: (id) => ({ destination_account: id, ...amount }) },
  ],
  "POST /api/v1/wallet/holds": [
    {
      kind: "wallet_account",
      body: (id) => ({ destination_account: "ACC_DST_DEF", ...amount, account_id: id }),
      elsewhere: ["user"],
    },
    { kind: "wallet_account", body: (id) => ({ destination_account: id, ...amount }) },
  ],
  "POST /api/v1/wallet/orders": [{ kind: "order", body: (id) => ({ pay_code: id }) }],
  "POST /api/v1/wallet/withdrawals": [
    { kind: "wallet_account", body: (id) => ({ ...amount, ...payout, account_id: id }), elsewhere: ["user"] },
  ],
  "GET /balance/:account": [{ kind: "wallet_account" }],
  "POST /payments": [
    {
      kind: "wallet_account",
      body: (id) => ({ id: newId(), ...amount, source_account: id, destination_account: "ACC_DST_DEF" }),
    },
    {
      kind: "wallet_account",
      body: (id) => ({ id: newId(), ...amount, source_account: "ACC_DST_DEF", destination_account: id }),
    },
  ],
  "POST /api/v1/transfers::batch": [
    {
      kind: "wallet_account",
      status: 200,
      body: (id) => ({
        transfers: [{ id, ...amount, source_account: "ACC_DST_DEF", destination_account: id }],
      }),
    },
  ],
  "GET /api/v1/settlement/statements": [{ kind: "statement", query: "before", status: 200 }],
  "GET /api/v1/settlement/statements/:id": [{ kind: "statement" }],
  "GET /api/v1/settlement/cases": [{ kind: "statement", query: "statement_id", status: 200 }],
  "POST /api/v1/settlement/unverified/:id/case": [{ kind: "unverified" }],
  "GET /api/v1/settlement/cases/:id": [{ kind: "difference", elsewhere: ["manager"] }],
  "POST /api/v1/settlement/cases/:id/decisions": [
    { kind: "difference", body: () => ({ action: "ignore", reason: "salah" }) },
  ],
  "GET /api/v1/settlement/days/:date": [{ kind: "statement", provenBy: "names a day, no object" }],
  "POST /api/v1/payment/create-payment": [
    { kind: "order", body: (id) => ({ order_id: id, method: "QRIS" }) },
  ],
  "GET /api/v1/payment/get-status-payment": [{ kind: "order", query: "order_id" }],
  "GET /api/v1/payment/events": [{ kind: "order", query: "order_id", status: 200 }],
  "GET /api/v1/payments/:id": [{ kind: "payment" }],
  "POST /api/v1/payments/:id/refunds": [{ kind: "payment", body: reason }],
  "GET /api/v1/refunds/:id": [{ kind: "refund" }],
  "POST /api/v1/refunds/:id/decision": [{ kind: "refund", body: () => ({ done: false, note: "salah" }) }],
  "POST /api/v1/orders/:order_id/cancel": [{ kind: "order" }],
  "POST /api/v1/cases/:id/apply": [{ kind: "suspense", body: () => ({ order_id: "tidak-ada" }) }],
  "POST /api/v1/cases/:id/refund": [{ kind: "suspense", body: reason }],
  "GET /api/v1/disputes/:id": [{ kind: "dispute", elsewhere: ["manager"] }],
  "PUT /api/v1/disputes/:id/deadline": [{ kind: "dispute", body: () => ({ until: "2026-12-01T00:00:00Z" }) }],
  "POST /api/v1/disputes/:id/decision": [
    { kind: "dispute", body: () => ({ outcome: "won", note: "bukti diterima" }) },
  ],
  "POST /api/v1/providers/:provider/notifications": [
    { kind: "payment", provenBy: "the provider's signature over the raw body" },
  ],
  "POST /api/v1/providers/:provider/notifications/:account": [
    { kind: "provider_account", provenBy: "the provider's signature over the raw body" },
  ],
  "GET /api/v1/till/logo": [{ kind: "outlet", provenBy: "the device's token, or the logo's own id" }],
  "POST /api/v1/till/owner-recovery": [{ kind: "staff", provenBy: "the owner's code" }],
  "POST /api/v1/till/unlock": [
    {
      kind: "staff",
      provenBy: "the device's token and the PIN",
      body: (id) => ({ staff_id: id, pin: "385162" }),
    },
  ],
};
