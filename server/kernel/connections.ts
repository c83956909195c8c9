import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Requests of one connection that may be under way at once. Browsers and common clients have one. */
export const MAX_PIPELINED = 16;
/** Bytes that one connection may leave unread before it sends a further request, and that all connections may together. */
const MAX_UNSENT_BYTES = 4 * 1024 * 1024;
const MAX_UNSENT_TOTAL_BYTES = 64 * 1024 * 1024;
/** A client that takes not one byte of its answer for this long is dropped. */
const STALLED_MS = 30_000;
const SWEEP_MS = 1_000;
/** A connection that exceeds a bound is held this long, unread: closed at once, its client would come back at once. */
const LINGER_MS = 20_000;
const MAX_LINGERING = 32;
/** How long a body that is still coming may take once the server stops, and an answer. */
const STOP_BODY_MS = 1_000;

export type DropReason = "pipelined" | "unread";

export type Connections = {
  /** Takes a request in; `false` when its connection is being dropped, and the request must be ignored. */
  admit(request: IncomingMessage, response: ServerResponse): boolean;
  /** A response was handed to the system as a whole. */
  sent(response: ServerResponse): void;
  /** Whether nothing of an answer was sent on this connection yet, so that an error can be. */
  isUnanswered(socket: Socket): boolean;
  /** Every answer from now on closes its connection, and connections without a request are closed; all are after `withinMs`. */
  drain(withinMs: number): void;
  stop(): void;
};

type Open = { readonly pending: Map<ServerResponse, IncomingMessage>; dropped: boolean };

/** Bounds what a connection may keep of the server's memory: requests under way, and answers that are not read. */
export function boundConnections(server: Server, onDrop: (reason: DropReason) => void): Connections {
  const connections = new Map<Socket, Open>();
  let lingering = 0;
  let draining = false;

  const track = (socket: Socket): Open => {
    const known = connections.get(socket);
    if (known) return known;
    const open: Open = { pending: new Map(), dropped: false };
    connections.set(socket, open);
    socket.once("close", () => connections.delete(socket));
    return open;
  };
  server.on("connection", (socket) => void (draining ? socket.destroy() : track(socket)));

  const drop = (socket: Socket, open: Open, reason: DropReason): void => {
    open.dropped = true;
    onDrop(reason);
    if (lingering >= MAX_LINGERING) {
      socket.destroy();
      return;
    }
    lingering += 1;
    // what was taken in before is still answered, to a client that reads
    socket.pause();
    const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
    socket.once("close", () => {
      clearTimeout(timer);
      lingering -= 1;
    });
  };

  const sweep = setInterval(() => {
    const unread = [...connections]
      .map(([socket, open]) => ({ socket, open, bytes: unsentBytes(open) }))
      .filter(({ bytes }) => bytes > 0);
    // counts from the last byte that was taken; Node sets its own time-out again when the answer is sent
    for (const { socket } of unread) if (socket.timeout !== STALLED_MS) socket.setTimeout(STALLED_MS);
    let total = unread.reduce((sum, { bytes }) => sum + bytes, 0);
    if (total <= MAX_UNSENT_TOTAL_BYTES) return;
    for (const { socket, open, bytes } of unread.sort((one, other) => other.bytes - one.bytes)) {
      if (total <= MAX_UNSENT_TOTAL_BYTES) break;
      if (!open.dropped) onDrop("unread");
      socket.destroy();
      total -= bytes;
    }
  }, SWEEP_MS).unref();

  return {
    admit(request, response) {
      const { socket } = request;
      const open = track(socket);
      if (open.dropped || socket.destroyed) return false;
      const { pending } = open;
      if (pending.size >= MAX_PIPELINED) drop(socket, open, "pipelined");
      else if (pending.size > 0 && unsentBytes(open) > MAX_UNSENT_BYTES) drop(socket, open, "unread");
      if (open.dropped) return false;
      if (draining) response.shouldKeepAlive = false;
      pending.set(response, request);
      return true;
    },
    sent(response) {
      const { socket } = response.req;
      const open = connections.get(socket);
      if (!open?.pending.delete(response)) return;
      if (open.pending.size === 0 && (draining || open.dropped)) socket.destroySoon();
    },
    isUnanswered(socket) {
      const { pending } = connections.get(socket) ?? {};
      return (
        pending === undefined ||
        pending.size === 0 ||
        (pending.size === 1 && [...pending.keys()].every(({ headersSent }) => !headersSent))
      );
    },
    drain(withinMs) {
      draining = true;
      for (const [socket, { pending }] of connections) {
        if (pending.size === 0) socket.destroy();
        for (const response of pending.keys()) response.shouldKeepAlive = false;
      }
      const closeWhere = async (afterMs: number, isOver: (open: Open) => boolean) => {
        await sleep(afterMs, undefined, { ref: false });
        for (const [socket, open] of connections) if (isOver(open)) socket.destroy();
      };
      void closeWhere(Math.min(STOP_BODY_MS, withinMs), ({ pending }) =>
        [...pending.values()].some(({ complete }) => !complete),
      );
      void closeWhere(withinMs, () => true);
    },
    stop: () => clearInterval(sweep),
  };
}

/** What a connection's client has not taken yet. */
function unsentBytes({ pending }: Open): number {
  let bytes = 0;
  for (const response of pending.keys()) bytes += response.writableLength;
  return bytes;
}
