import type { KeyScope, Id } from "@onegate/contract";
import { rights, type Right } from "../rights.ts";

export type KeyMode = "test" | "live";

/** Active keys per mode: the current one, and the next one while it is rolled out. */
export const MAX_ACTIVE = 2;
/** How many characters of a key are stored, to recognize it by. */
export const PREFIX_LENGTH = 16;

/** The rights of each scope. Rights that are in none of them are for people. */
export const scopeRights = {
  "payments.read": ["channel.read", "order.read"],
  "payments.write": ["channel.read", "order.read", "order.create", "payment.create", "order.cancel"],
  "refunds.write": ["order.read", "refund.create"],
  "cases.read": ["case.read", "dispute.read"],
  "cases.write": ["case.read", "dispute.read", "case.settle", "dispute.settle", "refund.decide"],
  "transfers.read": ["balance.read"],
  "transfers.write": ["balance.read", "transfer.create"],
  "webhooks.read": ["webhook.read"],
  "webhooks.write": ["webhook.read", "webhook.manage"],
} as const satisfies Record<KeyScope, readonly Right[]>;

/** Whether a right is in these scopes, or open to anyone. */
export function isInScope(scopes: readonly KeyScope[], right: Right): boolean {
  return (
    scopes.some((scope) => (scopeRights[scope] as readonly Right[]).includes(right)) ||
    (rights[right] as readonly string[]).includes("anyone")
  );
}

/** A key as its merchant sees it: without the secret. */
export type MerchantKey = {
  readonly merchantId: Id;
  readonly keyId: Id;
  readonly name: string;
  readonly mode: KeyMode;
  readonly scopes: readonly KeyScope[];
  readonly prefix: string;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
};
