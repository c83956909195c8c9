import type { Credentials, Id } from "@onegate/contract";
import type { SecretBox } from "../identity/index.ts";
import type { AddressRules, Database, IdMaker } from "../kernel/index.ts";
import type { Provider } from "../providers/index.ts";

/** Makes the provider that speaks with these credentials and is notified at this account's path. */
export type MakeProvider = (credentials: Credentials, accountId: Id) => Provider;

export type Vault = {
  readonly database: Database;
  readonly box: SecretBox;
  readonly newId: IdMaker;
  /** Which addresses of banks may be called. */
  readonly rules: AddressRules;
  readonly make: MakeProvider;
  /** Where an account is notified. */
  readonly callbackUrl: (provider: string, accountId: Id) => string;
  /** A merchant's accounts have changed here: they are read anew at once. */
  readonly changed: (merchantId: Id) => void;
};
