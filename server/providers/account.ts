import type { Id } from "@onegate/contract";
import type { Provider } from "./provider.ts";

/** An account at a provider: a merchant's own, or, where both ids are null, the installation's, for whoever has none. */
export type Account = {
  readonly accountId: Id | null;
  readonly merchantId: Id | null;
  readonly provider: Provider;
};

/** Through whom money is asked for. Each payment keeps the account that it was opened through. */
export type Providers = {
  /** The accounts through which a merchant opens payments now, one a provider, in the order in which they are listed. */
  offeredTo(merchantId: Id): Promise<readonly Account[]>;
  /** An account by what a payment or a notification's path names, also one that is off; nothing where there is none. */
  find(provider: string, accountId: Id | null): Promise<Account | undefined>;
};

/** Those of an installation whose merchants have no accounts of their own. */
export function ofInstallation(providers: readonly Provider[]): Providers {
  const accounts = providers.map((provider): Account => ({ accountId: null, merchantId: null, provider }));
  return {
    offeredTo: async () => accounts,
    find: async (name, accountId) =>
      accountId === null ? accounts.find(({ provider }) => provider.name === name) : undefined,
  };
}
