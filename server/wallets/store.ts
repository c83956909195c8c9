import { money, type Currency, type Id, type Money } from "@onegate/contract";
import { sql } from "kysely";
import type { Executor, Tx } from "../kernel/index.ts";
import type { Balance } from "../ledger/index.ts";
import {
  STATES,
  type Operation,
  type OperationKind,
  type OperationState,
  type Payout,
  type Step,
} from "./operation.ts";

// accounts

export type WalletAccount = Pick<
  Balance,
  "accountId" | "code" | "currency" | "status" | "posted" | "held"
> & {
  /** Null for the merchant's own accounts. */
  readonly userId: Id | null;
  readonly openedAt: Date;
};

type AccountRow = {
  account_id: Id;
  code: string;
  user_id: Id | null;
  currency: Currency;
  status: Balance["status"];
  posted: bigint;
  held: bigint;
  created_at: Date;
};

const ACCOUNT = sql`
  select a.account_id, a.code, a.user_id, b.currency, b.status, b.posted, b.held, a.created_at
    from ledger_account a join ledger_balance b using (merchant_id, account_id)`;

function toAccount({ account_id, user_id, created_at, ...row }: AccountRow): WalletAccount {
  return { accountId: account_id, userId: user_id, openedAt: created_at, ...row };
}

/** The time of the latest posting to each account. Accounts without postings are left out. */
export async function selectLastPosted(
  executor: Executor,
  merchantId: Id,
  accountIds: readonly Id[],
): Promise<Map<Id, Date>> {
  const { rows } = await sql<{ account_id: Id; posted_at: Date }>`
    select b.account_id, e.posted_at
      from ledger_balance b cross join lateral (
        select posted_at
          from ledger_entry e
         where e.merchant_id = ${merchantId} and e.account_id = b.account_id and e.version = b.version) e
     where b.merchant_id = ${merchantId} and b.account_id = any (${[...accountIds]}::uuid[])`.execute(
    executor,
  );
  return new Map(rows.map((row) => [row.account_id, row.posted_at]));
}

/** A user's accounts, oldest first. */
export async function selectAccounts(
  executor: Executor,
  merchantId: Id,
  userId: Id,
): Promise<WalletAccount[]> {
  const { rows } = await sql<AccountRow>`${ACCOUNT}
     where a.merchant_id = ${merchantId} and a.user_id = ${userId}
     order by a.created_at, a.code`.execute(executor);
  return rows.map(toAccount);
}

/** An account of the kind `wallet`, by id or code. */
export async function selectWallet(
  executor: Executor,
  merchantId: Id,
  by: "account_id" | "code",
  value: string,
): Promise<WalletAccount | undefined> {
  const { rows } = await sql<AccountRow>`${ACCOUNT}
     where a.merchant_id = ${merchantId} and ${sql.ref(`a.${by}`)} = ${value} and a.kind = 'wallet'`.execute(
    executor,
  );
  return rows[0] && toAccount(rows[0]);
}

/** Like `selectWallet`, but locks the balance: nothing is posted to it until the transaction ends. */
export async function lockWallet(tx: Tx, merchantId: Id, accountId: Id): Promise<WalletAccount | undefined> {
  await sql`
    select
      from ledger_balance
     where merchant_id = ${merchantId} and account_id = ${accountId} for update`.execute(tx);
  return selectWallet(tx, merchantId, "account_id", accountId);
}

// users

export type WalletUser = {
  readonly userId: Id;
  readonly username: string;
  readonly email: string;
  readonly phone: string;
};

/**
 * A user whose account is not closed, by id, username or telephone number. Until the transaction ends the
 * user can't be closed.
 */
export async function lockUser(
  tx: Tx,
  by: "id" | "username" | "phone",
  value: string,
): Promise<WalletUser | undefined> {
  const { rows } = await sql<{ id: Id; username: string; email: string; phone: string }>`
    select id, username, email, phone
      from users
     where ${sql.ref(by)} = ${value} and closed_at is null for share`.execute(tx);
  const [row] = rows;
  return row && { userId: row.id, username: row.username, email: row.email, phone: row.phone };
}

