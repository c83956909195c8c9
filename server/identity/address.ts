import type { FastifyRequest } from "fastify";
import { isIP } from "node:net";

/** For a request without a client address. */
const NO_ADDRESS = "0.0.0.0";

/** The client's address, or the proxy's if the proxy forwards no valid address. */
export function addressOf(request: FastifyRequest): string {
  // removes the IPv6 prefix of a mapped IPv4 address, and the zone index
  const plain = (address = "") => address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
  return (
    [request.ip, request.socket.remoteAddress].map(plain).find((address) => isIP(address) > 0) ?? NO_ADDRESS
  );
}

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|::1)$/;

/**
 * Whether a request was made on this machine. A request forwarded by a proxy outside `TRUST_PROXY` never is.
 */
export function isLocal(request: FastifyRequest): boolean {
  const isForwarded =
    request.headers["x-forwarded-for"] !== undefined || request.headers["forwarded"] !== undefined;
  return LOOPBACK.test(addressOf(request)) && !(isForwarded && request.ip === request.socket.remoteAddress);
}
