import type { Id } from "@onegate/contract";
import { sql } from "kysely";
import type { Executor, Tx } from "../../kernel/index.ts";
import type { AuditEntry } from "./entry.ts";

/** The times of events by their ids, as UTC strings with microseconds. */
export async function selectTimes(
  tx: Tx,
  merchantId: Id,
  eventIds: readonly bigint[],
): Promise<Map<bigint, string>> {
  const { rows } = await sql<{ event_id: bigint; at: string }>`
    select event_id, ${asText(sql`occurred_at`)} as at
      from outbox_event
     where merchant_id = ${merchantId} and event_id = any (${eventIds.map(String)}::bigint[])`.execute(tx);
  return new Map(rows.map(({ event_id, at }) => [event_id, at]));
}

function asText(time: ReturnType<typeof sql>) {
  return sql`to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}

/** The newest entry of a merchant's chain. */
export async function selectNewest(
  executor: Executor,
  merchantId: Id,
): Promise<Pick<AuditEntry, "seq" | "hash"> | undefined> {
  const { rows } = await sql<{ seq: bigint; hash: string }>`
    select seq, encode(hash, 'hex') as hash
      from audit_entry
     where merchant_id = ${merchantId} order by seq desc limit 1`.execute(executor);
  return rows[0] && { seq: Number(rows[0].seq), hash: rows[0].hash };
}

export async function insertEntries(tx: Tx, merchantId: Id, entries: readonly AuditEntry[]): Promise<void> {
  await sql`
    insert into audit_entry (merchant_id, seq, at, actor, action, subject, device_id, outlet_id, address,
      request_id, count, before, after, previous_hash, hash)
    select ${merchantId}, seq, at, actor, action, subject, device_id, outlet_id, address, request_id, count,
           before, after, decode(previous_hash, 'hex'), decode(hash, 'hex')
      from jsonb_to_recordset(${JSON.stringify(entries)}::jsonb) as e
        (seq bigint, at timestamptz, actor text, action text, subject text, device_id uuid, outlet_id uuid,
          address text, request_id text, count bigint, before jsonb, after jsonb, previous_hash text,
          hash text)
     order by seq`.execute(tx);
}

type EntryRow = Omit<AuditEntry, "seq" | "count"> & { readonly seq: bigint; readonly count: bigint };

const COLUMNS = sql`
  merchant_id, seq, ${asText(sql`at`)} as at, actor, action, subject, device_id, outlet_id, address,
  request_id, count, before, after, encode(previous_hash, 'hex') as previous_hash,
  encode(hash, 'hex') as hash`;

function toEntry({ seq, count, ...row }: EntryRow): AuditEntry {
  return { ...row, seq: Number(seq), count: Number(count) };
}

/** Entries from number `from` to number `to`, both included, in the chain's order. */
export async function selectFrom(
  executor: Executor,
  merchantId: Id,
  from: number,
  to: number,
  max: number,
): Promise<AuditEntry[]> {
  const { rows } = await sql<EntryRow>`
    select ${COLUMNS}
      from audit_entry
     where merchant_id = ${merchantId} and seq >= ${from} and seq <= ${to}
     order by seq limit ${max}`.execute(executor);
  return rows.map(toEntry);
}

/** A filter of entries: all given fields must match. */
export type Wanted = {
  readonly before?: number;
  readonly action?: string;
  readonly actor?: string;
  readonly subject?: string;
  readonly outletId?: Id;
};

export type ShownEntry = AuditEntry & {
  /** The staff member's current name. It is not part of the chain. */
  readonly actor_name: string | null;
};

/** The newest entries that match, newest first. */
export async function selectNewestEntries(
  executor: Executor,
  merchantId: Id,
  { before, action, actor, subject, outletId }: Wanted,
  max: number,
): Promise<ShownEntry[]> {
  const { rows } = await sql<EntryRow & { actor_name: string | null }>`
    select ${COLUMNS},
           (select s.name from staff s
             where s.merchant_id = e.merchant_id and s.staff_id::text = e.actor) as actor_name
      from audit_entry e
     where merchant_id = ${merchantId}
       ${before === undefined ? sql`` : sql`and seq < ${before}`}
       ${action === undefined ? sql`` : sql`and action = ${action}`}
       ${actor === undefined ? sql`` : sql`and actor = ${actor}`}
       ${subject === undefined ? sql`` : sql`and subject = ${subject}`}
       ${outletId === undefined ? sql`` : sql`and outlet_id = ${outletId}`}
     order by seq desc limit ${max}`.execute(executor);
  return rows.map(({ actor_name, ...row }) => ({ ...toEntry(row), actor_name }));
}

/** The hash of an entry, in hexadecimal. Nothing if the chain is shorter. */
export async function selectHashAt(
  executor: Executor,
  merchantId: Id,
  seq: number,
): Promise<string | undefined> {
  const { rows } = await sql<{ hash: string }>`
    select encode(hash, 'hex') as hash
      from audit_entry
     where merchant_id = ${merchantId} and seq = ${seq}`.execute(executor);
  return rows[0]?.hash;
}

export type AuditHead = { readonly merchant_id: Id; readonly seq: number; readonly head: string };

/** The newest head of every merchant's trail. */
export async function selectAuditHeads(executor: Executor): Promise<AuditHead[]> {
  const { rows } = await sql<{ merchant_id: Id; seq: bigint; head: string }>`
    select m.merchant_id, e.seq, encode(e.hash, 'hex') as head
      from merchant m
     cross join lateral (
           select seq, hash from audit_entry
            where merchant_id = m.merchant_id
            order by seq desc limit 1) e
     order by m.merchant_id`.execute(executor);
  return rows.map(({ seq, ...head }) => ({ ...head, seq: Number(seq) }));
}
