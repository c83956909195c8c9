import type { Id } from "@onegate/contract";
import type { SecretBox } from "../identity/index.ts";
import { asMerchant, type Database } from "../kernel/index.ts";
import { ofInstallation, type Account, type Provider, type Providers } from "../providers/index.ts";
import { unseal, type SealedAccount } from "./account.ts";
import type { MakeProvider } from "./context.ts";
import { selectMerchantOf, selectSealed } from "./store.ts";

/** How long a replica may use accounts that another replica has changed. */
const FRESH_MS = 2_000;
const MAX_MERCHANTS = 10_000;

type Known = { readonly at: number; readonly accounts: Promise<readonly SealedAccount[]> };

export type OwnProviders = Providers & {
  /** Makes the next call read a merchant's accounts again. */
  changed(merchantId: Id): void;
};

/**
 * Uses each merchant's own accounts in place of the installation's. A merchant's rows are read at most every
 * two seconds. A provider object is kept until the version of its credentials changes, and with it its
 * circuit breaker and its list of channels.
 */
export function createOwnProviders({
  database,
  box,
  make,
  installed,
}: {
  database: Database;
  box: SecretBox;
  make: MakeProvider;
  installed: readonly Provider[];
}): OwnProviders {
  const installation = ofInstallation(installed);
  const known = new Map<Id, Known>();
  const owners = new Map<Id, Id>();
  const made = new Map<Id, { readonly version: number; readonly provider: Provider }>();

  function accountsOf(merchantId: Id): Promise<readonly SealedAccount[]> {
    const found = known.get(merchantId);
    const now = performance.now();
    if (found && now - found.at < FRESH_MS) return found.accounts;
    if (known.size >= MAX_MERCHANTS) known.clear();
    // the promise is shared by all callers
    const accounts = asMerchant(merchantId, () => selectSealed(database.kysely, merchantId));
    known.set(merchantId, { at: now, accounts });
    accounts.catch(() => known.delete(merchantId));
    return accounts;
  }

  function toAccount(account: SealedAccount): Account {
    const { accountId, merchantId, version } = account;
    const before = made.get(accountId);
    if (before?.version === version) return { accountId, merchantId, provider: before.provider };
    const provider = make(unseal(box, account), accountId);
    made.set(accountId, { version, provider });
    return { accountId, merchantId, provider };
  }

  async function ownerOf(accountId: Id): Promise<Id | undefined> {
    const owner = owners.get(accountId) ?? (await selectMerchantOf(database.kysely, accountId));
    if (owner !== undefined) owners.set(accountId, owner);
    return owner;
  }

  return {
    async offeredTo(merchantId) {
      const [own, others] = await Promise.all([accountsOf(merchantId), installation.offeredTo(merchantId)]);
      if (own.length === 0) return others;
      // a merchant with an own account, even one that is off, never collects through the installation's
      const owned = new Set<string>(own.map(({ provider }) => provider));
      return [
        ...own.filter(({ state }) => state === "active").map(toAccount),
        ...others.filter(({ provider }) => !owned.has(provider.name)),
      ];
    },
    async find(provider, accountId) {
      if (accountId === null) return installation.find(provider, null);
      const merchantId = await ownerOf(accountId);
      const account =
        merchantId === undefined
          ? undefined
          : (await accountsOf(merchantId)).find(
              (one) => one.accountId === accountId && one.provider === provider,
            );
      return account && toAccount(account);
    },
    changed: (merchantId) => void known.delete(merchantId),
  };
}
