import { isRefusal, refuse, type Credentials, type Refusal } from "@onegate/contract";
import { announceAudit, merchants, type Who } from "../identity/index.ts";
import { inTransaction, type Tx } from "../kernel/index.ts";
import { chartOf, openAccounts } from "../ledger/index.ts";
import { seal, shownOf, type OwnAccount } from "./account.ts";
import { credentialsRefusal } from "./check.ts";
import type { Vault } from "./context.ts";
import { insertAccount, lockProvider, switchOthersOff, selectAccounts, updateCredentials } from "./store.ts";

export type AccountInput = { readonly credentials: Credentials; readonly verify: boolean };

/**
 * Saves a merchant's credentials at a provider; its payments there use them from then on. Credentials of a
 * known holder replace the earlier ones. A new holder is a new account, and the earlier account is switched
 * off. With `verify`, the provider must accept the credentials first. Refuses what `credentialsRefusal`
 * refuses, `credentials_refused`, `credentials_unverified`, `merchant_missing`.
 */
export async function putAccount(
  vault: Vault,
  who: Who,
  { credentials, verify }: AccountInput,
): Promise<OwnAccount | Refusal> {
  const refusal =
    (await credentialsRefusal(credentials, vault.rules)) ??
    (verify ? await refusalReason(vault, credentials) : undefined);
  if (refusal) return refusal;
  const saved = await inTransaction(vault.database, (tx) => save(tx, vault, who, credentials));
  if (!isRefusal(saved)) vault.changed(who.merchantId);
  return saved;
}

async function refusalReason({ make, newId }: Vault, credentials: Credentials): Promise<Refusal | undefined> {
  const answer = await make(credentials, newId()).verify?.();
  if (answer?.answer === "accepted") return undefined;
  return answer?.answer === "refused"
    ? refuse("credentials_refused", { reason: answer.reason })
    : refuse("credentials_unverified");
}

async function save(
  tx: Tx,
  { box, newId }: Vault,
  who: Who,
  credentials: Credentials,
): Promise<OwnAccount | Refusal> {
  const { merchantId, actor: by } = who;
  const { provider } = credentials;
  await lockProvider(tx, merchantId, provider);
  const merchant = (await merchants(tx)).find((one) => one.merchantId === merchantId);
  if (!merchant) return refuse("merchant_missing");
  const { holder, hint } = shownOf(credentials);
  const known = (await selectAccounts(tx, merchantId)).find(
    (one) => one.provider === provider && one.holder === holder,
  );
  const accountId = known?.accountId ?? newId();
  await switchOthersOff(tx, { merchantId, accountId, provider }, by);
  const written = {
    merchantId,
    accountId,
    provider,
    holder,
    hint,
    by,
    keyId: box.keyId,
    sealed: seal(box, { merchantId, accountId }, credentials),
  };
  await announceAudit(tx, who, {
    action: "provider.changed",
    subject: accountId,
    before: known && { state: known.state, version: known.version },
    after: { provider, state: "active", version: (known?.version ?? 0) + 1 },
  });
  if (known) return updateCredentials(tx, written);
  // the provider owes what it collects through this account
  await openAccounts(
    tx,
    merchantId,
    chartOf(merchantId, merchant.currency, [provider], []).filter(({ kind }) => kind === "provider_clearing"),
  );
  return insertAccount(tx, written);
}
