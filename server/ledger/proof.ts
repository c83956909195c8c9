import type { Id } from "@onegate/contract";
import { sql, type RawBuilder } from "kysely";
import type { Database, Executor } from "../kernel/index.ts";
import { LEAF, SEAL } from "./seal.ts";

/** A broken invariant: which rule, what it concerns, and the details. */
export type Breach = { readonly rule: string; readonly subject: string; readonly detail: string };

export type Proof = {
  readonly breaches: readonly Breach[];
  /** What was checked. */
  readonly accounts: number;
  readonly entries: bigint;
  readonly sealed: bigint;
  readonly unsealed: bigint;
};

/** More breaches than this add nothing to a report. */
const MAX_REPORTED = 100;

/**
 * Proves the books from one snapshot, without a lock that others wait for: sums are zero, each balance equals
 * its entries, each chain of balances is unbroken, held equals the open holds, floors are kept, every
 * announced transfer exists, and every row is as it was sealed. `mode` "new" checks what was added since the
 * last successful proof, and all balances and holds. A row of an earlier day that was edited since then is
 * found by "all" only.
 */
export async function prove(database: Pick<Database, "kysely">, mode: "all" | "new" = "all"): Promise<Proof> {
  return database.kysely
    .transaction()
    .setIsolationLevel("repeatable read")
    .setAccessMode("read only")
    .execute(async (tx) => {
      await sql`set local work_mem = '192MB'`.execute(tx);
      await sql`set local lock_timeout = 0`.execute(tx);
      // After a crash PostgreSQL has no table statistics. A merge join would then match by merchant alone:
      // every row with every other.
      await sql`set local enable_mergejoin = off`.execute(tx);
      const counted = await proveAccounts(tx, mode);
      const sealed = await proveSeals(tx, mode);
      const breaches = [...(await proveBalances(tx)), ...counted.breaches, ...sealed.breaches].slice(
        0,
        MAX_REPORTED,
      );
      return {
        breaches,
        accounts: counted.accounts,
        entries: counted.entries,
        sealed: sealed.sealed,
        unsealed: sealed.unsealed,
      };
    });
}

/**
 * Records that the books held, for the next "new" proof. One day of overlap covers transactions that were
 * still in flight.
 */
export async function rememberProof(executor: Executor): Promise<void> {
  await sql`
    insert into ledger_proof (merchant_id, block, proven_at)
    select merchant_id, max(block), now() - interval '1 day' from ledger_block group by merchant_id
    on conflict (merchant_id) do update set block = excluded.block, proven_at = excluded.proven_at`.execute(
    executor,
  );
}

async function selectBreaches(executor: Executor, statement: RawBuilder<Breach>): Promise<Breach[]> {
  return (await statement.execute(executor)).rows;
}

/** Checks balances and holds against each other. */
function proveBalances(tx: Executor): Promise<Breach[]> {
  return selectBreaches(
    tx,
    sql<Breach>`
    select 'sum of balances is zero' as rule, currency::text as subject, sum(posted)::text as detail
      from ledger_balance group by currency having sum(posted) <> 0
    union all
    select 'held equals open holds', b.account_id::text,
           b.held || ' <> ' || coalesce(sum(h.amount - h.settled), 0)
      from ledger_balance b
      left join ledger_hold h
        on h.merchant_id = b.merchant_id and h.debit_account_id = b.account_id and h.state = 'open'
     group by b.merchant_id, b.account_id, b.held having b.held <> coalesce(sum(h.amount - h.settled), 0)
    union all
    select 'floor is kept', account_id::text, (posted - held)::text
      from ledger_balance where posted - held < least`,
  );
}

/**
 * Checks each chain of balances without sorting it. Over an account's entries, the hash of (version, balance
 * after) less the hash of (version before, balance before) adds up to the hash of the last less the hash of
 * the first if and only if (but for a chance of 2^-64) every entry continues where the one before stopped.
 * Only a chain that doesn't add up is read entry by entry.
 */
