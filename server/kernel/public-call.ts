import { isRefusal } from "@onegate/contract";
import { once } from "node:events";
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { checkedToDestination, type AddressRules, type Destination } from "./public-address.ts";

/** Why there was no response: the address may not be called, or the connection, TLS or the timeout failed. */
export type CallError = "address" | "connection" | "tls" | "timeout";

export type PublicCall = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Timeout for the whole call, from the name's lookup to the last byte read. */
  readonly totalMs: number;
  /** At most this many bytes of the response are read. */
  readonly maxBytes: number;
};

export type CallAnswer =
  | { readonly status: number; readonly retryAfter: string | undefined; readonly text: string }
  | { readonly error: CallError };

const MAX_HEADERS_BYTES = 16_384;

/**
 * Posts to a user-supplied address; never throws. The name is looked up once, all its addresses are checked,
 * and the connection is made to one of them, so that a name that changes its address in between gains
 * nothing. Redirects are not followed.
 */
export async function callPublic(call: PublicCall, rules: AddressRules): Promise<CallAnswer> {
  const signal = AbortSignal.timeout(call.totalMs);
  try {
    const destination = await Promise.race([checkedToDestination(call.url, rules), once(signal, "abort")]);
    if (Array.isArray(destination)) return { error: "timeout" };
    if (isRefusal(destination)) return { error: "address" };
    const response = await post(destination, call, signal);
    const text = await readBeginning(response, call.maxBytes);
    return { status: response.statusCode ?? 0, retryAfter: response.headers["retry-after"], text };
  } catch (error) {
    return { error: signal.aborted ? "timeout" : isTls(error) ? "tls" : "connection" };
  }
}

async function post(
  { url, addresses }: Destination,
  { headers, body }: PublicCall,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  const lookup: LookupFunction = (_name, options, callback) => {
    const [first] = found;
    if (options.all) callback(null, found);
    else callback(null, first?.address ?? "", first?.family);
  };
  // no keep-alive: the receiver may close a kept connection just as it is used again
  const request = (url.protocol === "https:" ? https : http).request(url, {
    method: "POST",
    headers,
    signal,
    lookup,
    agent: false,
    maxHeaderSize: MAX_HEADERS_BYTES,
  });
  request.end(body);
  return new Promise((resolve, reject) => {
    request.once("response", resolve);
    // we requested no upgrade, so the status alone is reported
    request.once("upgrade", (response, socket) => {
      socket.destroy();
      resolve(response);
    });
    request.on("error", reject);
    request.once("close", () => reject(new Error("closed without an answer")));
  });
}

/**
 * The beginning of a response's body. If it breaks off, the part that arrived: the status is known already.
 */
async function readBeginning(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= maxBytes) break;
    }
  } catch {
    // broken off, or out of time
  }
  response.destroy();
  return Buffer.concat(chunks).subarray(0, maxBytes).toString("utf8");
}

function isTls(error: unknown): boolean {
  const code = typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
  return /^(ERR_TLS|ERR_SSL|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO|HOSTNAME_MISMATCH|EPROTO)/.test(code);
}
