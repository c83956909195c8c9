import type { Currency, Id } from "@onegate/contract";
import { sql } from "kysely";
import type pg from "pg";
import type { Executor, Tx } from "../kernel/index.ts";
import type { AccountKind, Balance, Entry, NewAccount } from "./account.ts";
import { accountKinds } from "./account.ts";

/** The types of ledger_post's arguments after the merchant, in the order of `toArguments`. */
const COLUMN_TYPES = [
  "uuid[]",
  "uuid[]",
  "smallint[]",
  "text[]",
  "int[]",
  "int[]",
  "text[]",
  "bigint[]",
  "int[]",
  "uuid[]",
  "timestamptz[]",
  "text[]",
  "jsonb[]",
  "boolean[]",
  "text[]",
  "bigint[]",
  "int[]",
  "bigint[]",
  "int[]",
  "bigint[]",
  "int[]",
  "bigint[]",
];

const PARAMETERS = COLUMN_TYPES.map((type, index) => `$${index + 2}::${type}`).join(",");
const POST_BATCH = {
  name: "ledger_post",
  text: `select ledger_post($1,${PARAMETERS}) as results`,
} as const;

/** Posts one batch in its own transaction. */
export async function postBatch(
  pool: pg.Pool,
  merchantId: Id,
  columns: readonly string[],
): Promise<string[]> {
  const { rows } = await pool.query<{ results: string }>({ ...POST_BATCH, values: [merchantId, ...columns] });
  return rows[0]?.results.split(",") ?? [];
}

/** Posts one batch in the caller's transaction. */
export async function postBatchIn(
  tx: Executor,
  merchantId: Id,
  columns: readonly string[],
): Promise<string[]> {
  const values = columns.map((column, index) => sql`${column}::${sql.raw(COLUMN_TYPES[index] ?? "")}`);
  const { rows } = await sql<{ results: string }>`
    select ledger_post(${merchantId}, ${sql.join(values)}) as results`.execute(tx);
  return rows[0]?.results.split(",") ?? [];
}

/**
 * Locks balances in key order, as `ledger_post` does, and returns their accounts. `andOwn` locks the
 * merchant's own accounts too, that is, all accounts but wallets.
 */
export async function lockBalances(
  tx: Tx,
  merchantId: Id,
  accounts: readonly Id[],
  { andOwn }: { andOwn: boolean },
): Promise<Id[]> {
  const { rows } = await sql<{ account_id: Id }>`
    select b.account_id from ledger_balance b
     where b.merchant_id = ${merchantId}
       and (b.account_id = any (${[...accounts]}::uuid[])
            or ${andOwn} and b.account_id in (select account_id from ledger_account
                                               where merchant_id = ${merchantId} and kind <> 'wallet'))
     order by b.account_id for no key update of b`.execute(tx);
  return rows.map(({ account_id }) => account_id);
}

/** Whether an account's balance has a lower bound. */
export async function hasFloor(executor: Executor, merchantId: Id, accountId: Id): Promise<boolean> {
  const { rows } = await sql<{ has: boolean }>`
    select least is not null as has from ledger_balance
     where merchant_id = ${merchantId} and account_id = ${accountId}`.execute(executor);
  return rows[0]?.has ?? true;
}

/** Opens accounts that don't exist yet and returns their ids; existing ones stay as they are. */
export async function insertAccounts(
  tx: Executor,
  merchantId: Id,
  accounts: readonly NewAccount[],
): Promise<Id[]> {
  const opened: Id[] = [];
  for (const { id, code, kind, currency, userId } of accounts) {
    const { rows } = await sql<{ account_id: Id }>`
      insert into ledger_account (merchant_id, account_id, code, kind, user_id)
      values (${merchantId}, ${id}, ${code}, ${kind}, ${userId ?? null})
      on conflict do nothing returning account_id`.execute(tx);
    if (rows.length === 0) continue;
    await sql`
      insert into ledger_balance (merchant_id, account_id, currency, least)
      values (${merchantId}, ${id}, ${currency}, ${accountKinds[kind].floor ? 0 : null})`.execute(tx);
    opened.push(id);
  }
  return opened;
}

