import type { FastifyRequest } from "fastify";
import { isIP, isIPv6 } from "node:net";

/** Where a request came from. */
export type Origin = { readonly address: string; readonly userAgent: string };

const MOST_AGENT = 200;
/** Of a client on a socket that has none. */
const NO_ADDRESS = "0.0.0.0";

/** The client's address, or its proxy's where that forwards none that is one. */
export function originOf(request: FastifyRequest): Origin {
  // an IPv4 address that came over an IPv6 socket is an IPv4 address; an interface's name is no part of one
  const plain = (address = "") => address.replace(/^::ffff:(?=\d+\.)/i, "").replace(/%.*$/, "");
  const address = [request.ip, request.socket.remoteAddress].map(plain).find((one) => isIP(one) > 0) ?? NO_ADDRESS;
  return { address, userAgent: (request.headers["user-agent"] ?? "").toWellFormed().slice(0, MOST_AGENT) };
}

/** Who has one IPv6 address has its whole /64. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail = ""] = address.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const missing = address.includes("::") ? 8 - groups(head).length - groups(tail).length : 0;
  const all = [...groups(head), ...Array.from({ length: missing }, () => "0"), ...groups(tail)];
  return `${all.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16)).join(":")}::/64`;
}
