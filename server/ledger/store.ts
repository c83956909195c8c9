import type { Currency, Id } from "@onegate/contract";
import { sql } from "kysely";
import type pg from "pg";
import type { Executor } from "../kernel/index.ts";
import type { AccountKind, Balance, Entry, NewAccount } from "./account.ts";
import { accountKinds } from "./account.ts";

/** The types of ledger_post's arguments after the merchant, in the order of `toArguments`. */
const COLUMN_TYPES = [
  "uuid[]", "uuid[]", "smallint[]", "text[]", "int[]", "int[]", "text[]", "bigint[]", "int[]", "uuid[]", "timestamptz[]", "text[]", "jsonb[]", "boolean[]",
  "text[]", "bigint[]", "int[]", "bigint[]", "int[]", "bigint[]", "int[]", "bigint[]",
];

const POST_BATCH = {
  name: "ledger_post",
  text: `select ledger_post($1,${COLUMN_TYPES.map((type, index) => `$${index + 2}::${type}`).join(",")}) as results`,
} as const;

/** One batch in a transaction of its own. */
export async function postBatch(pool: pg.Pool, merchantId: Id, columns: readonly string[]): Promise<string[]> {
  const { rows } = await pool.query<{ results: string }>({ ...POST_BATCH, values: [merchantId, ...columns] });
  return rows[0]?.results.split(",") ?? [];
}

/** One batch within the caller's transaction. */
export async function postBatchIn(tx: Executor, merchantId: Id, columns: readonly string[]): Promise<string[]> {
  const { rows } = await sql<{ results: string }>`select ledger_post(${merchantId}, ${sql.join(columns.map((column, index) => sql`${column}::${sql.raw(COLUMN_TYPES[index] ?? "")}`))}) as results`.execute(tx);
  return rows[0]?.results.split(",") ?? [];
}

/** Opens accounts that are not there yet; one that is stays as it is. */
export async function insertAccounts(tx: Executor, merchantId: Id, accounts: readonly NewAccount[]): Promise<void> {
  for (const { id, code, kind, currency, userId } of accounts) {
    const { rows } = await sql<{ account_id: Id }>`
      insert into ledger_account (merchant_id, account_id, code, kind, user_id)
      values (${merchantId}, ${id}, ${code}, ${kind}, ${userId ?? null})
      on conflict do nothing returning account_id`.execute(tx);
    if (rows.length === 0) continue;
    await sql`
      insert into ledger_balance (merchant_id, account_id, currency, least)
      values (${merchantId}, ${id}, ${currency}, ${accountKinds[kind].floor ? 0 : null})`.execute(tx);
  }
}

type BalanceRow = { account_id: Id; code: string; kind: AccountKind; currency: Currency; posted: bigint; held: bigint; version: bigint; status: Balance["status"] };

function toBalance({ account_id, ...row }: BalanceRow): Balance {
  return { accountId: account_id, ...row };
}

export async function selectBalanceByCode(tx: Executor, merchantId: Id, code: string): Promise<Balance | undefined> {
  const { rows } = await sql<BalanceRow>`
    select a.account_id, a.code, a.kind, b.currency, b.posted, b.held, b.version, b.status
      from ledger_account a join ledger_balance b using (merchant_id, account_id)
     where a.merchant_id = ${merchantId} and a.code = ${code}`.execute(tx);
  return rows[0] && toBalance(rows[0]);
}

/** What kind each of some accounts is; an account that isn't there is left out. */
export async function selectKinds(tx: Executor, merchantId: Id, codes: readonly string[]): Promise<Map<string, AccountKind>> {
  const { rows } = await sql<{ code: string; kind: AccountKind }>`
    select code, kind from ledger_account where merchant_id = ${merchantId} and code = any (${[...codes]}::text[])`.execute(tx);
  return new Map(rows.map(({ code, kind }) => [code, kind]));
}

