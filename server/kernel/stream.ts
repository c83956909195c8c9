import type { OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Database } from "./database.ts";
import type { Http } from "./http.ts";
import { checkedToCursor, cursorToText, latestCursor, readEvents, type Cursor, type OutboxEvent, type Tail } from "./outbox.ts";

const HEARTBEAT_MS = 15_000;
/** Who missed more than this reads what there is anew anyway. */
const MISSED_AT_MOST = 1_000;

export type Streams = {
  /** Answers a request with the events it wants, as server-sent events: first what was missed since Last-Event-ID, then all that is new. */
  open(request: FastifyRequest, reply: FastifyReply, wanted: { merchantId: string; topics: readonly string[]; wants?: (event: OutboxEvent) => boolean }): Promise<void>;
};

/** Server-sent events out of the outbox. Streams have no end of their own: they are ended when the server closes. */
export function createStreams(http: Http, database: Database, tail: Tail): Streams {
  const open = new Set<ServerResponse>();
  http.addHook("preClose", async () => open.forEach((stream) => stream.end()));
  return {
    async open(request, reply, wanted) {
      const since = checkedToCursor(request.headers["last-event-id"]) ?? (await latestCursor(database.kysely));
      reply.hijack();
      const stream = reply.raw;
      stream.writeHead(200, { ...(reply.getHeaders() as OutgoingHttpHeaders), "content-type": "text/event-stream", "x-accel-buffering": "no" });
      open.add(stream);
      stream.once("close", () => open.delete(stream));
      await feed(database, tail, wanted, since, stream);
    },
  };
}

async function feed(database: Database, tail: Tail, { merchantId, topics, wants }: Parameters<Streams["open"]>[2], since: Cursor, stream: ServerResponse): Promise<void> {
  let cursor = since;
  const early: OutboxEvent[] = [];
  let live = false;
  const write = (event: OutboxEvent) => {
    if (event.merchantId !== merchantId || !topics.some((prefix) => event.topic.startsWith(prefix)) || wants?.(event) === false) return;
    if (event.cursor.xid < cursor.xid || (event.cursor.xid === cursor.xid && event.cursor.eventId <= cursor.eventId)) return;
    cursor = event.cursor;
    stream.write(`id: ${cursorToText(event.cursor)}\nevent: ${event.topic}\ndata: ${JSON.stringify({ subject: event.subject, ...event.payload })}\n\n`);
  };
  const unsubscribe = tail.subscribe((event) => (live ? write(event) : early.push(event)));
  const heartbeat = setInterval(() => stream.write(": still here\n\n"), HEARTBEAT_MS);
  stream.once("close", () => {
    unsubscribe();
    clearInterval(heartbeat);
  });
  stream.write("retry: 1000\n\n");
  try {
    for (const event of await readEvents(database.kysely, since, MISSED_AT_MOST, { merchantId, topics })) write(event);
    for (const event of early.splice(0)) write(event);
    live = true;
  } catch {
    // a stream that can't say what was missed must not look alive: its reader comes again
    stream.destroy();
  }
}
