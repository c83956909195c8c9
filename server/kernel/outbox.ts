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

/** An event of one topic, as it was committed with its fact. */
export type EventOf<T extends Topic> = {
  readonly cursor: Cursor;
  readonly merchantId: Id;
  readonly topic: T;
  readonly subject: string;
  /** Empty when its reader asked for no payload of this topic. Events of an older version may lack newer fields. */
  readonly payload: Readonly<EventPayload<T>>;
  readonly occurredAt: Date;
};

/** Any event: comparing its topic tells the type of its payload. */
export type OutboxEvent = { [T in Topic]: EventOf<T> }[Topic];

/** A place in the order in which events may be read: transaction id, then number. */
export type Cursor = { readonly xid: bigint; readonly eventId: bigint };

export const START: Cursor = { xid: 0n, eventId: 0n };

function isAfter(one: Cursor, other: Cursor | undefined): boolean {
  return !other || one.xid > other.xid || (one.xid === other.xid && one.eventId > other.eventId);
}

export function cursorToText({ xid, eventId }: Cursor): string {
  return `${xid}-${eventId}`;
}

export function checkedToCursor(unchecked: unknown): Cursor | undefined {
  const match = typeof unchecked === "string" ? /^([0-9]{1,18})-([0-9]{1,18})$/.exec(unchecked) : null;
  return match?.[1] && match[2] ? { xid: BigInt(match[1]), eventId: BigInt(match[2]) } : undefined;
}

/** Writes an event; it is announced when, and only when, the transaction commits, and wakes the readers then. */
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
 * Reads events after a cursor. A sequence hands its numbers out before the commits, so an event with a lower number can
 * appear after one with a higher. Reading stops therefore below the oldest transaction that still runs (the watermark):
 * whatever commits later stands behind it in the order (transaction id, number), and nothing is ever skipped. The price:
 * a long write in any database of the same server keeps new events waiting until it ends. Events whose topic begins
 * with none of `topics` come without their payload, which may be large.
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
           case when ${only.topics === undefined} or topic ^@ any (${[...(only.topics ?? [])]}::text[]) then payload else '{}' end as payload
      from outbox_event e
     where (e.xid, event_id) > (${after.xid.toString()}::xid8, ${after.eventId}::bigint)
       and e.xid < pg_snapshot_xmin(pg_current_snapshot())
       and (${only.merchantId ?? null}::uuid is null or merchant_id = ${only.merchantId ?? null}::uuid)
     order by e.xid, event_id -- by the number: the column of the result is text
     limit ${limit}`.execute(executor);
  // rows were written by `announce`, which knows the type of each topic's payload
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

/** The place behind everything that can be read now. */
export async function latestCursor(executor: Executor): Promise<Cursor> {
  const { rows } = await sql<{ xid: string; event_id: bigint }>`
    select e.xid::text as xid, event_id from outbox_event e
     where e.xid < pg_snapshot_xmin(pg_current_snapshot()) order by e.xid desc, event_id desc limit 1`.execute(
    executor,
  );
  const [row] = rows;
  return row ? { xid: BigInt(row.xid), eventId: row.event_id } : START;
}

/** The topics of the events after a cursor, up to another. */
async function readTopics(executor: Executor, after: Cursor, upTo: Cursor): Promise<string[]> {
  const { rows } = await sql<{ topic: string }>`
    select distinct topic from outbox_event e
     where (e.xid, event_id) > (${after.xid.toString()}::xid8, ${after.eventId}::bigint)
       and (e.xid, event_id) <= (${upTo.xid.toString()}::xid8, ${upTo.eventId}::bigint)`.execute(executor);
  return rows.map(({ topic }) => topic);
}

export type Consumer = {
  readonly name: string;
  /** What the topics whose payload it needs begin with; the others pass it by. */
  readonly topics: readonly string[];
  /** Events in one transaction; fewer where each is much work, because a long transaction keeps all readers waiting. */
  readonly atOnce?: number;
  /** Acts on events in the transaction that moves the consumer's cursor: at least once read, once acted upon. */
  readonly handle: (tx: Tx, events: readonly OutboxEvent[]) => Promise<void>;
};

const READ_BATCH_SIZE = 500;

/** Lets a consumer act on the next events; answers how many. Two workers at once take turns at the cursor's row. */
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
  const { rows } =
    await sql<CursorRow>`select xid::text as xid, event_id from outbox_consumer where name = ${name} for update`.execute(
      tx,
    );
  return rows[0];
}

async function makeCursor(tx: Tx, name: string): Promise<CursorRow> {
  await sql`insert into outbox_consumer (name) values (${name}) on conflict do nothing`.execute(tx);
  const made = await lockCursor(tx, name);
  if (!made) throw new Error(`consumer ${name} has no cursor`);
  return made;
}

export type Tail = {
  /** Calls back with each new event, of all merchants, in order. Answers how to stop. */
  subscribe(listener: (event: OutboxEvent) => void): () => void;
  /** Looks now rather than at the next poll: something was just committed here. */
  wake(): void;
  stop(): Promise<void>;
};

/** How long an event of another process may wait to be seen; one of this process is seen at once. */
const DEFAULT_POLL_MS = 200;
/** The rest between two looks: under load one look finds the events of many transactions, instead of one look a transaction. */
const REST_MS = 20;
/** How far in time a cursor may stay behind events that don't concern its consumer; after a restart they are passed over anew. */
const MAX_IDLE_MS = 10_000;

/** Follows the outbox, lets the consumers act, and feeds the open streams with the payloads of topics that begin with `streamed`. */
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

  /** Up to where each consumer has acted on everything, as far as it was done here. */
  const reached = new Map<string, Cursor>();
  /** When its cursor was last moved, by `performance.now()`. */
  const movedAt = new Map<string, number>();

  /** Whether nothing new concerns a consumer: its cursor is then left where it is, for a while. */
  const isUnconcerned = ({ name, topics }: Consumer, fresh: readonly string[]) =>
    reached.has(name) &&
    performance.now() - (movedAt.get(name) ?? 0) < MAX_IDLE_MS &&
    !fresh.some((topic) => topics.some((prefix) => topic.startsWith(prefix)));

  async function look(): Promise<void> {
    const latest = await latestCursor(database.kysely);
    const furthestBehind = [...reached.values()].reduce(
      (one, other) => (isAfter(one, other) ? other : one),
      latest,
    );
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
        log.error({ err: error, consumer: consumer.name }, "a consumer stumbled; it will be tried again");
      }
    }
    // nobody listens: keep up without reading. Who came meanwhile is fed from where we were
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
        await look();
      } catch (error) {
        if (!isUnavailable(error)) log.error({ err: error }, "the outbox reader stumbled; it goes on");
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

/** Forgets events older than 30 days that every durable consumer has read. Answers how many. */
export async function forgetOldEvents(database: Database): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from outbox_event e
     where e.occurred_at < now() - ${RETENTION}::interval
       and not exists (select from outbox_consumer c where (e.xid, e.event_id) > (c.xid, c.event_id))`.execute(
    database.kysely,
  );
  return Number(numAffectedRows ?? 0n);
}
