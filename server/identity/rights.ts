import type { ApprovableAction, RefusalCode } from "@onegate/contract";

/** Who may be asking: staff by role, a merchant's own program by its key's scopes (`keys/key.ts`), a wallet's user, a developer without credentials in sandbox mode, or anybody at all. */
export type Role = "owner" | "manager" | "cashier" | "user" | "sandbox" | "anyone";

const SHOP = ["cashier", "manager", "owner"] as const;
const GATEWAY = ["owner", "sandbox"] as const;
const EVERYBODY = ["anyone", "sandbox", "user", ...SHOP] as const;

/** Every right, and the roles that have it. Each route names one; the check stands in `guard.ts` alone. */
export const rights = {
  "health.read": EVERYBODY,
  "metrics.read": EVERYBODY,
  "page.read": EVERYBODY,
  "reference.read": EVERYBODY,
  "till.open": EVERYBODY,
  /** A provider proves itself by its signature, which the route checks on the raw body. */
  "provider.notify": EVERYBODY,
  "user.register": EVERYBODY,
  /** Sign in, refresh, sign out: a password or a refresh token in the body proves who it is. */
  "session.open": EVERYBODY,
  "key.read": EVERYBODY,
  "session.read": ["user"],
  "session.end": ["user"],
  "profile.read": ["user"],
  "profile.change": ["user"],
  "password.change": ["user"],
  "totp.change": ["user"],
  "account.close": ["user"],
  "wallet.read": ["user"],
  "wallet.open": ["user"],
  "wallet.topup": ["user"],
  "wallet.transfer": ["user"],
  "wallet.pay": ["user"],
  "wallet.withdraw": ["user"],
  /** Of a user only what was paid to him; the verbs see to that. */
  "wallet.refund": ["user", "owner"],
  "wallet.capture": ["user", "owner"],
  "wallet.account.decide": ["owner"],
  "wallet.withdrawal.decide": ["owner"],
  "till.lock": SHOP,
  "catalogue.read": SHOP,
  "event.read": SHOP,
  "sale.create": SHOP,
  "sale.read": SHOP,
  "sale.cancel": SHOP,
  /** What a cashier may of these with a second person's PIN: see `approvable`. */
  "sale.refund": ["manager", "owner"],
  "sale.void": ["manager", "owner"],
  "sale.discount": ["manager", "owner"],
  "price.change": ["manager", "owner"],
  "drawer.open": ["manager", "owner"],
  "day.reopen": ["manager", "owner"],
  "approval.ask": SHOP,
  "approval.give": ["manager", "owner"],
  "product.manage": ["manager", "owner"],
  "outlet.manage": ["owner"],
  "report.read": ["manager", "owner"],
  "books.read": ["owner"],
  "channel.read": [...GATEWAY, "manager", "cashier"],
  "order.create": GATEWAY,
  "order.read": GATEWAY,
  "payment.create": GATEWAY,
  "order.cancel": GATEWAY,
  "refund.create": GATEWAY,
  "refund.decide": GATEWAY,
  "case.read": [...GATEWAY, "manager"],
  "case.settle": GATEWAY,
  "dispute.read": [...GATEWAY, "manager"],
  "dispute.settle": GATEWAY,
  "transfer.create": GATEWAY,
  "balance.read": GATEWAY,
  /** Whose account money goes to is no developer's to say. */
  "provider.read": ["owner"],
  "provider.manage": ["owner"],
  "webhook.read": GATEWAY,
  "webhook.manage": GATEWAY,
  "merchant_key.read": ["manager", "owner"],
  "merchant_key.manage": ["owner"],
  "settlement.read": ["manager", "owner"],
  "settlement.act": ["owner"],
} as const satisfies Record<string, readonly Role[]>;

export type Right = keyof typeof rights;

/** What a role may do only when a second person, who has the right and `approval.give`, says so by PIN. */
export const approvable = {
  "sale.refund": ["cashier"],
  "sale.void": ["cashier"],
  "sale.discount": ["cashier"],
  "price.change": ["cashier"],
  "drawer.open": ["cashier"],
  "day.reopen": ["cashier"],
} as const satisfies Record<ApprovableAction, readonly Role[]>;

export function isApprovable(right: Right): right is ApprovableAction {
  return Object.hasOwn(approvable, right);
}

/** Whether a role may use a right with an approval, having it not itself. */
export function mayWithApproval(role: string, right: Right): right is ApprovableAction {
  return isApprovable(right) && (approvable[right] as readonly string[]).includes(role);
}

export function isRight(unchecked: string): unchecked is Right {
  return Object.hasOwn(rights, unchecked);
}

/** Why a role may not use a right, or nothing when it may. */
export function whyNot(role: Role, right: Right): Extract<RefusalCode, "unauthenticated" | "forbidden"> | undefined {
  if ((rights[right] as readonly Role[]).includes(role)) return undefined;
  return role === "anyone" ? "unauthenticated" : "forbidden";
}
