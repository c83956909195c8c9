import type { Id } from "@onegate/contract";
import { sql } from "kysely";
import type { Consumer, Executor, OutboxEvent, Tx } from "../kernel/index.ts";

/**
 * What a transfer's seal covers: SHA-256 over the fixed fields in binary (16-byte UUIDs, 8-byte big-endian
 * numbers, the time as microseconds since 2000) and the other fields as a JSON array in PostgreSQL's text
 * form. It is written here and not as a database function, so that an owner of the database can't change what
 * is checked.
 */
export const LEAF = sql.raw(`sha256(
  uuid_send(t.merchant_id) || uuid_send(t.transfer_id)
  || uuid_send(t.debit_account_id) || uuid_send(t.credit_account_id) || int8send(t.amount)
  || int8send(t.debit_version) || int8send(t.debit_after)
  || int8send(t.credit_version) || int8send(t.credit_after) || timestamptz_send(t.posted_at)
  || convert_to(
       jsonb_build_array(
         t.currency, t.kind, t.hold_id, t.reference, t.details, t.is_accessible_external)::text,
       'UTF8'))`);

export const SEAL = "ledger:seal";
const POSTED = "ledger.posted";

/**
 * Follows the ledger's events and seals what they announce, a few batches at a time to keep transactions
 * short.
 */
export const seal: Consumer = {
  name: SEAL,
  topics: [POSTED],
  atOnce: 10,
  async handle(tx, events) {
    for (const [merchantId, ids] of idsByMerchant(events)) await insertBlock(tx, merchantId, ids);
  },
};

function idsByMerchant(events: readonly OutboxEvent[]): Map<Id, Id[]> {
  const ids = new Map<Id, Id[]>();
  for (const { merchantId, topic, payload } of events) {
    if (topic !== POSTED) continue;
    const known = ids.get(merchantId) ?? [];
    ids.set(merchantId, known);
    known.push(...payload.transfers);
  }
  return ids;
}

/**
 * Adds a block to a merchant's chain. Only the holder of the consumer calls this, so blocks are numbered
 * consecutively.
 */
async function insertBlock(tx: Tx, merchantId: Id, ids: readonly Id[]): Promise<void> {
  await sql`
    insert into ledger_block (merchant_id, block, ids, leaves, head)
    select ${merchantId}, l.block + 1, s.ids, s.leaves, sha256(l.head || int8send(l.block + 1) || s.together)
      from (select array_agg(x.transfer_id order by x.n) as ids,
                   array_agg(x.leaf order by x.n) as leaves,
                   string_agg(x.leaf, ''::bytea order by x.n) as together
              from (select t.transfer_id, u.n, ${LEAF} as leaf
                      from unnest(${[...ids]}::uuid[]) with ordinality as u (id, n)
                      join ledger_transfer t on t.merchant_id = ${merchantId} and t.transfer_id = u.id) x) s,
           (select coalesce(max(block), 0) as block,
                   coalesce((array_agg(head order by block desc))[1], ''::bytea) as head
              from (select block, head from ledger_block where merchant_id = ${merchantId}
                     order by block desc limit 1) newest) l
     where s.ids is not null`.execute(tx);
}

export type Head = {
  readonly merchantId: Id;
  readonly block: bigint;
  readonly transfers: bigint;
  /** Hexadecimal. */
  readonly head: string;
};

/** The newest head of every merchant's chain. */
export async function selectHeads(executor: Executor): Promise<Head[]> {
  const { rows } = await sql<{ merchant_id: Id; block: bigint; transfers: bigint; head: string }>`
    select distinct on (merchant_id) merchant_id, block, encode(head, 'hex') as head,
           (select sum(cardinality(ids))::bigint from ledger_block b
             where b.merchant_id = l.merchant_id and b.block <= l.block) as transfers
      from ledger_block l order by merchant_id, block desc`.execute(executor);
  return rows.map(({ merchant_id, ...head }) => ({ merchantId: merchant_id, ...head }));
}

/** The head of a merchant's chain at a block, in hexadecimal; undefined when the chain is shorter. */
export async function selectHeadAt(
  executor: Executor,
  merchantId: Id,
  block: bigint,
): Promise<string | undefined> {
  const { rows } = await sql<{ head: string }>`
    select encode(head, 'hex') as head from ledger_block
     where merchant_id = ${merchantId} and block = ${block}`.execute(executor);
  return rows[0]?.head;
}
