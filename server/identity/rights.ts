import type { ApprovableAction, RefusalCode } from "@onegate/contract";
import type { StaffRole } from "./staff.ts";

/** Who may be asking: staff by role, a merchant's own program by its key's scopes (`keys/key.ts`), a wallet's user, a developer without credentials in sandbox mode, or anybody at all. */
export type Role = StaffRole | "user" | "sandbox" | "anyone";

const SHOP = ["cashier", "manager", "owner"] as const;
/** What every session of staff may, whatever its role. */
const STAFF = [...SHOP, "custom"] as const;
const GATEWAY = ["owner", "sandbox"] as const;
const EVERYBODY = ["anyone", "sandbox", "user", ...STAFF] as const;

/** Every right, and the roles that have it. Each route names one; the check stands in `guard.ts` alone. */
export const rights = {
  "health.read": EVERYBODY,
  "metrics.read": EVERYBODY,
  "page.read": EVERYBODY,
  "reference.read": EVERYBODY,
  "till.open": EVERYBODY,
  /** In production a code from the server proves who may. */
  "setup.run": EVERYBODY,
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
  "till.lock": STAFF,
  "pin.change": STAFF,
  /** One's own by any staff, others' by owners and managers; the verbs see to that. */
  "staff_session.read": STAFF,
  "staff_session.end": STAFF,
  /** Managers: of their outlet, and cashiers alone; the verbs see to that. */
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
  /** Who may these with a second person's PIN alone: see `approvable`. */
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
  /** Whose account money goes to is no developer's to say. */
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
 * What the sandbox lets anybody do without credentials who reaches it: place an order, open its payment and look at it. The
 * rest, which moves users' money, gives money back or says where webhooks go, is for callers on the machine itself.
 */
export const SANDBOX_FROM_ANYWHERE: ReadonlySet<Right> = new Set<Right>([
  "channel.read",
  "order.create",
  "payment.create",
  "order.read",
]);

/** What a role may do only when a second person, who has the right and `approval.give`, says so by PIN. */
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

/** Whether a role may use a right with an approval, having it not itself. */
export function mayWithApproval(role: string, right: Right): right is ApprovableAction {
  return isApprovable(right) && (approvable[right] as readonly string[]).includes(role);
}

export function isRight(unchecked: string): unchecked is Right {
  return Object.hasOwn(rights, unchecked);
}

/** Why a role may not use a right, or nothing when it may. */
export function refusalFor(
  role: Role,
  right: Right,
): Extract<RefusalCode, "unauthenticated" | "forbidden"> | undefined {
  if ((rights[right] as readonly Role[]).includes(role)) return undefined;
  // both come without credentials: with some they may
  return role === "anyone" || role === "sandbox" ? "unauthenticated" : "forbidden";
}

const names = Object.keys(rights) as Right[];
const has = (role: Role, right: Right) => (rights[right] as readonly Role[]).includes(role);

/** What each built-in role may. */
const builtIn = {
  owner: new Set(names.filter((right) => has("owner", right))),
  manager: new Set(names.filter((right) => has("manager", right))),
  cashier: new Set(names.filter((right) => has("cashier", right))),
} as const;

/** What any custom role may without being given it. */
const given = names.filter((right) => has("custom", right));

/** Rights that no role of a merchant's own may hold: what owners alone have (money's routes, roles, keys), and what makes staff. */
export const OWNER_ONLY: ReadonlySet<Right> = new Set(
  names.filter(
    (right) =>
      right === "staff.manage" || (has("owner", right) && !has("manager", right) && !has("cashier", right)),
  ),
);

/** Rights that a role of a merchant's own may hold. */
export const grantable: readonly Right[] = names.filter(
  (right) =>
    (has("manager", right) || has("cashier", right)) && !has("custom", right) && !OWNER_ONLY.has(right),
);

/** What a staff member's role may. Of a custom role's rows counts what may still be granted today. */
export function rightsOf(role: StaffRole, granted: readonly string[] = []): ReadonlySet<Right> {
  if (role !== "custom") return builtIn[role];
  return new Set([...given, ...grantable.filter((right) => granted.includes(right))]);
}

/** A session that may only set another PIN. */
export const PIN_CHANGE_RIGHTS: ReadonlySet<Right> = new Set([
  ...names.filter((right) => has("anyone", right)),
  "pin.change",
  "till.lock",
] satisfies Right[]);
