import type { Id } from "@onegate/contract";
import type { SecretBox } from "../identity/index.ts";
import { asMerchant, type Database } from "../kernel/index.ts";
import { ofInstallation, type Account, type Provider, type Providers } from "../providers/index.ts";
import { unseal, type SealedAccount } from "./account.ts";
import type { MakeProvider } from "./context.ts";
import { selectMerchantOf, selectSealed } from "./store.ts";

/** So long at most a replica goes by what another one has changed. */
const FRESH_MS = 2_000;
const MAX_MERCHANTS = 10_000;

type Known = { readonly at: number; readonly accounts: Promise<readonly SealedAccount[]> };

export type OwnProviders = Providers & {
  /** A merchant's accounts are read anew at the next call. */
  changed(merchantId: Id): void;
};

/**
 * Each merchant's own accounts in place of the installation's. A merchant's rows are read once in two seconds; a provider lives
 * as long as the version of its credentials, so that its breaker and its list of channels do.
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
    // kept for all callers, whoever is the first
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
      // whoever has an account of its own, be it off, never collects into the installation's
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