type BalanceRow = {
  account_id: Id;
  code: string;
  kind: AccountKind;
  currency: Currency;
  posted: bigint;
  held: bigint;
  version: bigint;
  status: Balance["status"];
};

function toBalance({ account_id, ...row }: BalanceRow): Balance {
  return { accountId: account_id, ...row };
}

export async function selectBalanceByCode(
  tx: Executor,
  merchantId: Id,
  code: string,
): Promise<Balance | undefined> {
  const { rows } = await sql<BalanceRow>`
    select a.account_id, a.code, a.kind, b.currency, b.posted, b.held, b.version, b.status
      from ledger_account a join ledger_balance b using (merchant_id, account_id)
     where a.merchant_id = ${merchantId} and a.code = ${code}`.execute(tx);
  return rows[0] && toBalance(rows[0]);
}

/** The kind of each account; accounts that don't exist are left out. */
export async function selectKinds(
  tx: Executor,
  merchantId: Id,
  codes: readonly string[],
): Promise<Map<string, AccountKind>> {
  const { rows } = await sql<{ code: string; kind: AccountKind }>`
    select code, kind from ledger_account
     where merchant_id = ${merchantId} and code = any (${[...codes]}::text[])`.execute(tx);
  return new Map(rows.map(({ code, kind }) => [code, kind]));
}

export async function selectBalances(tx: Executor, merchantId: Id): Promise<Balance[]> {
  const { rows } = await sql<BalanceRow>`
    select a.account_id, a.code, a.kind, b.currency, b.posted, b.held, b.version, b.status
      from ledger_account a join ledger_balance b using (merchant_id, account_id)
     where a.merchant_id = ${merchantId} order by a.code`.execute(tx);
  return rows.map(toBalance);
}

