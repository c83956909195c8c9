import type { Id, KeyScope } from "@onegate/contract";
import type { Who } from "./audit/entry.ts";
import type { Right } from "./rights.ts";

/** Built-in roles, whose rights are in `rights.ts`, and a merchant's own, whose rights are rows. */
export type StaffRole = "owner" | "manager" | "cashier" | "custom";

export type Staff = {
  readonly staffId: Id;
  readonly name: string;
  readonly role: StaffRole;
  readonly roleId?: Id | null;
  readonly roleName?: string | null /** What a custom role's row grants. */;
  readonly granted?: readonly string[];
};

/** A staff member with an open session on a device, and what the session may do. The outlet is the device's. */
export type StaffPrincipal = {
  readonly role: StaffRole;
  readonly rights: ReadonlySet<Right>;
  readonly merchantId: Id;
  readonly outletId: Id;
  readonly staffId: Id;
  readonly name: string;
  readonly deviceId: Id;
  readonly staffSessionId: Id;
  /** Set where the session is good for setting another PIN alone. */
  readonly mustChangePin?: true;
};

/** A staff member who asks for something, and from where. */
export type Asker = StaffPrincipal & { readonly who: Who };

/** Who is behind a request. */
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
