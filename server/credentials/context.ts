import type { Credentials, Id } from "@onegate/contract";
import type { SecretBox } from "../identity/index.ts";
import type { AddressRules, Database, IdMaker } from "../kernel/index.ts";
import type { Provider } from "../providers/index.ts";

/** Makes a provider that uses these credentials and is notified at this account's path. */
export type MakeProvider = (credentials: Credentials, accountId: Id) => Provider;

export type Vault = {
  readonly database: Database;
  readonly box: SecretBox;
  readonly newId: IdMaker;
  /** Which URLs of banks may be called. */
  readonly rules: AddressRules;
  readonly make: MakeProvider;
  /** The URL at which an account is notified. */
  readonly callbackUrl: (provider: string, accountId: Id) => string;
  /** Reports that a merchant's accounts have changed; this process then reads them again at once. */
  readonly changed: (merchantId: Id) => void;
};
