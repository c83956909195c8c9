import type { FastifyRequest } from "fastify";
import { isIPv6 } from "node:net";
import { addressOf } from "./address.ts";

/** The origin of a request. */
export type Origin = { readonly address: string; readonly userAgent: string; readonly requestId: string };

const MAX_USER_AGENT_LENGTH = 200;

export function originOf(request: FastifyRequest): Origin {
  return {
    address: addressOf(request),
    userAgent: (request.headers["user-agent"] ?? "").toWellFormed().slice(0, MAX_USER_AGENT_LENGTH),
    requestId: request.id,
  };
}

/** The network of an address: an IPv6 client usually has a whole /64, so that counts as one. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = "", tail = ""] = address.split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const missing = address.includes("::") ? 8 - groups(head).length - groups(tail).length : 0;
  const all = [...groups(head), ...Array.from({ length: missing }, () => "0"), ...groups(tail)];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}
