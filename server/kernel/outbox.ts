import type { EventPayload, Id, Topic } from "@onegate/contract";
import { sql } from "kysely";
import { setTimeout as sleep } from "node:timers/promises";
import {
  inTransaction,
  isUnavailable,
  noteAnnounced,
  type Database,
  type Executor,
  type Tx,
} from "./database.ts";
import type { Log } from "./telemetry.ts";
import { everywhere } from "./wall.ts";

/** An event of one topic, committed in the same transaction as the change that it announces. */
export type EventOf<T extends Topic> = {
  readonly cursor: Cursor;
  readonly merchantId: Id;
  readonly topic: T;
  readonly subject: string;
  /**
   * Empty if the reader didn't request payloads of this topic. Events of an older version may lack newer
   * fields.
   */
  readonly payload: Readonly<EventPayload<T>>;
  readonly occurredAt: Date;
};

/** Any event; comparing its topic narrows the type of its payload. */
export type OutboxEvent = { [T in Topic]: EventOf<T> }[Topic];

/** A position in the order in which events are read: transaction id, then event number. */
export type Cursor = { readonly xid: bigint; readonly eventId: bigint };

export const START: Cursor = { xid: 0n, eventId: 0n };

function isAfter(a: Cursor, b: Cursor | undefined): boolean {
  return !b || a.xid > b.xid || (a.xid === b.xid && a.eventId > b.eventId);
}

export function cursorToText({ xid, eventId }: Cursor): string {
  return `${xid}-${eventId}`;
}

export function checkedToCursor(unchecked: unknown): Cursor | undefined {
  const match = typeof unchecked === "string" ? /^([0-9]{1,18})-([0-9]{1,18})$/.exec(unchecked) : null;
  return match?.[1] && match[2] ? { xid: BigInt(match[1]), eventId: BigInt(match[2]) } : undefined;
}

/** Writes an event in the transaction. Readers see it, and are woken, if and when the transaction commits. */
export async function announce<T extends Topic>(
  tx: Tx,
  merchantId: Id,
  topic: T,
  subject: string,
  payload: EventPayload<T>,
): Promise<void> {
  noteAnnounced(tx);
  await sql`
    insert into outbox_event (merchant_id, topic, subject, payload)
    values (${merchantId}, ${topic}, ${subject}, ${JSON.stringify(payload)}::jsonb)`.execute(tx);
}

/**
 * Reads events after a cursor. A sequence assigns its numbers before the commits, so an event with a lower
 * number can become visible after one with a higher number. Reading therefore stops below the oldest
 * transaction that is still running (the watermark): whatever commits later comes after it in the order
 * (transaction id, number), so no event is ever skipped. The cost: a long write transaction in any database
 * of the same server delays new events until it ends. Events whose topic begins with none of `topics` are
 * returned without their payload, which may be large.
 */
export async function readEvents(
  executor: Executor,
  after: Cursor,
  limit: number,
  only: { merchantId?: Id; topics?: readonly string[] } = {},
): Promise<OutboxEvent[]> {
  const { rows } = await sql<{
    xid: string;
    event_id: bigint;
    merchant_id: Id;
    topic: string;
    subject: string;
    payload: Record<string, unknown>;
    occurred_at: Date;
  }>`
    select e.xid::text as xid, event_id, merchant_id, topic, subject, occurred_at,
           case when ${only.topics === undefined} or topic ^@ any (${[...(only.topics ?? [])]}::text[])
             then payload else '{}' end as payload
      from outbox_event e
     where (e.xid, event_id) > (${after.xid.toString()}::xid8, ${after.eventId}::bigint)
       and e.xid < pg_snapshot_xmin(pg_current_snapshot())
       and (${only.merchantId ?? null}::uuid is null or merchant_id = ${only.merchantId ?? null}::uuid)
     order by e.xid, event_id -- e.xid is a number; the result's xid is text
     limit ${limit}`.execute(executor);
  // `announce` wrote the rows and checks each payload's type against its topic
  return rows.map(
    (row) =>
      ({
        cursor: { xid: BigInt(row.xid), eventId: row.event_id },
        merchantId: row.merchant_id,
        topic: row.topic,
        subject: row.subject,
        payload: row.payload,
        occurredAt: row.occurred_at,
      }) as OutboxEvent,
  );
}

