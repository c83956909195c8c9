import { isRefusal, refuse, type Refusal } from "@onegate/contract";
import ipaddr from "ipaddr.js";
import { Resolver } from "node:dns/promises";

/** All addresses of a name, as the network says now; none when it has none. */
export type Resolve = (name: string) => Promise<readonly string[]>;

/** What may be called that somebody else named. `loopback` is for a developer's own machine: receivers on it, over http too. */
export type AddressRules = { readonly resolve: Resolve; readonly loopback: boolean };

const DNS_TIMEOUT_MS = 2_000;
const DNS_TRIES = 2;
const MAX_URL_LENGTH = 2_000;
/** Ports of the web, and those that no service of a system listens on. */
const WEB_PORTS = ["", "80", "443"];
const FIRST_FREE_PORT = 1_024;
/** Of IPv6, the one block from which public addresses have been given out. */
const IPV6_PUBLIC = ipaddr.IPv6.parseCIDR("2000::/3");

/** Asks the name servers themselves. The system's own look-up takes one of four threads, which a dead name server would keep. */
export async function resolveName(name: string): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: DNS_TRIES });
  const found = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  return found.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
}

/** Whether anybody's machine on the internet may have this address: no loopback, private, shared, link-local, mapped or reserved one. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== "unicast") return false;
  return parsed instanceof ipaddr.IPv4 || parsed.match(IPV6_PUBLIC);
}

function isLoopback(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.parse(address).range() === "loopback";
}

/** An address of the web that has the right form; whose machine it names is not known yet. Refuses `url_malformed`, `url_insecure`. */
function checkedToUrl(unchecked: string, { loopback }: AddressRules): URL | Refusal {
  const url = unchecked.length <= MAX_URL_LENGTH ? URL.parse(unchecked) : null;
  if (!url || !["https:", "http:"].includes(url.protocol) || url.hostname === "")
    return refuse("url_malformed");
  if (url.username !== "" || url.password !== "" || url.hash !== "") return refuse("url_malformed");
  if (!WEB_PORTS.includes(url.port) && Number(url.port) < FIRST_FREE_PORT) return refuse("url_malformed");
  if (url.protocol === "http:" && !loopback) return refuse("url_insecure");
  return url;
}

/** A URL and the addresses its name has now, all of which may be called: whoever calls connects to one of them and looks up no more. */
export type Destination = { readonly url: URL; readonly addresses: readonly string[] };

/**
 * Where a URL leads that somebody else named. Checked when it is saved and, because a name may lead elsewhere tomorrow, each
 * time it is called. Spellings of an address (decimal, octal, hexadecimal, IPv6-mapped) are all one to the URL parser. Refuses
 * `url_malformed`, `url_insecure`, `url_not_public` (also when the name has no address, so that nobody learns which names are
 * known inside).
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
  // RFC 6761: these never leave the machine, whatever a name server says
  if (name === "localhost" || name.endsWith(".localhost")) return ["127.0.0.1", "::1"];
  return resolve(name).catch(() => []);
}
