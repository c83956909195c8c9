import { createHash, timingSafeEqual } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { send } from "./answer.ts";
import { failure } from "./envelope.ts";

/**
 * Paths that show or change all transactions, and keys. Other paths are protected by the providers' keys, or
 * by the reference of a checkout.
 */
const PROTECTED = /^\/(?:control(?:\/|$)|next$|$)/;
const LOOPBACK = /^(?:(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1)$/;
const OWN_NAME = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d{1,5})?$/i;

/** Refuses protected paths to other machines and under other host names, unless the key is sent. */
export function nearOnly(controlKey: string | undefined) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> => {
    if (!PROTECTED.test(request.url.replace(/[?#].*$/, ""))) return undefined;
    const isNear =
      LOOPBACK.test(request.socket.remoteAddress ?? "") && OWN_NAME.test(request.headers.host ?? "");
    if (isNear || hasKey(request.headers["x-simulator-key"], controlKey)) return undefined;
    return send(
      reply,
      failure(
        "The control API is for this machine only. To use it from another machine, " +
          "start the simulator with --control-key and send the key as x-simulator-key",
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
