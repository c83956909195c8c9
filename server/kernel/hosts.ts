import { refuse, type Refusal } from "@onegate/contract";
import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import { hostname } from "node:os";

export type HostSettings = {
  /** The URL at which clients reach this server, besides the names of this machine. */
  readonly publicUrl: string;
  /** Further host names, such as the one that a proxy uses. */
  readonly hosts: readonly string[];
  readonly corsOrigins: readonly string[];
};

const CHANGES_NOTHING: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses requests that a web page of another site makes in a visitor's browser, either through a name of its
 * own that it points to this machine (DNS rebinding) or with a form. A host is known if it is configured, or
 * if nobody else can own it: localhost, this machine's name, and IP addresses. Refuses `host_unknown`,
 * `origin_unknown`.
 */
export function createHostCheck({
  publicUrl,
  hosts,
  corsOrigins,
}: HostSettings): (method: string, headers: IncomingHttpHeaders) => Refusal | undefined {
  const own = hostname().toLowerCase();
  const names = new Set([
    "localhost",
    own,
    `${own}.local`,
    ...hosts.map((host) => host.toLowerCase()),
    ...(publicUrl === "" ? [] : [hostOf(new URL(publicUrl).host)]),
  ]);
  const origins = new Set(corsOrigins);
  const isKnown = (host: string | undefined) =>
    host !== undefined && (names.has(host) || host.endsWith(".localhost") || isIP(host) > 0);
  return (method, headers) => {
    // HTTP/1.0 has no Host header, and no browser uses it
    if (headers.host !== undefined && !isKnown(hostOf(headers.host))) return refuse("host_unknown");
    const { origin } = headers;
    if (origin === undefined || CHANGES_NOTHING.has(method) || origins.has(origin)) return undefined;
    return isKnown(hostOf(URL.parse(origin)?.host)) ? undefined : refuse("origin_unknown");
  };
}

/** The name or address in a Host header, without port and brackets; `undefined` if it is neither. */
function hostOf(header: string | undefined): string | undefined {
  const [, address, name] =
    /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+?)\.?)(?::[0-9]{1,5})?$/i.exec(header ?? "") ?? [];
  return (address ?? name)?.toLowerCase();
}
