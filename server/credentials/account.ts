import type { Credentials, Id, OwnProvider } from "@onegate/contract";
import type { SecretBox } from "../identity/index.ts";
import { StartFailure } from "../kernel/index.ts";

/** A merchant's own account at a provider; its credentials stay in the store, sealed. */
export type OwnAccount = {
  readonly merchantId: Id;
  readonly accountId: Id;
  readonly provider: OwnProvider;
  /** The provider's name for the merchant. */
  readonly holder: string;
  readonly hint: string;
  /** Off: it opens nothing. What was opened through it is still asked about, given back and believed. */
  readonly state: "active" | "off";
  /** Of the credentials. */
  readonly version: number;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly changedBy: string;
  readonly changedAt: Date;
};

/** As it is kept: the credentials and the id of the key that sealed them. */
export type SealedAccount = Pick<
  OwnAccount,
  "merchantId" | "accountId" | "provider" | "state" | "version"
> & { readonly sealed: Buffer };

const HINT = 4;

/** What may be shown: whose account it is, and the end of the key that calls carry. */
export function shownOf(credentials: Credentials): { holder: string; hint: string } {
  switch (credentials.provider) {
    case "tripay":
      return { holder: credentials.merchant_code, hint: credentials.api_key.slice(-HINT) };
    case "midtrans":
      return { holder: credentials.merchant_id, hint: credentials.server_key.slice(-HINT) };
    case "xendit":
      return { holder: credentials.business_id, hint: credentials.secret_key.slice(-HINT) };
    case "snap":
      // without a shared secret nothing but its own number tells one from another
      return {
        holder: `${credentials.partner_id} ${credentials.merchant_id}`,
        hint: (credentials.client_secret ?? credentials.merchant_id).slice(-HINT),
      };
  }
}

type Whose = Pick<OwnAccount, "merchantId" | "accountId">;

export function seal(box: SecretBox, whose: Whose, credentials: Credentials): Buffer {
  return box.close(JSON.stringify(credentials), about(whose));
}

export function unseal(
  box: SecretBox,
  { sealed, ...whose }: Whose & { readonly sealed: Buffer },
): Credentials {
  const text = box.open(sealed, about(whose));
  if (text === undefined) {
    throw new StartFailure(
      "ONEGATE_SECRET_KEY is not the one that a merchant's credentials were sealed with.",
      "Set ONEGATE_SECRET_KEY to the value it had, or ONEGATE_OLD_SECRET_KEY.",
    );
  }
  return JSON.parse(text) as Credentials;
}

/** Bound to the merchant: sealed credentials that are moved to another row open nothing. */
function about({ merchantId, accountId }: Whose): string {
  return `provider_account ${merchantId} ${accountId}`;
}
