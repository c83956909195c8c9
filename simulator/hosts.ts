import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import type { Answer } from "./answer.ts";
import { failure } from "./envelope.ts";

const CHANGES_NOTHING: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Refuses what a web page elsewhere sends: under a name of its own that it lets point here, or by a form. Addresses and localhost can be nobody else's. */
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

/** The name or address in a URL, without its brackets. */
export function nameOf(url: string): string | undefined {
  return URL.parse(url)?.hostname.replace(/^\[|\]$/g, "");
}
