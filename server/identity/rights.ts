import type { ApprovableAction, RefusalCode } from "@onegate/contract";
import type { StaffRole } from "./staff.ts";

/**
 * The role of a caller: a staff role, a wallet user, a developer without credentials in sandbox mode, or
 * anyone. A merchant's own program has scopes instead of a role (`keys/key.ts`).
 */
export type Role = StaffRole | "user" | "sandbox" | "anyone";

const SHOP = ["cashier", "manager", "owner"] as const;
/** Every staff session, whatever its role. */
const STAFF = [...SHOP, "custom"] as const;
const GATEWAY = ["owner", "sandbox"] as const;
const EVERYBODY = ["anyone", "sandbox", "user", ...STAFF] as const;

/** Every right, with the roles that have it. Each route names one right; only `guard.ts` checks it. */
export const rights = {
  "health.read": EVERYBODY,
  "metrics.read": EVERYBODY,
  "page.read": EVERYBODY,
  "reference.read": EVERYBODY,
  "till.open": EVERYBODY,
  /** In production the caller proves itself by a code that the server printed. */
  "setup.run": EVERYBODY,
  /** A provider proves itself by its signature over the raw body, which the route checks. */
  "provider.notify": EVERYBODY,
  "user.register": EVERYBODY,
  /** Sign-in, refresh and sign-out. The body's password or refresh token authenticates the caller. */
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
  /** A user may refund only what was paid to them; the verbs check that. */
  "wallet.refund": ["user", "owner"],
  "wallet.capture": ["user", "owner"],
  "wallet.account.decide": ["owner"],
  "wallet.withdrawal.decide": ["owner"],
  "till.lock": STAFF,
  "pin.change": STAFF,
  /** Staff for their own sessions, owners and managers for others' too; the verbs check that. */
  "staff_session.read": STAFF,
  "staff_session.end": STAFF,
  /** A manager manages only the cashiers of their own outlet; the verbs check that. */
  "staff.read": ["manager", "owner"],
  "staff.manage": ["manager", "owner"],
  "role.read": ["manager", "owner"],
  "role.manage": ["owner"],
  "device.read": ["manager", "owner"],
  "device.manage": ["manager", "owner"],
  "outlet.read": ["manager", "owner"],
  "catalogue.read": SHOP,
  "event.read": SHOP,
  "sale.create": SHOP,
  "sale.read": SHOP,
  "sale.cancel": SHOP,
  /** Other roles need a second person's approval for these: see `approvable`. */
  "sale.refund": ["manager", "owner"],
  "sale.void": ["manager", "owner"],
  "sale.discount": ["manager", "owner"],
  "price.change": ["manager", "owner"],
  "drawer.open": ["manager", "owner"],
  "day.reopen": ["manager", "owner"],
  "approval.ask": STAFF,
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
  /** Not for the sandbox role: these decide whose account receives the money. */
  "provider.read": ["owner"],
  "provider.manage": ["owner"],
  "routing.read": ["owner"],
  "routing.manage": ["owner"],
  "webhook.read": GATEWAY,
  "webhook.manage": GATEWAY,
  "merchant_key.read": ["manager", "owner"],
  "merchant_key.manage": ["owner"],
  "audit.read": ["manager", "owner"],
  "audit.export": ["owner"],
  "settlement.read": ["manager", "owner"],
  "settlement.act": ["owner"],
} as const satisfies Record<string, readonly Role[]>;

export type Right = keyof typeof rights;

/**
 * What the sandbox allows without credentials from any address: to place an order, open its payment and read
 * it. The rest (moving users' money, refunds, webhook endpoints) is allowed only to callers on the same
 * machine.
 */
export const SANDBOX_FROM_ANYWHERE: ReadonlySet<Right> = new Set<Right>([
  "channel.read",
  "order.create",
  "payment.create",
  "order.read",
]);

/**
 * What a role may do only with the approval, by PIN, of a second person who has the right and
 * `approval.give`.
 */
export const approvable = {
  "sale.refund": ["cashier", "custom"],
  "sale.void": ["cashier", "custom"],
  "sale.discount": ["cashier", "custom"],
  "price.change": ["cashier", "custom"],
  "drawer.open": ["cashier", "custom"],
  "day.reopen": ["cashier", "custom"],
} as const satisfies Record<ApprovableAction, readonly Role[]>;

export function isApprovable(right: Right): right is ApprovableAction {
  return Object.hasOwn(approvable, right);
}

/** Whether a role that lacks a right may use it with an approval. */
export function mayWithApproval(role: string, right: Right): right is ApprovableAction {
  return isApprovable(right) && (approvable[right] as readonly string[]).includes(role);
}

export function isRight(unchecked: string): unchecked is Right {
  return Object.hasOwn(rights, unchecked);
}

/** Why a role may not use a right; nothing if it may. */
export function refusalFor(
  role: Role,
  right: Right,
): Extract<RefusalCode, "unauthenticated" | "forbidden"> | undefined {
  if ((rights[right] as readonly Role[]).includes(role)) return undefined;
  // these two have no credentials, so signing in may help
  return role === "anyone" || role === "sandbox" ? "unauthenticated" : "forbidden";
}

const names = Object.keys(rights) as Right[];
const has = (role: Role, right: Right) => (rights[right] as readonly Role[]).includes(role);

/** The rights of each built-in role. */
const builtIn = {
  owner: new Set(names.filter((right) => has("owner", right))),
  manager: new Set(names.filter((right) => has("manager", right))),
  cashier: new Set(names.filter((right) => has("cashier", right))),
} as const;

/** The rights that every custom role has without a grant. */
const customDefaults = names.filter((right) => has("custom", right));

/** Rights that no custom role may hold: those of owners alone (money, roles, keys), and managing staff. */
export const OWNER_ONLY: ReadonlySet<Right> = new Set(
  names.filter(
    (right) =>
      right === "staff.manage" || (has("owner", right) && !has("manager", right) && !has("cashier", right)),
  ),
);

/** Rights that a custom role may hold. */
export const grantable: readonly Right[] = names.filter(
  (right) =>
    (has("manager", right) || has("cashier", right)) && !has("custom", right) && !OWNER_ONLY.has(right),
);

/** The rights of a staff role. Rights granted to a custom role count only while they are still grantable. */
export function rightsOf(role: StaffRole, granted: readonly string[] = []): ReadonlySet<Right> {
  if (role !== "custom") return builtIn[role];
  return new Set([...customDefaults, ...grantable.filter((right) => granted.includes(right))]);
}

/** The rights of a session that may only choose a new PIN. */
export const PIN_CHANGE_RIGHTS: ReadonlySet<Right> = new Set([
  ...names.filter((right) => has("anyone", right)),
  "pin.change",
  "till.lock",
] satisfies Right[]);
