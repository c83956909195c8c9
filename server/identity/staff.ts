import type { Id, KeyScope } from "@onegate/contract";
import type { Who } from "./audit/entry.ts";
import type { Right } from "./rights.ts";

/** The built-in roles, whose rights are in `rights.ts`, and `custom`, whose rights are in the database. */
export type StaffRole = "owner" | "manager" | "cashier" | "custom";

export type Staff = {
  readonly staffId: Id;
  readonly name: string;
  readonly role: StaffRole;
  readonly roleId?: Id | null;
  readonly roleName?: string | null;
  /** The rights granted to a custom role. */
  readonly granted?: readonly string[];
};

/** A staff member with an open session on a device, and the session's rights. The outlet is the device's. */
export type StaffPrincipal = {
  readonly role: StaffRole;
  readonly rights: ReadonlySet<Right>;
  readonly merchantId: Id;
  readonly outletId: Id;
  readonly staffId: Id;
  readonly name: string;
  readonly deviceId: Id;
  readonly staffSessionId: Id;
  /** Set if the session may only choose a new PIN. */
  readonly mustChangePin?: true;
};

/** A staff member who makes a request, and its origin. */
export type Requester = StaffPrincipal & { readonly who: Who };

/** Who makes a request. */
export type Principal =
  | StaffPrincipal
  | { readonly role: "user"; readonly merchantId: Id; readonly userId: Id; readonly sessionId: Id }
  | {
      readonly role: "key";
      readonly merchantId: Id;
      readonly keyId: Id;
      readonly scopes: readonly KeyScope[];
    }
  | { readonly role: "sandbox"; readonly merchantId: Id }
  | { readonly role: "anyone" };
