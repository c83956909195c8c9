import type { KeyScope, Id } from "@onegate/contract";
import { rights, type Right } from "../rights.ts";

export type KeyMode = "test" | "live";

/** How many keys of a mode may be active at once: the one in use, and the next one while it is being rolled out. */
export const MAX_ACTIVE = 2;
/** How many characters of a key are kept to be shown. */
export const PREFIX_LENGTH = 16;

/** What a key's scopes let it do. Rights that are not here are for people. */
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

/** Whether a right may be used with these scopes, or by anybody at all. */
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
