import type { Credentials, Id, OwnProvider } from "@onegate/contract";
import type { SecretBox } from "../identity/index.ts";
import { StartFailure } from "../kernel/index.ts";

/** A merchant's own account at a provider, without its sealed credentials. */
export type OwnAccount = {
  readonly merchantId: Id;
  readonly accountId: Id;
  readonly provider: OwnProvider;
  /** The provider's name for the merchant. */
  readonly holder: string;
  readonly hint: string;
  /**
   * An account that is off opens no payments. Earlier ones are still inquired about, refunded and notified.
   */
  readonly state: "active" | "off";
  /** The version of the credentials. */
  readonly version: number;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly changedBy: string;
  readonly changedAt: Date;
};

/** An account with its sealed credentials. */
export type SealedAccount = Pick<
  OwnAccount,
  "merchantId" | "accountId" | "provider" | "state" | "version"
> & { readonly sealed: Buffer };

const HINT_LENGTH = 4;

/** What may be shown of credentials: the account's holder, and the last characters of the API key. */
export function shownOf(credentials: Credentials): { holder: string; hint: string } {
  switch (credentials.provider) {
    case "tripay":
      return { holder: credentials.merchant_code, hint: credentials.api_key.slice(-HINT_LENGTH) };
    case "midtrans":
      return { holder: credentials.merchant_id, hint: credentials.server_key.slice(-HINT_LENGTH) };
    case "xendit":
      return { holder: credentials.business_id, hint: credentials.secret_key.slice(-HINT_LENGTH) };
    case "snap":
      // without a shared secret, only the merchant's number tells two sets of credentials apart
      return {
        holder: `${credentials.partner_id} ${credentials.merchant_id}`,
        hint: (credentials.client_secret ?? credentials.merchant_id).slice(-HINT_LENGTH),
      };
  }
}

type AccountKey = Pick<OwnAccount, "merchantId" | "accountId">;

export function seal(box: SecretBox, key: AccountKey, credentials: Credentials): Buffer {
  return box.close(JSON.stringify(credentials), about(key));
}

export function unseal(
  box: SecretBox,
  { sealed, ...key }: AccountKey & { readonly sealed: Buffer },
): Credentials {
  const text = box.open(sealed, about(key));
  if (text === undefined) {
    throw new StartFailure(
      "ONEGATE_SECRET_KEY is not the one that a merchant's credentials were sealed with.",
      "Set ONEGATE_SECRET_KEY to the value it had, or ONEGATE_OLD_SECRET_KEY.",
    );
  }
  return JSON.parse(text) as Credentials;
}

/** Binds sealed credentials to their merchant and account: moved to another row, they can't be opened. */
function about({ merchantId, accountId }: AccountKey): string {
  return `provider_account ${merchantId} ${accountId}`;
}
