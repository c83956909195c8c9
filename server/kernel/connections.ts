import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Requests of one connection that may be in progress at once. Browsers and common clients send one at a time.
 */
export const MAX_PIPELINED = 16;
/**
 * Unread response bytes with which one connection may still send another request, and the limit for all
 * connections together.
 */
const MAX_UNSENT_BYTES = 4 * 1024 * 1024;
const MAX_UNSENT_TOTAL_BYTES = 64 * 1024 * 1024;
/** A client that reads no byte of its response for this long is dropped. */
const STALLED_MS = 30_000;
const SWEEP_MS = 1_000;
/**
 * A connection that exceeds a limit stays open this long, unread. If it were closed at once, its client would
 * reconnect at once.
 */
const LINGER_MS = 20_000;
const MAX_LINGERING = 32;
/** How long a body that is still arriving may take once the server stops. */
const STOP_BODY_MS = 1_000;

export type DropReason = "pipelined" | "unread";

export type Connections = {
  /** Registers a request; `false` when its connection is being dropped and the request must be ignored. */
  admit(request: IncomingMessage, response: ServerResponse): boolean;
  /** Notes that a response was handed to the operating system completely. */
  sent(response: ServerResponse): void;
  /** Whether no part of a response was sent on this connection yet, so that an error can be sent. */
  isUnanswered(socket: Socket): boolean;
  /** Closes idle connections now, others after their response, and all that are left after `withinMs`. */
  drain(withinMs: number): void;
  stop(): void;
};

type Open = { readonly pending: Map<ServerResponse, IncomingMessage>; dropped: boolean };

/**
 * Limits the memory that a connection may use: requests in progress, and responses that the client does not
 * read.
 */
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
    // requests registered before are still answered if the client reads
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
    // the timeout counts from the last byte read; Node sets its own timeout again when the response is sent
    for (const { socket } of unread) if (socket.timeout !== STALLED_MS) socket.setTimeout(STALLED_MS);
    let total = unread.reduce((sum, { bytes }) => sum + bytes, 0);
    if (total <= MAX_UNSENT_TOTAL_BYTES) return;
    for (const { socket, open, bytes } of unread.sort((a, b) => b.bytes - a.bytes)) {
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

/** Response bytes that the client has not read yet. */
function unsentBytes({ pending }: Open): number {
  let bytes = 0;
  for (const response of pending.keys()) bytes += response.writableLength;
  return bytes;
}
