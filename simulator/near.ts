import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { send } from "./answer.ts";
import { failure } from "./envelope.ts";

/** What shows or moves everybody's transactions, keys among them. Providers' APIs want their keys; a checkout wants its reference. */
const LEVERS = /^\/(?:control(?:\/|$)|next$|$)/;
const LOOPBACK = /^(?:(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1)$/;
const OWN_NAME = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d{1,5})?$/i;

/** Refuses the levers to whoever is not on this machine, and to pages that reach it under another name, unless the key is sent along. */
export function nearOnly(controlKey: string | undefined) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    if (!LEVERS.test(request.url.replace(/[?#].*$/, ""))) return undefined;
    const isNear =
      LOOPBACK.test(request.socket.remoteAddress ?? "") && OWN_NAME.test(request.headers.host ?? "");
    if (isNear || hasKey(request.headers["x-simulator-key"], controlKey)) return undefined;
    return send(
      reply,
      failure(
        "The levers are for this machine alone. Start the simulator with --control-key and send it as x-simulator-key to use them from elsewhere",
        403,
      ),
    );
  };
}

function hasKey(given: unknown, expected: string | undefined): boolean {
  if (typeof given !== "string" || expected === undefined || expected === "") return false;
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(given), hash(expected));
}