/** The position after all events that can be read now. */
export async function latestCursor(executor: Executor): Promise<Cursor> {
  const { rows } = await sql<{ xid: string; event_id: bigint }>`
    select e.xid::text as xid, event_id from outbox_event e
     where e.xid < pg_snapshot_xmin(pg_current_snapshot())
     order by e.xid desc, event_id desc
     limit 1`.execute(executor);
  const [row] = rows;
  return row ? { xid: BigInt(row.xid), eventId: row.event_id } : START;
}

/** The topics of the events after one cursor, up to another. */
async function readTopics(executor: Executor, after: Cursor, upTo: Cursor): Promise<string[]> {
  const { rows } = await sql<{ topic: string }>`
    select distinct topic from outbox_event e
     where (e.xid, event_id) > (${after.xid.toString()}::xid8, ${after.eventId}::bigint)
       and (e.xid, event_id) <= (${upTo.xid.toString()}::xid8, ${upTo.eventId}::bigint)`.execute(executor);
  return rows.map(({ topic }) => topic);
}

export type Consumer = {
  readonly name: string;
  /** Prefixes of the topics that it consumes; it does not get the payload of other events. */
  readonly topics: readonly string[];
  /**
   * Events in one transaction. Set fewer if each is much work, because a long transaction delays all readers.
   */
  readonly atOnce?: number;
  /**
   * Handles events in the transaction that moves the consumer's cursor: read at least once, handled exactly
   * once.
   */
  readonly handle: (tx: Tx, events: readonly OutboxEvent[]) => Promise<void>;
};

const READ_BATCH_SIZE = 500;

/**
 * Lets a consumer handle its next events; returns how many. Concurrent workers take turns through the lock on
 * the cursor's row.
 */
export async function consume(database: Database, consumer: Consumer): Promise<number> {
  return inTransaction(database, async (tx) => {
    const at = (await lockCursor(tx, consumer.name)) ?? (await makeCursor(tx, consumer.name));
    const events = await readEvents(
      tx,
      { xid: BigInt(at.xid), eventId: at.event_id },
      consumer.atOnce ?? READ_BATCH_SIZE,
      { topics: consumer.topics },
    );
    const last = events.at(-1);
    if (!last) return 0;
    await consumer.handle(tx, events);
    await sql`
      update outbox_consumer set xid = ${last.cursor.xid.toString()}::xid8, event_id = ${last.cursor.eventId}
       where name = ${consumer.name}`.execute(tx);
    return events.length;
  });
}

type CursorRow = { readonly xid: string; readonly event_id: bigint };

async function lockCursor(tx: Tx, name: string): Promise<CursorRow | undefined> {
  const { rows } = await sql<CursorRow>`
      select xid::text as xid, event_id from outbox_consumer where name = ${name} for update`.execute(tx);
  return rows[0];
}

async function makeCursor(tx: Tx, name: string): Promise<CursorRow> {
  await sql`insert into outbox_consumer (name) values (${name}) on conflict do nothing`.execute(tx);
  const created = await lockCursor(tx, name);
  if (!created) throw new Error(`consumer ${name} has no cursor`);
  return created;
}

export type Tail = {
  /** Calls `listener` with each new event of all merchants, in order. Returns a function that stops it. */
  subscribe(listener: (event: OutboxEvent) => void): () => void;
  /** Polls now instead of at the next interval, because this process just committed an event. */
  wake(): void;
  stop(): Promise<void>;
};

/** How long an event of another process may wait to be read; one of this process is read at once. */
const DEFAULT_POLL_MS = 200;
/**
 * The pause between two polls. Under load one poll then finds the events of many transactions instead of one.
 */