// operations

type OperationRow = {
  merchant_id: Id;
  operation_id: Id;
  user_id: Id;
  account_id: Id;
  kind: OperationKind;
  state: OperationState;
  step: Step;
  currency: Currency;
  amount: bigint;
  settled: bigint;
  refunded: bigint;
  counter_account_id: Id | null;
  hold_id: Id | null;
  hold_expires_at: Date | null;
  payment_method: string | null;
  external_reference: string | null;
  description: string | null;
  original_id: Id | null;
  payout: Payout | null;
  note: string | null;
  created_at: Date;
  updated_at: Date;
};

const COLUMNS = sql.raw(`
  merchant_id, operation_id, user_id, account_id, kind, state, step, currency, amount, settled, refunded,
  counter_account_id, hold_id, hold_expires_at, payment_method, external_reference, description, original_id,
  payout, note, created_at, updated_at`);

function toOperation(row: OperationRow): Operation {
  return {
    merchantId: row.merchant_id,
    operationId: row.operation_id,
    userId: row.user_id,
    accountId: row.account_id,
    kind: row.kind,
    state: row.state,
    step: row.step,
    amount: money(row.amount, row.currency),
    settled: row.settled,
    refunded: row.refunded,
    counterAccountId: row.counter_account_id,
    holdId: row.hold_id,
    holdExpiresAt: row.hold_expires_at,
    paymentMethod: row.payment_method,
    externalReference: row.external_reference,
    description: row.description,
    originalId: row.original_id,
    payout: row.payout,
    note: row.note,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

export type NewOperation = Pick<
  Operation,
  "merchantId" | "operationId" | "userId" | "accountId" | "kind" | "step" | "amount"
> &
  Partial<
    Pick<
      Operation,
      | "settled"
      | "counterAccountId"
      | "holdId"
      | "holdExpiresAt"
      | "paymentMethod"
      | "description"
      | "originalId"
      | "payout"
    >
  > & { readonly decidedBy?: string };

export async function insertOperation(tx: Tx, operation: NewOperation): Promise<Operation> {
  const { rows } = await sql<OperationRow>`
    insert into wallet_operation (merchant_id, operation_id, user_id, account_id, kind, state, step, currency,
           amount, settled, balance_seen, counter_account_id, hold_id, hold_expires_at,
           payment_method, description, original_id, payout, decided_by)
    select ${operation.merchantId}, ${operation.operationId}, ${operation.userId}, ${operation.accountId},
           ${operation.kind}, ${STATES[operation.step]}, ${operation.step}, ${operation.amount.currency},
           ${operation.amount.minor}, ${operation.settled ?? 0n}, b.posted,
           ${operation.counterAccountId ?? null}, ${operation.holdId ?? null},
           ${operation.holdExpiresAt ?? null}::timestamptz, ${operation.paymentMethod ?? null},
           ${operation.description ?? null}, ${operation.originalId ?? null},
           ${operation.payout ? JSON.stringify(operation.payout) : null}::jsonb,
           ${operation.decidedBy ?? null}
      from ledger_balance b
     where b.merchant_id = ${operation.merchantId} and b.account_id = ${operation.accountId}
    returning ${COLUMNS}`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error("the account of a new operation was not found");
  return toOperation(row);
}

/** An operation. With `for update`, its row is locked until the transaction ends. */
export async function selectOperation(
  executor: Executor,
  merchantId: Id,
  operationId: Id,
  lock: "" | "for update" = "",
): Promise<Operation | undefined> {
  const { rows } = await sql<OperationRow>`
    select ${COLUMNS}
      from wallet_operation
     where merchant_id = ${merchantId} and operation_id = ${operationId} ${sql.raw(lock)}`.execute(executor);
  return rows[0] && toOperation(rows[0]);
}

export type Move = {
  readonly settled?: bigint;
  readonly refunded?: bigint;
  readonly reference?: string | null;
  readonly note?: string | null;
  readonly by?: string;
};

/**
 * Moves an operation to a step. Amounts are added to the stored ones. Fields that are not given stay as they
 * are.
 */
export async function updateOperation(
  tx: Tx,
  { merchantId, operationId }: Operation,
  step: Step,
  move: Move = {},
): Promise<Operation> {
  const { rows } = await sql<OperationRow>`
    update wallet_operation o
       set step = ${step}, state = ${STATES[step]}, settled = settled + ${move.settled ?? 0n},
           refunded = refunded + ${move.refunded ?? 0n},
           external_reference = coalesce(${move.reference ?? null}, external_reference),
           note = ${move.note === undefined ? sql`note` : move.note},
           decided_by = coalesce(${move.by ?? null}, decided_by), updated_at = now(),
           balance_seen = (select b.posted
                             from ledger_balance b
                            where b.merchant_id = o.merchant_id and b.account_id = o.account_id)
     where merchant_id = ${merchantId} and operation_id = ${operationId} returning ${COLUMNS}`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error("an operation to update was not found");
  return toOperation(row);
}

/**
 * Without an idempotency key, a second top-up of the same amount within this time counts as a repeat of the
 * first.
 */
const KEYLESS_MINUTES = 15;

/**
 * The newest open top-up of an account with this method and amount. Concurrent requests for the same account
 * wait for each other.
 */
export async function lockOpenTopup(
  tx: Tx,
  merchantId: Id,
  accountId: Id,
  method: string,
  { minor, currency }: Money,
): Promise<Id | undefined> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`topup:${accountId}`}, 0))`.execute(tx);
  const { rows } = await sql<{ operation_id: Id }>`
    select operation_id from wallet_operation
     where merchant_id = ${merchantId} and account_id = ${accountId} and state = 'PENDING' and kind = 'TOPUP'
       and step = 'opened' and payment_method = ${method} and currency = ${currency} and amount = ${minor}
       and created_at > now() - make_interval(mins => ${KEYLESS_MINUTES})
     order by operation_id desc limit 1`.execute(tx);
  return rows[0]?.operation_id;
}

/** Whether an account has a pending operation. */
export async function hasPending(executor: Executor, merchantId: Id, accountId: Id): Promise<boolean> {
  const { rows } = await sql`
    select
      from wallet_operation
     where merchant_id = ${merchantId} and account_id = ${accountId} and state = 'PENDING' limit 1`.execute(
    executor,
  );
  return rows.length > 0;
}

/** Top-ups that are paid and whose account is active: for one account, or for all. */
export async function selectCreditable(
  executor: Executor,
  limit: number,
  accountId?: Id,
): Promise<Array<{ merchantId: Id; operationId: Id }>> {
  const { rows } = await sql<{ merchant_id: Id; operation_id: Id }>`
    select o.merchant_id, o.operation_id
      from wallet_operation o
      join ledger_balance b using (merchant_id, account_id)
     where o.state = 'PENDING' and o.kind = 'TOPUP' and o.step = 'collected' and b.status = 'ACTIVE'
       and (${accountId ?? null}::uuid is null or o.account_id = ${accountId ?? null}::uuid)
     order by o.operation_id limit ${limit}`.execute(executor);
  return rows.map((row) => ({ merchantId: row.merchant_id, operationId: row.operation_id }));
}

/** Open top-ups so old that their payment may never have been opened, or may have ended unnoticed. */
export async function selectForgotten(
  executor: Executor,
  limit: number,
): Promise<Array<{ merchantId: Id; operationId: Id }>> {
  const { rows } = await sql<{ merchant_id: Id; operation_id: Id }>`
    select merchant_id, operation_id from wallet_operation
     where state = 'PENDING' and kind = 'TOPUP' and step = 'opened'
       and created_at < now() - interval '10 minutes'
     order by operation_id limit ${limit}`.execute(executor);
  return rows.map((row) => ({ merchantId: row.merchant_id, operationId: row.operation_id }));
}

/** Payments whose hold has expired in the ledger. */
export async function selectExpired(
  executor: Executor,
  limit: number,
): Promise<Array<{ merchantId: Id; operationId: Id }>> {
  const { rows } = await sql<{ merchant_id: Id; operation_id: Id }>`
    select o.merchant_id, o.operation_id
      from wallet_operation o
      join ledger_hold h using (merchant_id, hold_id)
     where o.state = 'PENDING' and o.kind = 'PAYMENT' and o.step = 'held' and h.state = 'expired'
     order by o.operation_id limit ${limit}`.execute(executor);
  return rows.map((row) => ({ merchantId: row.merchant_id, operationId: row.operation_id }));
}

/**
 * Erases the account numbers and holders of the bank accounts that a user's withdrawals went to. The bank
 * stays.
 */
export async function erasePayouts(tx: Tx, merchantId: Id, userId: Id): Promise<void> {
  await sql`
    update wallet_operation
       set payout = jsonb_build_object('bank', payout ->> 'bank', 'accountNumber', '', 'accountName', '')
     where merchant_id = ${merchantId} and user_id = ${userId} and kind = 'WITHDRAWAL'
       and payout is not null`.execute(tx);
}

export async function selectTopupIds(executor: Executor, merchantId: Id, userId: Id): Promise<Id[]> {
  const { rows } = await sql<{ operation_id: Id }>`
    select operation_id
      from wallet_operation
     where merchant_id = ${merchantId} and user_id = ${userId} and kind = 'TOPUP'`.execute(executor);
  return rows.map((row) => row.operation_id);
}

/** Pending withdrawals, oldest first. */
export async function selectWithdrawals(
  executor: Executor,
  merchantId: Id,
  limit: number,
): Promise<Operation[]> {
  const { rows } = await sql<OperationRow>`
    select ${COLUMNS}
      from wallet_operation
     where merchant_id = ${merchantId} and kind = 'WITHDRAWAL' and state = 'PENDING'
     order by operation_id limit ${limit}`.execute(executor);
  return rows.map(toOperation);
}

// limits

/** Limits in minor units; null means no limit. */
export type Limit = {
  readonly perTransaction: bigint | null;
  readonly perDay: bigint | null;
  readonly perMonth: bigint | null;
};

/** The limits under this id apply to every merchant that has none of its own. */
const EVERYBODY: Id = "00000000-0000-0000-0000-000000000000";

export async function selectLimit(
  executor: Executor,
  merchantId: Id,
  kind: OperationKind,
  currency: Currency,
): Promise<Limit | undefined> {
  const { rows } = await sql<{
    per_transaction: bigint | null;
    per_day: bigint | null;
    per_month: bigint | null;
  }>`
    select per_transaction, per_day, per_month from wallet_limit
     where merchant_id in (${merchantId}, ${EVERYBODY}) and kind = ${kind} and currency = ${currency}
     order by merchant_id = ${EVERYBODY} limit 1`.execute(executor);
  const [row] = rows;
  return row && { perTransaction: row.per_transaction, perDay: row.per_day, perMonth: row.per_month };
}

/** The time zone in which the days of limits and statements begin. */
export const WALLET_ZONE = "Asia/Jakarta";

/** An account's usage today and this month, in minor units. */
export async function selectUsage(
  executor: Executor,
  merchantId: Id,
  accountId: Id,
  kind: OperationKind,
): Promise<{ day: bigint; month: bigint }> {
  const { rows } = await sql<{ day: bigint; month: bigint }>`
    select coalesce(sum(amount) filter (where day = t.today), 0)::bigint as day,
           coalesce(sum(amount), 0)::bigint as month
      from wallet_usage, (select (now() at time zone ${WALLET_ZONE})::date as today) t
     where merchant_id = ${merchantId} and account_id = ${accountId} and kind = ${kind}
       and day between date_trunc('month', t.today)::date and t.today`.execute(executor);
  return rows[0] ?? { day: 0n, month: 0n };
}

/**
 * Adds to an account's usage of today. The month's first row is locked until the transaction ends, so that
 * concurrent requests are counted one after the other.
 */
export async function addUsage(
  tx: Tx,
  merchantId: Id,
  accountId: Id,
  kind: OperationKind,
  amount: bigint,
): Promise<void> {
  await sql`
    insert into wallet_usage as u (merchant_id, account_id, kind, day, amount)
    values (${merchantId}, ${accountId}, ${kind},
            date_trunc('month', now() at time zone ${WALLET_ZONE})::date, 0)
    on conflict (merchant_id, account_id, kind, day) do update set amount = u.amount`.execute(tx);
  await sql`
    insert into wallet_usage as u (merchant_id, account_id, kind, day, amount)
    values (${merchantId}, ${accountId}, ${kind}, (now() at time zone ${WALLET_ZONE})::date, ${amount})
    on conflict (merchant_id, account_id, kind, day) do update
       set amount = u.amount + excluded.amount`.execute(tx);
}

/** Takes back usage that an operation was counted with, on the day when it was created. */
export async function takeBackUsage(
  tx: Tx,
  { merchantId, accountId, kind, createdAt }: Operation,
  amount: bigint,
): Promise<void> {
  await sql`
    update wallet_usage set amount = greatest(0, amount - ${amount})
     where merchant_id = ${merchantId} and account_id = ${accountId} and kind = ${kind}
       and day = (${createdAt}::timestamptz at time zone ${WALLET_ZONE})::date`.execute(tx);
}

// history

/**
 * A row of historical_transactions. Amounts are decimal text; null where they exceed the view's precision.
 */
export type HistoryRow = {
  readonly id: Id;
  readonly accountId: Id;
  readonly transactionId: string;
  readonly type: "TOPUP" | "PAYMENT" | "REFUND" | "TRANSFER";
  readonly status: OperationState;
  readonly amount: string | null;
  readonly balanceBefore: string | null;
  readonly balanceAfter: string | null;
  readonly currency: Currency;
  readonly description: string | null;
  readonly externalReference: string | null;
  readonly paymentMethod: string | null;
  /** With microseconds, because rows are ordered by it. */
  readonly createdAt: string;
};

export type HistoryFilter = {
  readonly accountId?: Id | undefined;
  readonly type?: string | undefined;
  readonly status?: string | undefined;
};

/**
 * A place in a history. Rows of the same moment are ordered by `part`, which is the account of an entry or
 * the id of an operation, then by `number`, which is the entry's position in its account.
 */
export type HistoryPlace = { readonly createdAt: string; readonly part: Id; readonly number: bigint };

/** Rows of a history, and where the next page begins; undefined on the last page. */
export type HistoryPage = { readonly rows: HistoryRow[]; readonly next: HistoryPlace | undefined };

/** A filtered page scans at most this many rows, and then ends, even if few of them match. */
const MAX_HISTORY_ROWS_SCANNED = 1_000;

/**
 * A page of a user's history, newest first, before a place in it, with the columns of
 * historical_transactions. The query reads along the indexes of the user's accounts and operations, so a page
 * costs the same however long the history is. With a filter, a page may hold fewer rows than `limit` and
 * still have a next page.
 */
export async function selectHistory(
  executor: Executor,
  merchantId: Id,
  userId: Id,
  { accountId, type, status }: HistoryFilter,
  before: HistoryPlace | undefined,
  limit: number,
): Promise<HistoryPage> {
  const isFiltered = accountId !== undefined || type !== undefined || status !== undefined;
  const maxScanned = isFiltered ? MAX_HISTORY_ROWS_SCANNED : limit;
  const at = before && sql`${before.createdAt}::timestamptz`;
  // the times of an account's entries never decrease, so the entries before a place are those up to some
  // version
  const newest = before
    ? sql`case when a.account_id = ${before.part} then ${before.number} - 1
               when a.account_id < ${before.part} then ledger_version_at(a.merchant_id, a.account_id, ${at})
               else ledger_version_at(a.merchant_id, a.account_id, ${at} - interval '1 microsecond') end`
    : sql`b.version`;
  const time = (column: string) =>
    sql`to_char(${sql.ref(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
  const { rows } = await sql<ScannedRow>`
    with scanned as materialized (
      (select e.account_id, e.account_id as part, e.version as number, e.posted_at as created_at,
              md5(e.account_id::text || e.version::text)::uuid as id,
              e.transfer_id::text || case when e.amount > 0 then '-C' else '-D' end as transaction_id,
              case when e.kind = 'topup' then 'TOPUP' when e.kind in ('refund', 'topup_return') then 'REFUND'
                   when e.kind in ('transfer', 'withdrawal') then 'TRANSFER' else 'PAYMENT' end as type,
              'SUCCESS' as status, abs(e.amount) as amount, e.balance_after - e.amount as balance_before,
              e.balance_after, e.currency, e.details ->> 'description' as description,
              e.reference as external_reference,
              e.details ->> 'payment_method' as payment_method
         from ledger_account a join ledger_balance b using (merchant_id, account_id)
         cross join lateral (select ${newest} as version) up_to
         cross join lateral (
           select * from ledger_entry one
            where one.merchant_id = ${merchantId} and one.account_id = a.account_id
              and one.version <= up_to.version
            order by one.version desc limit ${maxScanned}) e
        where a.merchant_id = ${merchantId} and a.user_id = ${userId}
          and (${accountId ?? null}::uuid is null or a.account_id = ${accountId ?? null}::uuid)
          and (${status ?? null}::text is null or ${status ?? null}::text = 'SUCCESS')
        order by e.posted_at desc, e.account_id desc, e.version desc limit ${maxScanned})
      union all
      (select o.account_id, o.operation_id, 0, o.created_at, o.operation_id, o.operation_id::text,
              case o.kind when 'WITHDRAWAL' then 'TRANSFER' else o.kind end,
              o.state, o.amount - o.settled, o.balance_seen, o.balance_seen, o.currency, o.description,
              o.external_reference, o.payment_method
         from wallet_operation o
        where o.merchant_id = ${merchantId} and o.user_id = ${userId} and o.state <> 'SUCCESS'
          and ${status ?? null}::text is distinct from 'SUCCESS'
          and ${before ? sql`(o.created_at, o.operation_id) < (${at}, ${before.part})` : sql`true`}
        order by o.created_at desc, o.operation_id desc limit ${maxScanned})
      order by created_at desc, part desc, number desc limit ${maxScanned}),
    oldest as (
      select created_at as oldest_at, part as oldest_part, number as oldest_number,
             (select count(*) from scanned) as scanned
        from scanned order by created_at, part, number limit 1),
    shown as (
      select * from scanned
       where (${accountId ?? null}::uuid is null or account_id = ${accountId ?? null}::uuid)
         and (${type ?? null}::text is null or type = ${type ?? null}::text)
         and (${status ?? null}::text is null or status = ${status ?? null}::text)
       order by created_at desc, part desc, number desc limit ${limit})
    select s.id, s.account_id as "accountId", s.transaction_id as "transactionId", s.type, s.status,
           shown_sum(s.amount, c.exponent)::text as amount,
           shown_sum(s.balance_before, c.exponent)::text as "balanceBefore",
           shown_sum(s.balance_after, c.exponent)::text as "balanceAfter", s.currency, s.description,
           s.external_reference as "externalReference", s.payment_method as "paymentMethod",
           ${time("s.created_at")} as "createdAt", s.part, s.number, ${time("o.oldest_at")} as "oldestAt",
           o.oldest_part as "oldestPart", o.oldest_number as "oldestNumber", o.scanned
      from oldest o left join (shown s join currency c on c.code = s.currency) on true
     order by s.created_at desc, s.part desc, s.number desc`.execute(executor);
  const found = rows.filter(({ id }) => id !== null);
  const [last, any] = [found.at(-1), rows[0]];
  const isFull = found.length === limit;
  const next =
    isFull && last
      ? { createdAt: last.createdAt, part: last.part, number: last.number }
      : any && any.scanned === BigInt(maxScanned)
        ? { createdAt: any.oldestAt, part: any.oldestPart, number: any.oldestNumber }
        : undefined;
  return { rows: found, next };
}

type ScannedRow = HistoryRow & {
  readonly part: Id;
  readonly number: bigint;
  /** The oldest row that was scanned, and how many rows were scanned. */
  readonly oldestAt: string;
  readonly oldestPart: Id;
  readonly oldestNumber: bigint;
  readonly scanned: bigint;
};
