import type { Id, OwnProvider } from "@onegate/contract";
import { sql } from "kysely";
import type { Executor, Tx } from "../kernel/index.ts";
import type { OwnAccount, SealedAccount } from "./account.ts";

/** Locks the merchant's accounts at the provider until the transaction ends. */
export async function lockProvider(tx: Tx, merchantId: Id, provider: OwnProvider): Promise<void> {
  const name = `provider account ${merchantId} ${provider}`;
  await sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(tx);
}

type Row = {
  merchant_id: Id;
  account_id: Id;
  provider: OwnProvider;
  holder: string;
  hint: string;
  state: OwnAccount["state"];
  version: number;
  created_by: string;
  created_at: Date;
  changed_by: string;
  changed_at: Date;
};

const COLUMNS = sql.raw(`
  merchant_id, account_id, provider, holder, hint, state, version,
  created_by, created_at, changed_by, changed_at`);

function toAccount(row: Row): OwnAccount {
  return {
    merchantId: row.merchant_id,
    accountId: row.account_id,
    provider: row.provider,
    holder: row.holder,
    hint: row.hint,
    state: row.state,
    version: row.version,
    createdBy: row.created_by,
    createdAt: row.created_at,
    changedBy: row.changed_by,
    changedAt: row.changed_at,
  };
}

/** A merchant's accounts, oldest first. */
export async function selectAccounts(executor: Executor, merchantId: Id): Promise<OwnAccount[]> {
  const { rows } = await sql<Row>`
    select ${COLUMNS} from provider_account
     where merchant_id = ${merchantId} order by created_at, account_id`.execute(executor);
  return rows.map(toAccount);
}

type Written = Pick<OwnAccount, "merchantId" | "accountId" | "provider" | "holder" | "hint"> & {
  readonly by: string;
  readonly keyId: string;
  readonly sealed: Buffer;
};

export async function insertAccount(
  tx: Tx,
  { merchantId, accountId, provider, holder, hint, by, keyId, sealed }: Written,
): Promise<OwnAccount> {
  const { rows } = await sql<Row>`
    insert into provider_account
           (merchant_id, account_id, provider, holder, sealed, key_id, hint, state, created_by, changed_by)
    values (${merchantId}, ${accountId}, ${provider}, ${holder}, ${sealed}, ${keyId}, ${hint},
            'active', ${by}, ${by})
    returning ${COLUMNS}`.execute(tx);
  return only(rows);
}

/** Saves new credentials of an account and makes it active. */
export async function updateCredentials(
  tx: Tx,
  { merchantId, accountId, hint, by, keyId, sealed }: Written,
): Promise<OwnAccount> {
  const { rows } = await sql<Row>`
    update provider_account
       set sealed = ${sealed}, key_id = ${keyId}, hint = ${hint}, state = 'active',
           version = version + 1, changed_by = ${by}, changed_at = now()
     where merchant_id = ${merchantId} and account_id = ${accountId}
    returning ${COLUMNS}`.execute(tx);
  return only(rows);
}

function only(rows: readonly Row[]): OwnAccount {
  const [row] = rows;
  if (!row) throw new Error("the saved account was not returned");
  return toAccount(row);
}

/** Switches off a merchant's other accounts at the provider: only one may be active. */
export async function switchOthersOff(
  tx: Tx,
  { merchantId, accountId, provider }: Pick<OwnAccount, "merchantId" | "accountId" | "provider">,
  by: string,
): Promise<void> {
  await sql`
    update provider_account set state = 'off', changed_by = ${by}, changed_at = now()
     where merchant_id = ${merchantId} and provider = ${provider} and account_id <> ${accountId}
       and state = 'active'`.execute(tx);
}

/** Switches an account off, if it exists. Repeating the call keeps the actor of the first one. */
export async function markOff(
  executor: Executor,
  merchantId: Id,
  accountId: Id,
  by: string,
): Promise<OwnAccount | undefined> {
  await sql`
    update provider_account set state = 'off', changed_by = ${by}, changed_at = now()
     where merchant_id = ${merchantId} and account_id = ${accountId} and state = 'active'`.execute(executor);
  const { rows } = await sql<Row>`
    select ${COLUMNS} from provider_account
     where merchant_id = ${merchantId} and account_id = ${accountId}`.execute(executor);
  return rows[0] && toAccount(rows[0]);
}

type SealedRow = Pick<Row, "merchant_id" | "account_id" | "provider" | "state" | "version"> & {
  sealed: Buffer;
};

const SEALED = sql.raw("merchant_id, account_id, provider, state, version, sealed");

function toSealed(row: SealedRow): SealedAccount {
  return {
    merchantId: row.merchant_id,
    accountId: row.account_id,
    provider: row.provider,
    state: row.state,
    version: row.version,
    sealed: row.sealed,
  };
}

/** A merchant's accounts with their sealed credentials, oldest first. */
export async function selectSealed(executor: Executor, merchantId: Id): Promise<SealedAccount[]> {
  const { rows } = await sql<SealedRow>`
    select ${SEALED} from provider_account
     where merchant_id = ${merchantId} order by created_at, account_id`.execute(executor);
  return rows.map(toSealed);
}

export async function selectMerchantOf(executor: Executor, accountId: Id): Promise<Id | undefined> {
  const { rows } = await sql<{ merchant_id: Id }>`
    select merchant_id from provider_account where account_id = ${accountId}`.execute(executor);
  return rows[0]?.merchant_id;
}

/** The accounts that were sealed with another key than this one. */
export async function selectSealedByOthers(executor: Executor, keyId: string): Promise<SealedAccount[]> {
  const { rows } = await sql<SealedRow>`
    select ${SEALED} from provider_account
     where key_id <> ${keyId} order by merchant_id, account_id`.execute(executor);
  return rows.map(toSealed);
}

/** Replaces sealed credentials, unless they have changed meanwhile. */
export async function updateSealed(
  executor: Executor,
  before: SealedAccount,
  { sealed, keyId }: { sealed: Buffer; keyId: string },
): Promise<void> {
  await sql`
    update provider_account set sealed = ${sealed}, key_id = ${keyId}
     where merchant_id = ${before.merchantId} and account_id = ${before.accountId}
       and sealed = ${before.sealed}`.execute(executor);
}
