import { refuse } from "@onegate/contract";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { Database } from "./database.ts";
import { answerRefusal, type Http } from "./http.ts";
import {
  checkedToCursor,
  cursorToText,
  latestCursor,
  readEvents,
  type Cursor,
  type OutboxEvent,
  type Tail,
} from "./outbox.ts";
import { everywhere } from "./wall.ts";

const HEARTBEAT_MS = 15_000;
/** A client that missed more events than this has to reload its data anyway. */
const MAX_MISSED_EVENTS = 1_000;

/**
 * Maximum open streams of one device, of one person on all devices, and of one program or address, which may
 * watch many orders.
 */
export const MAX_STREAMS = { device: 16, person: 32, program: 64 } as const;
/** A client that leaves more than this unread is disconnected; it reconnects with its Last-Event-ID. */
const MAX_UNREAD_BYTES = 262_144;

/** Whose limit a stream counts toward. One stream may count for a device and a person at once. */
export type StreamHolder = readonly [kind: keyof typeof MAX_STREAMS, id: string];

export type Wanted = {
  readonly holders: readonly StreamHolder[];
  readonly merchantId: string;
  readonly topics: readonly string[];
  readonly wants?: (event: OutboxEvent) => boolean;
  /**
   * When the stream ends: at an event, even of another replica, or when `isOver` says so, which is called at
   * the beginning and at each heartbeat.
   */
  readonly ends?: {
    readonly at: (event: Pick<OutboxEvent, "topic" | "subject">) => boolean;
    readonly isOver: () => Promise<boolean>;
  };
};

export type Streams = {
  /** Answers a request with server-sent events: first those missed since Last-Event-ID, then the new ones. */
  open(request: FastifyRequest, reply: FastifyReply, wanted: Wanted): Promise<void>;
};

/**
 * Streams of server-sent events from the outbox. A stream ends as its `ends` says, and when the server stops.
 * Refuses `too_many_streams`.
 */
export function createStreams(http: Http, database: Database, tail: Tail): Streams {
  const open = new Set<ServerResponse>();
  const held = new Map<string, number>();
  http.stopping.addEventListener("abort", () => open.forEach((stream) => stream.end()));
  return {
    async open(request, reply, wanted) {
      const stream = reply.raw;
      const holders = wanted.holders.map(([kind, id]) => ({ max: MAX_STREAMS[kind], key: `${kind} ${id}` }));
      if (holders.some(({ key, max }) => (held.get(key) ?? 0) >= max)) {
        answerRefusal(request, reply, refuse("too_many_streams"));
        return;
      }
      // counted before the first await, so that concurrent requests can't exceed the limit together
      for (const { key } of holders) held.set(key, (held.get(key) ?? 0) + 1);
      open.add(stream);
      stream.once("close", () => {
        open.delete(stream);
        for (const { key } of holders) {
          const left = (held.get(key) ?? 1) - 1;
          if (left > 0) held.set(key, left);
          else held.delete(key);
        }
      });
      // the newest event of all merchants: this merchant's own newest may be far behind
      const since =
        checkedToCursor(request.headers["last-event-id"]) ??
        (await everywhere(() => latestCursor(database.kysely)));
      if (stream.destroyed || stream.writableEnded) return;
      reply.hijack();
      stream.writeHead(200, {
        ...(reply.getHeaders() as OutgoingHttpHeaders),
        "content-type": "text/event-stream",
        "x-accel-buffering": "no",
      });
      await feed(database, tail, wanted, since, stream);
    },
  };
}

async function feed(
  database: Database,
  tail: Tail,
  { merchantId, topics, wants, ends }: Wanted,
  since: Cursor,
  stream: ServerResponse,
): Promise<void> {
  let cursor = since;
  const early: OutboxEvent[] = [];
  let live = false;
  const write = (event: OutboxEvent) => {
    if (stream.writableEnded) return;
    if (
      event.merchantId !== merchantId ||
      !topics.some((prefix) => event.topic.startsWith(prefix)) ||
      wants?.(event) === false
    )
      return;
    if (
      event.cursor.xid < cursor.xid ||
      (event.cursor.xid === cursor.xid && event.cursor.eventId <= cursor.eventId)
    )
      return;
    cursor = event.cursor;
    if (stream.writableLength > MAX_UNREAD_BYTES) stream.destroy();
    else stream.write(textOf(event));
  };
  const unsubscribe = tail.subscribe((event) => {
    if (event.merchantId === merchantId && ends?.at(event)) stream.end();
    else if (live) write(event);
    else early.push(event);
  });
  const endIfOver = async () => {
    if (await ends?.isOver()) stream.end();
  };
  const heartbeat = setInterval(() => {
    if (stream.writableEnded) return;
    stream.write(": still here\n\n");
    // if the check fails now, the next heartbeat repeats it
    endIfOver().catch(() => undefined);
  }, HEARTBEAT_MS);
  stream.once("close", () => {
    unsubscribe();
    clearInterval(heartbeat);
  });
  stream.write("retry: 1000\n\n");
  try {
    for (const event of await readEvents(database.kysely, since, MAX_MISSED_EVENTS, { merchantId, topics }))
      write(event);
    for (const event of early.splice(0)) write(event);
    live = true;
    // an end between the request's check and the subscription was not seen by this stream
    await endIfOver();
  } catch {
    // without the missed events the stream must not look alive: the client reconnects
    stream.destroy();
  }
}

const texts = new WeakMap<OutboxEvent, string>();

/** An event's text, made once and shared by all streams. */
function textOf(event: OutboxEvent): string {
  const known = texts.get(event);
  if (known !== undefined) return known;
  const data = JSON.stringify({ subject: event.subject, ...event.payload });
  const text = `id: ${cursorToText(event.cursor)}\nevent: ${event.topic}\ndata: ${data}\n\n`;
  texts.set(event, text);
  return text;
}
