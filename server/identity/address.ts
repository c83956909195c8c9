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
