/**
 * How a field of an action is recorded:
 *   shown   as it is: an id, a code, a number, a boolean, an amount, or a list of these
 *   text    text that somebody typed, such as a product's name; telephone numbers and e-mail addresses in it
 *           are masked
 *   masked  a person's name, telephone number or e-mail address; enough is kept to see that it changed
 * A field that an action does not name is not recorded. PINs, passwords, tokens, secrets and free notes never
 * are.
 */
export type Kept = "shown" | "text" | "masked";

const money = { amount: "shown", currency: "shown" } as const;
const outlet = {
  name: "text",
  address: "text",
  phone: "masked",
  time_zone: "shown",
  day_begins: "shown",
  tax: "shown",
  cash_rounding: "shown",
  receipt_header: "text",
  receipt_footer: "text",
} as const;
const routing = {
  rank: "shown",
  method: "shown",
  amount_from: "shown",
  amount_to: "shown",
  time_from: "shown",
  time_to: "shown",
  providers: "shown",
  is_active: "shown",
} as const;
const staff = { role: "shown", role_id: "shown", outlet_id: "shown", is_active: "shown" } as const;
const product = {
  name: "text",
  category_id: "shown",
  barcode: "shown",
  is_active: "shown",
  is_favourite: "shown",
} as const;
const returned = { ...money, return_id: "shown", restock: "shown", approved_by: "shown" } as const;

/** The audited actions, and the fields recorded before and after each. */
export const actions = {
  "setup.done": { merchant: "text", outlet_id: "shown", staff: "shown", products: "shown" },
  "staff.signed_in": { role: "shown", must_change_pin: "shown" },
  "staff.sign_in_refused": { reason: "shown" },
  "staff.signed_out": {},
  "staff.session_ended": { device_id: "shown" },
  "staff.added": staff,
  "staff.changed": { ...staff, renamed: "shown" },
  "staff.pin_changed": {},
  "staff.unblocked": {},
  "owner.recovered": {},
  "role.added": { name: "text", rights: "shown" },
  "role.changed": { name: "text", rights: "shown" },
  "role.removed": { name: "text", rights: "shown" },
  "device.code_made": { name: "text" },
  "device.enrolled": { name: "text", outlet_id: "shown" },
  "device.revoked": { name: "text", outlet_id: "shown", reason: "shown" },
  "user.signed_in": { totp: "shown" },
  "user.sign_in_refused": { reason: "shown" },
  "user.token_reused": {},
  "user.password_changed": {},
  "user.profile_changed": { username: "masked", email: "masked", phone: "masked" },
  "user.totp_changed": { totp: "shown" },
  "user.closed": {},
  "right.refused": { right: "shown", reason: "shown" },
  "key.out_of_scope": { right: "shown" },
  "key.made": { name: "text", mode: "shown", scopes: "shown", prefix: "shown", expires_at: "shown" },
  "key.revoked": { name: "text", mode: "shown", prefix: "shown" },
  "approval.given": { ...money, approval_id: "shown", right: "shown", asked_by: "shown" },
  "approval.refused": { right: "shown", reason: "shown" },
  "sale.cancelled": {},
  "sale.voided": returned,
  "sale.refunded": returned,
  "drawer.opened": { approved_by: "shown", reason: "text" },
  "payment.refunded": { ...money, refund_id: "shown", order_id: "shown" },
  "refund.decided": { decision: "shown", state: "shown" },
  "product.added": product,
  "product.changed": product,
  "price.changed": { price: "shown", currency: "shown", approved_by: "shown" },
  "outlet.added": outlet,
  "outlet.changed": outlet,
  "outlet.static_qris_set": { merchant_name: "text", nmid: "shown", verify_within_days: "shown" },
  "outlet.static_qris_removed": { merchant_name: "text", nmid: "shown", verify_within_days: "shown" },
  "provider.changed": { provider: "shown", state: "shown", version: "shown" },
  "routing.added": routing,
  "routing.changed": routing,
  "routing.removed": routing,
  "webhook.added": { host: "shown", topics: "shown", state: "shown" },
  "webhook.changed": { host: "shown", topics: "shown", state: "shown" },
  "webhook.secret_rotated": {},
  "webhook.removed": { host: "shown", topics: "shown" },
  "case.decided": { ...money, decision: "shown", order_id: "shown" },
  "dispute.settled": { ...money, outcome: "shown", fee: "shown" },
  "statement.imported": { provider: "shown", file: "text" },
  "settlement.case_decided": {
    provider: "shown",
    kind: "shown",
    decision: "shown",
    order_id: "shown",
    state: "shown",
  },
  "wallet.account_decided": { status: "shown" },
  "wallet.withdrawal_decided": { ...money, step: "shown" },
  "wallet.refunded": { ...money, payment_id: "shown" },
  "audit.exported": { from_seq: "shown", to_seq: "shown" },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Kept>>>>;

export type AuditAction = keyof typeof actions;

/** A recorded value. Numbers are whole and below 2^53; amounts are decimal strings. */
export type Value = string | number | boolean | null | readonly string[];

/** The fields that may be recorded for an action. */
export type Fields<A extends AuditAction> = { readonly [F in keyof (typeof actions)[A]]?: Value | undefined };