const REST_MS = 20;
/**
 * How long a cursor may stay behind events that its consumer ignores. After a restart they are skipped once
 * more.
 */
const MAX_IDLE_MS = 10_000;

/**
 * Follows the outbox: runs the consumers, and feeds open streams, with payloads only for topics that begin
 * with one of `streamed`.
 */
export function followOutbox(
  database: Database,
  consumers: readonly Consumer[],
  log: Log,
  { streamed = [], pollMs = DEFAULT_POLL_MS }: { streamed?: readonly string[]; pollMs?: number } = {},
): Tail {
  const listeners = new Set<(event: OutboxEvent) => void>();
  let stopped = false;
  let rest = new AbortController();
  let isAwake = false;
  let cursor: Cursor | undefined;

  /** The position up to which each consumer is known here to have handled everything. */
  const reached = new Map<string, Cursor>();
  /** When each consumer's stored cursor was last moved, by `performance.now()`. */
  const movedAt = new Map<string, number>();

  /** Whether a consumer ignores all new events: its stored cursor then stays where it is for a while. */
  const isUnconcerned = ({ name, topics }: Consumer, fresh: readonly string[]) =>
    reached.has(name) &&
    performance.now() - (movedAt.get(name) ?? 0) < MAX_IDLE_MS &&
    !fresh.some((topic) => topics.some((prefix) => topic.startsWith(prefix)));

  async function poll(): Promise<void> {
    const latest = await latestCursor(database.kysely);
    const furthestBehind = [...reached.values()].reduce((a, b) => (isAfter(a, b) ? b : a), latest);
    const fresh = isAfter(latest, furthestBehind)
      ? await readTopics(database.kysely, furthestBehind, latest)
      : [];
    for (const consumer of consumers) {
      if (!isAfter(latest, reached.get(consumer.name))) continue;
      try {
        if (!isUnconcerned(consumer, fresh)) {
          while (!stopped && (await consume(database, consumer)) === (consumer.atOnce ?? READ_BATCH_SIZE));
          movedAt.set(consumer.name, performance.now());
        }
        reached.set(consumer.name, latest);
      } catch (error) {
        if (isUnavailable(error)) throw error;
        log.error({ err: error, consumer: consumer.name }, "outbox consumer failed; will retry");
      }
    }
    // without listeners, skip ahead unread; a listener that subscribed since the last poll is fed from there
    if (listeners.size === 0 || !cursor) cursor = latest;
    while (isAfter(latest, cursor)) {
      const events = await readEvents(database.kysely, cursor, READ_BATCH_SIZE, { topics: streamed });
      for (const event of events) for (const listener of listeners) listener(event);
      cursor = events.at(-1)?.cursor ?? latest;
    }
  }

  async function run(): Promise<void> {
    while (!stopped) {
      isAwake = false;
      try {
        await poll();
      } catch (error) {
        if (!isUnavailable(error)) log.error({ err: error }, "outbox poll failed; will retry");
      }
      if (!stopped) await sleep(REST_MS);
      if (!isAwake && !stopped)
        await sleep(pollMs, undefined, { signal: rest.signal }).catch(() => undefined);
      if (rest.signal.aborted) rest = new AbortController();
    }
  }

  const running = everywhere(run);
  const wake = () => {
    isAwake = true;
    rest.abort();
  };
  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    wake,
    async stop() {
      stopped = true;
      wake();
      await running;
    },
  };
}

const RETENTION = "30 days";

/** Deletes events older than 30 days that every durable consumer has read. Returns how many. */
export async function forgetOldEvents(database: Database): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from outbox_event e
     where e.occurred_at < now() - ${RETENTION}::interval
       and not exists (
         select from outbox_consumer c where (e.xid, e.event_id) > (c.xid, c.event_id))`.execute(
    database.kysely,
  );
  return Number(numAffectedRows ?? 0n);
}
