import { refuse, type Refusal } from "@onegate/contract";
import type { FastifyRequest } from "fastify";
import { createHash, timingSafeEqual } from "node:crypto";

export type MetricsAccess = {
  readonly token: string;
  /** Whether anyone may read the metrics when no token is set, as in the sandbox. */
  readonly isOpen: boolean;
};

const FORWARDED = ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"] as const;
const LOOPBACK_HOST = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]{1,5})?$/i;
const LOOPBACK_ADDRESS = /^(?:::ffff:)?127\.|^::1$/;

/**
 * Why a caller may not read the metrics, or `undefined`. A proxy on this machine calls from loopback too, so
 * a request that went through one, or that names another host, does not count as local. Refuses
 * `unauthenticated`, `metrics_closed`.
 */
export function metricsRefusal(
  { token, isOpen }: MetricsAccess,
  { headers, socket }: FastifyRequest,
): Refusal | undefined {
  if (token !== "")
    return isSame(headers.authorization ?? "", `Bearer ${token}`) ? undefined : refuse("unauthenticated");
  if (isOpen) return undefined;
  const isLocal =
    LOOPBACK_ADDRESS.test(socket.remoteAddress ?? "") &&
    LOOPBACK_HOST.test(headers.host ?? "") &&
    FORWARDED.every((name) => headers[name] === undefined);
  return isLocal ? undefined : refuse("metrics_closed");
}

function isSame(given: string, expected: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(given), hash(expected));
}