async function proveAccounts(
  tx: Executor,
  mode: "all" | "new",
): Promise<{ breaches: Breach[]; accounts: number; entries: bigint }> {
  const starts =
    mode === "all"
      ? sql`
        select merchant_id, account_id, posted, version, 0::bigint as start, 0::bigint as opening
          from ledger_balance`
      : sql`
        select b.merchant_id, b.account_id, b.posted, b.version, v.start,
               coalesce((select e.balance_after from ledger_entry e
                          where e.merchant_id = b.merchant_id and e.account_id = b.account_id
                            and e.version = v.start), 0) as opening
          from ledger_balance b
          left join ledger_proof p using (merchant_id)
          cross join lateral (
            select case when p.proven_at is null then 0
                        else ledger_version_at(b.merchant_id, b.account_id, p.proven_at) end as start) v`;
  const entries =
    mode === "all"
      ? sql`select merchant_id, account_id, version, amount, balance_after from ledger_entry`
      : sql`
        select e.merchant_id, e.account_id, e.version, e.amount, e.balance_after
          from starts s
          join ledger_entry e
            on e.merchant_id = s.merchant_id and e.account_id = s.account_id and e.version > s.start`;
  const { rows } = await sql<{
    merchant_id: Id;
    account_id: Id;
    start: bigint;
    opening: bigint;
    detail: string | null;
    entries: bigint;
    accounts: number;
  }>`
    with starts as materialized (${starts}),
    entries as (${entries}),
    sums as (
      select merchant_id, account_id, count(*) as n, sum(amount) as amount,
             sum(hashint8extended(version, balance_after))
               - sum(hashint8extended(version - 1, balance_after - amount)) as chain
        from entries group by merchant_id, account_id),
    judged as (
      select coalesce(s.merchant_id, x.merchant_id) as merchant_id,
             coalesce(s.account_id, x.account_id) as account_id,
             coalesce(s.start, 0) as start, coalesce(s.opening, 0) as opening, coalesce(x.n, 0) as n,
             case when s.account_id is null then 'entries without an account'
                  when s.posted <> s.opening + coalesce(x.amount, 0)
                    then s.posted || ' <> ' || s.opening + coalesce(x.amount, 0)
                  when s.version <> s.start + coalesce(x.n, 0)
                    then 'version ' || s.version || ', but ' || s.start + coalesce(x.n, 0) || ' entries'
                  when coalesce(x.chain, 0) <>
                       case when x.n is null then 0
                            else hashint8extended(s.version, s.posted)::numeric
                                 - hashint8extended(s.start, s.opening) end
                    then 'chain' end as detail
        from starts s full join sums x using (merchant_id, account_id))
    select merchant_id, account_id, start, opening, detail, null::bigint as entries, null::int as accounts
      from judged where detail is not null
    union all
    select null, null, null, null, null, coalesce(sum(n), 0)::bigint, count(*)::int from judged`.execute(tx);
  const total = rows.pop();
  const breaches: Breach[] = [];
  for (const { merchant_id, account_id, start, opening, detail } of rows.slice(0, MAX_REPORTED)) {
    if (detail !== "chain")
      breaches.push({ rule: "balance equals its entries", subject: account_id, detail: detail ?? "" });
    breaches.push(...(await walkChain(tx, merchant_id, account_id, start, opening)));
  }
  return { breaches, accounts: total?.accounts ?? 0, entries: total?.entries ?? 0n };
}

/** The entries of one account that don't continue where the one before stopped. */
function walkChain(
  tx: Executor,
  merchantId: Id,
  accountId: Id,
  start: bigint,
  opening: bigint,
): Promise<Breach[]> {
  return selectBreaches(
    tx,
    sql<Breach>`
    select 'chain of balances' as rule, transfer_id::text as subject,
           'account ' || account_id || ' version ' || version || ': ' || before
             || case when amount < 0 then ' ' else ' + ' end || amount || ' <> ' || balance_after as detail
      from (select *, lag(balance_after, 1, ${opening}::bigint) over w as before,
                   lag(version, 1, ${start}::bigint) over w as version_before
              from ledger_entry
             where merchant_id = ${merchantId} and account_id = ${accountId} and version > ${start}
            window w as (order by version)) c
     where balance_after <> before + amount or version <> version_before + 1
     order by version limit ${MAX_REPORTED}`,
  );
}

