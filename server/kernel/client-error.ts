import { refusals, toProblem, type RefusalCode } from "@onegate/contract";
import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { codeOf } from "./failure.ts";

/** Error codes of Node's HTTP parser and the refusals that they become. */
const CODES: Readonly<Record<string, RefusalCode>> = {
  ERR_HTTP_REQUEST_TIMEOUT: "request_timeout",
  HPE_HEADER_OVERFLOW: "headers_too_large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "request_too_large",
};

/** Answers a request that could not be parsed, with the usual headers, and closes its connection. */
export function answerClientError(
  error: Error,
  socket: Socket,
  headers: Readonly<Record<string, string>>,
  isUnanswered: (socket: Socket) => boolean,
): void {
  if (socket.destroyed || codeOf(error) === "ECONNRESET") return;
  // in the middle of another response the client would read this one as a part of it
  if (!socket.writable || !isUnanswered(socket)) {
    socket.destroy();
    return;
  }
  const requestId = randomUUID();
  const refusal = CODES[codeOf(error) ?? ""] ?? "request_malformed";
  const [status] = refusals[refusal];
  const body = JSON.stringify(toProblem({ refusal }, requestId));
  const all = {
    ...headers,
    "content-type": "application/problem+json",
    "content-length": Buffer.byteLength(body),
    "x-request-id": requestId,
    date: new Date().toUTCString(),
    connection: "close",
  };
  const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${head.join("")}\r\n${body}`);
  socket.destroySoon();
}
