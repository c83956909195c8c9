import type { Id } from "@onegate/contract";
import type { Provider } from "./provider.ts";

/**
 * An account at a provider: a merchant's own or, if both ids are null, the installation's for merchants
 * without one.
 */
export type Account = {
  readonly accountId: Id | null;
  readonly merchantId: Id | null;
  readonly provider: Provider;
};

/**
 * The accounts through which payments are opened. Each payment keeps the account that it was opened through.
 */
export type Providers = {
  /** The accounts through which a merchant opens payments now: one per provider, in listing order. */
  offeredTo(merchantId: Id): Promise<readonly Account[]>;
  /**
   * The account that a payment or a notification's path names, even one that is off; undefined if there is
   * none.
   */
  find(provider: string, accountId: Id | null): Promise<Account | undefined>;
};

/** The accounts of an installation, for all merchants. */
export function ofInstallation(providers: readonly Provider[]): Providers {
  const accounts = providers.map((provider): Account => ({ accountId: null, merchantId: null, provider }));
  return {
    offeredTo: async () => accounts,
    find: async (name, accountId) =>
      accountId === null ? accounts.find(({ provider }) => provider.name === name) : undefined,
  };
}