/** Entries of an account, newest first, with versions below `before`. */
export async function selectEntries(
  tx: Executor,
  merchantId: Id,
  accountId: Id,
  before: bigint,
  limit: number,
): Promise<Entry[]> {
  const { rows } = await sql<{
    version: bigint;
    transfer_id: Id;
    kind: string;
    amount: bigint;
    balance_after: bigint;
    posted_at: Date;
  }>`
    select e.version, e.transfer_id, e.kind, e.amount, e.balance_after, e.posted_at
      from ledger_entry e
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

export type HoldRow = {
  hold_id: Id;
  merchant_id: Id;
  debit_account_id: Id;
  credit_account_id: Id;
  currency: Currency;
  amount: bigint;
  settled: bigint;
  state: string;
};

export async function selectHold(tx: Executor, merchantId: Id, holdId: Id): Promise<HoldRow | undefined> {
  const { rows } = await sql<HoldRow>`
    select hold_id, merchant_id, debit_account_id, credit_account_id, currency, amount, settled, state
      from ledger_hold where merchant_id = ${merchantId} and hold_id = ${holdId}`.execute(tx);
  return rows[0];
}

/** Open holds that have expired by the database's clock. */
export async function selectExpiredHolds(tx: Executor, limit: number): Promise<HoldRow[]> {
  const { rows } = await sql<HoldRow>`
    select hold_id, merchant_id, debit_account_id, credit_account_id, currency, amount, settled, state
      from ledger_hold where state = 'open' and expires_at <= clock_timestamp()
     order by expires_at limit ${limit}`.execute(tx);
  return rows;
}

/** An account's balance at a moment, in minor units. */
export async function selectBalanceAt(
  tx: Executor,
  merchantId: Id,
  accountId: Id,
  at: Date,
): Promise<bigint> {
  const { rows } = await sql<{ balance: bigint }>`
    select e.balance_after as balance from ledger_entry e
     where e.merchant_id = ${merchantId} and e.account_id = ${accountId}
       and e.version = (select ledger_version_at(${merchantId}, ${accountId}, ${at}))`.execute(tx);
  return rows[0]?.balance ?? 0n;
}

export type DayBalance = {
  readonly day: string;
  readonly opening: bigint;
  readonly closing: bigint;
  readonly credits: bigint;
  readonly debits: bigint;
};

/**
 * The version of an account's last entry before each day of a range begins, and before the day after the
 * range.
 */
export async function selectDayVersions(
  tx: Executor,
  merchantId: Id,
  accountId: Id,
  { from, to, timeZone }: DayRange,
): Promise<bigint[]> {
  const { rows } = await sql<{ versions: string[] }>`
    select ledger_versions_at(${merchantId}, ${accountId}, array(
      select day at time zone ${timeZone} - interval '1 microsecond'
        from generate_series(${from}::timestamp, ${to}::timestamp + interval '1 day', interval '1 day') as day
       order by day)) as versions`.execute(tx);
  return (rows[0]?.versions ?? []).map(BigInt);
}

/** Days in a time zone, `YYYY-MM-DD`, both ends included. */
export type DayRange = { readonly from: string; readonly to: string; readonly timeZone: string };

/**
 * An account's days: opening and closing balance and what moved, in minor units. `versions` are the range's
 * day versions. The entries between them are summed, so callers limit by them how many that may be.
 */
export async function selectDayBalances(
  tx: Executor,
  merchantId: Id,
  accountId: Id,
  { from, to }: DayRange,
  versions: readonly bigint[],
): Promise<DayBalance[]> {
  const balanceAfter = (version: ReturnType<typeof sql.ref>) => sql`
    (select e.balance_after from ledger_entry e
      where e.merchant_id = ${merchantId} and e.account_id = ${accountId} and e.version = ${version})`;
  const [first, last] = [sql.ref("d.first"), sql.ref("d.last")];
  // subqueries, one index lookup each: a join may be planned as a scan of all of the account's entries
  const { rows } = await sql<DayBalance>`
    select to_char(d.day, 'YYYY-MM-DD') as day, coalesce(${balanceAfter(first)}, 0) as opening,
           coalesce(${balanceAfter(last)}, 0) as closing, s.credits, s.debits
      from (select day, (${versions.map(String)}::bigint[])[n] as first,
                   (${versions.map(String)}::bigint[])[n + 1] as last
              from generate_series(${from}::timestamp, ${to}::timestamp, interval '1 day')
                   with ordinality as days (day, n)) d
      cross join lateral (
        select coalesce(sum(e.amount) filter (where e.amount > 0), 0)::bigint as credits,
               coalesce(-sum(e.amount) filter (where e.amount < 0), 0)::bigint as debits
          from ledger_entry e
         where e.merchant_id = ${merchantId} and e.account_id = ${accountId}
           and e.version > d.first and e.version <= d.last) s
     order by d.day`.execute(tx);
  return rows;
}

/** Sets an account's status; only an ACTIVE account takes postings. False when the account doesn't exist. */
export async function updateStatus(
  tx: Executor,
  merchantId: Id,
  accountId: Id,
  status: Balance["status"],
): Promise<boolean> {
  const { rows } = await sql`
    update ledger_balance set status = ${status}
     where merchant_id = ${merchantId} and account_id = ${accountId}
    returning account_id`.execute(tx);
  return rows.length > 0;
}

/**
 * Closes all accounts of a user, at every merchant. Returns false and closes nothing when one of them has a
 * balance or a hold.
 */
export async function closeUserAccounts(tx: Tx, userId: Id): Promise<boolean> {
  // locked in key order, as ledger_post does
  const { rows } = await sql<{ merchant_id: Id; account_id: Id; posted: bigint; held: bigint }>`
    select b.merchant_id, b.account_id, b.posted, b.held
      from ledger_balance b join ledger_account a using (merchant_id, account_id)
     where a.user_id = ${userId} order by b.merchant_id, b.account_id for update of b`.execute(tx);
  if (rows.some(({ posted, held }) => posted !== 0n || held !== 0n)) return false;
  for (const { merchant_id, account_id } of rows) await updateStatus(tx, merchant_id, account_id, "CLOSED");
  return true;
}
