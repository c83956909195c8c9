import type { ServerResponse } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Database } from "./database.ts";
import type { Http } from "./http.ts";
import { checkedToCursor, cursorToText, latestCursor, readEvents, type Cursor, type OutboxEvent, type Tail } from "./outbox.ts";
import { everywhere } from "./wall.ts";

const HEARTBEAT_MS = 15_000;
/** Who missed more than this reads what there is anew anyway. */
const MISSED_AT_MOST = 1_000;

export type Wanted = {
  readonly merchantId: string;
  readonly topics: readonly string[];
  readonly wants?: (event: OutboxEvent) => boolean;
  /** When the stream is over: at an event, on whichever replica that happened, and where asking says so, which is asked at the beginning and at each heartbeat. */
  readonly ends?: { readonly at: (event: Pick<OutboxEvent, "topic" | "subject">) => boolean; readonly isOver: () => Promise<boolean> };
};

export type Streams = {
  /** Answers a request with the events it wants, as server-sent events: first what was missed since Last-Event-ID, then all that is new. */
  open(request: FastifyRequest, reply: FastifyReply, wanted: Wanted): Promise<void>;
};

/** Server-sent events out of the outbox. They end when what they are for does, and when the server closes. */
export function createStreams(http: Http, database: Database, tail: Tail): Streams {
  const open = new Set<ServerResponse>();
  http.addHook("preClose", async () => open.forEach((stream) => stream.end()));
  return {
    async open(request, reply, wanted) {
      // the newest of all: one's own newest may lie far behind the others'
      const since = checkedToCursor(request.headers["last-event-id"]) ?? (await everywhere(() => latestCursor(database.kysely)));
      reply.hijack();
      const stream = reply.raw;
      stream.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no", "x-request-id": request.id });
      open.add(stream);
      stream.once("close", () => open.delete(stream));
      await feed(database, tail, wanted, since, stream);
    },
  };
}

async function feed(database: Database, tail: Tail, { merchantId, topics, wants, ends }: Wanted, since: Cursor, stream: ServerResponse): Promise<void> {
  let cursor = since;
  const early: OutboxEvent[] = [];
  let live = false;
  const write = (event: OutboxEvent) => {
    if (stream.writableEnded) return;
    if (event.merchantId !== merchantId || !topics.some((prefix) => event.topic.startsWith(prefix)) || wants?.(event) === false) return;
    if (event.cursor.xid < cursor.xid || (event.cursor.xid === cursor.xid && event.cursor.eventId <= cursor.eventId)) return;
    cursor = event.cursor;
    stream.write(`id: ${cursorToText(event.cursor)}\nevent: ${event.topic}\ndata: ${JSON.stringify({ subject: event.subject, ...event.payload })}\n\n`);
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
    // who can't be asked now is asked at the next beat
    endIfOver().catch(() => undefined);
  }, HEARTBEAT_MS);
  stream.once("close", () => {
    unsubscribe();
    clearInterval(heartbeat);
  });
  stream.write("retry: 1000\n\n");
  try {
    for (const event of await readEvents(database.kysely, since, MISSED_AT_MOST, { merchantId, topics })) write(event);
    for (const event of early.splice(0)) write(event);
    live = true;
    // what ended between the request's check and the subscription was announced to nobody here
    await endIfOver();
  } catch {
    // a stream that can't say what was missed must not look alive: its reader comes again
    stream.destroy();
  }
}