export async function selectBalances(tx: Executor, merchantId: Id): Promise<Balance[]> {
  const { rows } = await sql<BalanceRow>`
    select a.account_id, a.code, a.kind, b.currency, b.posted, b.held, b.version, b.status
      from ledger_account a join ledger_balance b using (merchant_id, account_id)
     where a.merchant_id = ${merchantId} order by a.code`.execute(tx);
  return rows.map(toBalance);
}

/** Entries of an account, newest first, below `before`. */
export async function selectEntries(tx: Executor, merchantId: Id, accountId: Id, before: bigint, limit: number): Promise<Entry[]> {
  const { rows } = await sql<{ version: bigint; transfer_id: Id; kind: string; amount: bigint; balance_after: bigint; posted_at: Date }>`
    select e.version, e.transfer_id, t.kind, e.amount, e.balance_after, e.posted_at
      from ledger_entry e join ledger_transfer t using (merchant_id, transfer_id)
     where e.merchant_id = ${merchantId} and e.account_id = ${accountId} and e.version < ${before}
     order by e.version desc limit ${limit}`.execute(tx);
  return rows.map((row) => ({
    version: row.version,
    transferId: row.transfer_id,
    kind: row.kind,
    amount: row.amount,
    balanceAfter: row.balance_after,
    postedAt: row.posted_at,
  }));
}

export type HoldRow = { hold_id: Id; merchant_id: Id; debit_account_id: Id; credit_account_id: Id; currency: Currency; amount: bigint; settled: bigint; state: string };

export async function selectHold(tx: Executor, merchantId: Id, holdId: Id): Promise<HoldRow | undefined> {
  const { rows } = await sql<HoldRow>`
    select hold_id, merchant_id, debit_account_id, credit_account_id, currency, amount, settled, state
      from ledger_hold where merchant_id = ${merchantId} and hold_id = ${holdId}`.execute(tx);
  return rows[0];
}

/** Open holds whose time is over by the database's clock. */
export async function selectExpiredHolds(tx: Executor, limit: number): Promise<HoldRow[]> {
  const { rows } = await sql<HoldRow>`
    select hold_id, merchant_id, debit_account_id, credit_account_id, currency, amount, settled, state
      from ledger_hold where state = 'open' and expires_at <= clock_timestamp() order by expires_at limit ${limit}`.execute(tx);
  return rows;
}

/** What the books must satisfy; each row that comes back is a breach. */
export async function selectBreaches(tx: Executor): Promise<Array<{ rule: string; subject: string; detail: string }>> {
  const { rows } = await sql<{ rule: string; subject: string; detail: string }>`
    select 'sum of balances is zero' as rule, currency::text as subject, sum(posted)::text as detail
      from ledger_balance group by currency having sum(posted) <> 0
    union all
    select 'balance equals its entries', b.account_id::text, b.posted || ' <> ' || coalesce(sum(e.amount), 0)
      from ledger_balance b left join ledger_entry e using (merchant_id, account_id)
     group by b.merchant_id, b.account_id, b.posted, b.version
    having b.posted <> coalesce(sum(e.amount), 0) or b.version <> count(e.version) or b.version <> coalesce(max(e.version), 0)
    union all
    select 'chain of balances', c.account_id::text, 'version ' || c.version
      from (select account_id, version, amount, balance_after, lag(balance_after, 1, 0::bigint) over (partition by merchant_id, account_id order by version) as before from ledger_entry) c
     where c.balance_after <> c.before + c.amount
    union all
    select 'held equals open holds', b.account_id::text, b.held || ' <> ' || coalesce(sum(h.amount - h.settled), 0)
      from ledger_balance b left join ledger_hold h on h.merchant_id = b.merchant_id and h.debit_account_id = b.account_id and h.state = 'open'
     group by b.merchant_id, b.account_id, b.held having b.held <> coalesce(sum(h.amount - h.settled), 0)
    union all
    select 'floor is kept', account_id::text, (posted - held)::text from ledger_balance where posted - held < least`.execute(tx);
  return rows;
}
