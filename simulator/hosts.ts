import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import type { Answer } from "./answer.ts";
import { failure } from "./envelope.ts";

const CHANGES_NOTHING: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Refuses requests from web pages of other sites: under a host name that points here (DNS rebinding), or by a
 * form. IP addresses and localhost are always allowed, because no other site can own them.
 */
export function createHostCheck(
  names: readonly string[],
): (method: string, headers: IncomingHttpHeaders) => Answer | undefined {
  const isKnown = (host = "") =>
    host === "localhost" || host.endsWith(".localhost") || isIP(host) > 0 || names.includes(host);
  return (method, { host, origin }) => {
    if (!isKnown(nameOf(`http://${host ?? ""}`)))
      return failure("The simulator does not answer for this host; see --allow-host", 421);
    if (origin === undefined || CHANGES_NOTHING.has(method) || isKnown(nameOf(origin))) return undefined;
    return failure("A page of another site can't change anything here", 403);
  };
}

/** The host name or IP address in a URL, without brackets. */
export function nameOf(url: string): string | undefined {
  return URL.parse(url)?.hostname.replace(/^\[|\]$/g, "");
}
