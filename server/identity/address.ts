import type { FastifyRequest } from "fastify";
import { isIP } from "node:net";

/** No client is there. */
const NO_ADDRESS = "0.0.0.0";

/** The client's address, or its proxy's where that forwards none that is one. */
export function addressOf(request: FastifyRequest): string {
  // an IPv4 address that came over an IPv6 socket is an IPv4 address; an interface's name is no part of one
  const plain = (address = "") => address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
  return [request.ip, request.socket.remoteAddress].map(plain).find((one) => isIP(one) > 0) ?? NO_ADDRESS;
}

const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|::1)$/;

/** Whether a request was made on this machine. One that a proxy forwards, which is not believed by `TRUST_PROXY`, is anybody's. */
export function isLocal(request: FastifyRequest): boolean {
  const isForwarded =
    request.headers["x-forwarded-for"] !== undefined || request.headers["forwarded"] !== undefined;
  return LOOPBACK.test(addressOf(request)) && !(isForwarded && request.ip === request.socket.remoteAddress);
}
