import { isRefusal, refuse, type Refusal } from "@onegate/contract";
import ipaddr from "ipaddr.js";
import { Resolver } from "node:dns/promises";

/** Looks up all current addresses of a name; an empty list if it has none. */
export type Resolve = (name: string) => Promise<readonly string[]>;

/**
 * Which user-supplied addresses may be called. `loopback` also allows receivers on this machine, over http
 * too; it is for developers.
 */
export type AddressRules = { readonly resolve: Resolve; readonly loopback: boolean };

const DNS_TIMEOUT_MS = 2_000;
const DNS_TRIES = 2;
const MAX_URL_LENGTH = 2_000;
const WEB_PORTS = ["", "80", "443"];
/** Ports below it, other than the web's, belong to system services. */
const FIRST_FREE_PORT = 1_024;
/** The only IPv6 block from which public addresses have been assigned. */
const IPV6_PUBLIC = ipaddr.IPv6.parseCIDR("2000::/3");

/**
 * Queries the name servers directly. The system's own lookup uses one of four threads, which an unresponsive
 * name server would block.
 */
export async function resolveName(name: string): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: DNS_TRIES });
  const found = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  return found.flatMap((lookup) => (lookup.status === "fulfilled" ? lookup.value : []));
}

/**
 * Whether an address is public on the internet: not a loopback, private, shared, link-local, mapped or
 * reserved one.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== "unicast") return false;
  return parsed instanceof ipaddr.IPv4 || parsed.match(IPV6_PUBLIC);
}

function isLoopback(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.parse(address).range() === "loopback";
}

/**
 * A well-formed web URL; whether its host is public is not checked yet. Refuses `url_malformed`,
 * `url_insecure`.
 */
function checkedToUrl(unchecked: string, { loopback }: AddressRules): URL | Refusal {
  const url = unchecked.length <= MAX_URL_LENGTH ? URL.parse(unchecked) : null;
  if (!url || !["https:", "http:"].includes(url.protocol) || url.hostname === "")
    return refuse("url_malformed");
  if (url.username !== "" || url.password !== "" || url.hash !== "") return refuse("url_malformed");
  if (!WEB_PORTS.includes(url.port) && Number(url.port) < FIRST_FREE_PORT) return refuse("url_malformed");
  if (url.protocol === "http:" && !loopback) return refuse("url_insecure");
  return url;
}

/**
 * A URL and the current addresses of its name, all of which may be called. The caller connects to one of them
 * without a second lookup.
 */
export type Destination = { readonly url: URL; readonly addresses: readonly string[] };

/**
 * Resolves and checks a user-supplied URL. It is checked when it is saved, and again at each call because a
 * name can point elsewhere later. The URL parser normalizes all spellings of an address (decimal, octal,
 * hexadecimal, IPv6-mapped). Refuses `url_malformed`, `url_insecure`, `url_not_public` (also if the name has
 * no address, so that callers can't find out which internal names exist).
 */
export async function checkedToDestination(
  unchecked: string,
  rules: AddressRules,
): Promise<Destination | Refusal> {
  const url = checkedToUrl(unchecked, rules);
  if (isRefusal(url)) return url;
  const addresses = await addressesOf(url.hostname, rules.resolve);
  const onlyLoopback = rules.loopback && addresses.every(isLoopback);
  if (addresses.length === 0 || !(onlyLoopback || addresses.every(isPublicAddress)))
    return refuse("url_not_public");
  if (url.protocol === "http:" && !onlyLoopback) return refuse("url_insecure");
  return { url, addresses };
}

async function addressesOf(hostname: string, resolve: Resolve): Promise<readonly string[]> {
  const literal = hostname.replace(/^\[|\]$/g, "");
  if (ipaddr.isValid(literal)) return [literal];
  const name = hostname.replace(/\.$/, "");
  // RFC 6761: these names always mean this machine, whatever a name server answers
  if (name === "localhost" || name.endsWith(".localhost")) return ["127.0.0.1", "::1"];
  return resolve(name).catch(() => []);
}