/**
 * Checks that every row is as it was sealed, every seal builds on the one before, every announced transfer
 * exists, and every existing transfer was announced.
 */
async function proveSeals(
  tx: Executor,
  mode: "all" | "new",
): Promise<{ breaches: Breach[]; sealed: bigint; unsealed: bigint }> {
  const blocks =
    mode === "all"
      ? sql`select b.* from ledger_block b`
      : sql`
        select b.* from ledger_block b left join ledger_proof p using (merchant_id)
         where b.block > coalesce(p.block, 0)`;
  const rows = await selectBreaches(
    tx,
    // materialized, because a plan for the first hundred rows is a poor one for all of them
    sql<Breach>`
    with broken as materialized (
      select u.id, t.transfer_id is null as is_gone, b.block, b.merchant_id
        from (${blocks}) b
        cross join lateral unnest(b.ids, b.leaves) as u (id, leaf)
        left join ledger_transfer t on t.merchant_id = b.merchant_id and t.transfer_id = u.id
       where t.transfer_id is null or ${LEAF} <> u.leaf)
    select 'row is as it was sealed' as rule, id::text as subject,
           case when is_gone then 'is gone, sealed in block ' else 'was changed after block ' end
             || block || ' of merchant ' || merchant_id as detail
      from broken limit ${MAX_REPORTED}`,
  );
  const chain = await selectBreaches(
    tx,
    sql<Breach>`
    select 'chain of seals' as rule, b.merchant_id::text as subject, 'block ' || b.block as detail
      from (${blocks}) b
      left join ledger_block p on p.merchant_id = b.merchant_id and p.block = b.block - 1
     where (p.block is null and b.block > 1)
        or b.head <> sha256(
             coalesce(p.head, ''::bytea) || int8send(b.block)
             || (select string_agg(leaf, ''::bytea order by n)
                   from unnest(b.leaves) with ordinality as u (leaf, n)))
     limit ${MAX_REPORTED}`,
  );
  const announced = sql`
    select e.merchant_id, (jsonb_array_elements_text(e.payload -> 'transfers'))::uuid as id
      from outbox_event e
      left join outbox_consumer c on c.name = ${SEAL}
     where e.topic = 'ledger.posted'
       and (e.xid, e.event_id) > (coalesce(c.xid, '0'), coalesce(c.event_id, 0))`;
  const { rows: counts } = await sql<{ sealed: bigint; unsealed: bigint; there: bigint }>`
    select (select coalesce(sum(cardinality(ids)), 0)::bigint from ledger_block) as sealed,
           (select count(*) from (${announced}) a) as unsealed,
           (select count(*) from ledger_transfer) as there`.execute(tx);
  const { sealed = 0n, unsealed = 0n, there = 0n } = counts[0] ?? {};
  const missing = await selectBreaches(
    tx,
    sql<Breach>`
    select 'every event has its fact' as rule, a.id::text as subject, 'announced, but missing' as detail
      from (${announced}) a
     where not exists (select from ledger_transfer t
                        where t.merchant_id = a.merchant_id and t.transfer_id = a.id)
     limit ${MAX_REPORTED}`,
  );
  // if all that was announced exists and the counts agree, nothing else can exist and the search is skipped
  const isComplete = missing.length === 0 && !rows.some(({ detail }) => detail.startsWith("is gone"));
  const unannounced =
    isComplete && sealed + unsealed === there
      ? []
      : await selectBreaches(
          tx,
          sql<Breach>`
    with announced as (${announced} union all select merchant_id, unnest(ids) from ledger_block)
    select 'every transfer was announced' as rule, t.transfer_id::text as subject,
           'exists without an event' as detail
      from ledger_transfer t
     where not exists (select from announced a
                        where a.merchant_id = t.merchant_id and a.id = t.transfer_id)
     limit ${MAX_REPORTED}`,
        );
  return { breaches: [...rows, ...chain, ...missing, ...unannounced], sealed, unsealed };
}
