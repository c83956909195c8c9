import { isRefusal, refuse, refusals, toProblem, type Refusal } from "@onegate/contract";
import type {} from "@fastify/swagger";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import Fastify, { LogController, type FastifyBaseLogger, type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest, type RawReplyDefaultExpression, type RawRequestDefaultExpression, type RawServerDefault } from "fastify";
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { answerClientError } from "./client-error.ts";
import { boundConnections, type Connections } from "./connections.ts";
import { isLockedOut, isUnavailable } from "./database.ts";
import { codeOf } from "./failure.ts";
import { createHeaders, everyHeader, type HeaderSettings } from "./headers.ts";
import { createHostCheck, type HostSettings } from "./hosts.ts";
import type { Once } from "./idempotency.ts";
import { jsonProblem } from "./json-shape.ts";
import { mask, type Log, type Metrics } from "./telemetry.ts";

export type Http = FastifyInstance<RawServerDefault, RawRequestDefaultExpression, RawReplyDefaultExpression, FastifyBaseLogger, TypeBoxTypeProvider>;

/** A route as it was registered; tests go through all of them. */
export type RegisteredRoute = { readonly method: string; readonly url: string; readonly right: string; /** Whether an approval stands for the right. */ readonly approvable: boolean; readonly bodyLimit: number; readonly schema: Readonly<Record<string, unknown>> };

declare module "fastify" {
  interface FastifyInstance {
    registered: RegisteredRoute[];
    /** Aborts as soon as the server begins to stop: what waits for news answers now. */
    stopping: AbortSignal;
  }
  interface FastifyContextConfig {
    /** The right a caller needs; see identity's table. A route without one keeps the server from starting. */
    right?: string;
    /** The service whose metrics count this route. */
    service?: string;
    /** The verb of this route takes a second person's word: who has the right with an approval alone may come. */
    approvable?: true;
  }
}

/** What a body may hold unless its route says more. */
const BODY_LIMIT_BYTES = 65_536;
/** An unread body up to this length is read and dropped, so that its sender reads the refusal; beyond it the connection is closed. */
const MAX_DROPPED_BODY_BYTES = 1_048_576;
/** Within which a request's head must have come, and the whole request. */
const TIMEOUTS = { headMs: 10_000, requestMs: 60_000, checkMs: 2_000 };
/** How long requests that are under way may take once the server stops. */
const DRAIN_MS = 6_000;
/** What of a client's own request id is logged. */
const CLIENT_REQUEST_ID = /^[A-Za-z0-9_-]{8,64}$/;

/** A server that answers every "no" as problem+json, counts every request and knows each by an id. It believes X-Forwarded-For from `trustProxy`. */
export function createHttp(log: Log, metrics: Metrics, { trustProxy, ...settings }: HeaderSettings & HostSettings & { readonly trustProxy: string }, timeouts = TIMEOUTS): Http {
  const loggerInstance: FastifyBaseLogger = log;
  const setHeaders = createHeaders(settings);
  const hostRefusal = createHostCheck(settings);
  const stopping = new AbortController();
  let connections: Connections | undefined;
  const http = Fastify({
    loggerInstance,
    // a logger of its own for each request costs more than it tells: what is logged names its request
    childLoggerFactory: (logger) => logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    trustProxy: trustProxy === "" ? false : trustProxy,
    // a client's own would let it choose what stands in the audit trail
    genReqId: () => randomUUID(),
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false, allErrors: false } },
    requestTimeout: timeouts.requestMs,
    // a missing Host is refused here, with the headers of every answer
    http: { headersTimeout: timeouts.headMs, connectionsCheckingInterval: timeouts.checkMs, requireHostHeader: false },
    forceCloseConnections: "idle",
    return503OnClosing: false,
    clientErrorHandler: (error, socket) => answerClientError(error, socket, everyHeader(settings), (one) => connections?.isUnanswered(one) ?? true),
    // an address that can't be read has no route, so no hook runs for it
    frameworkErrors: (error, request, reply) => {
      if (connections?.admit(request.raw, reply.raw) === false) return void reply.hijack();
      reply.raw.once("finish", () => connections?.sent(reply.raw));
      setHeaders(request, reply);
      answerRefusal(request, reply, toRefusal(error, request));
    },
  }).withTypeProvider<TypeBoxTypeProvider>();
  const bounds = boundConnections(http.server, (reason) => metrics.dropped.inc({ reason }));
  connections = bounds;
  // an expectation that isn't met may be ignored; Node would answer it without our headers
  http.server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) => http.server.emit("request", request, response));

  http.decorate("registered", []);
  http.decorate("stopping", stopping.signal);
  http.addHook("onRoute", (route) => {
    for (const method of [route.method].flat().filter((one) => one !== "HEAD" && one !== "OPTIONS")) http.registered.push({ method, url: route.url, right: route.config?.right ?? "", approvable: route.config?.approvable === true, bodyLimit: route.bodyLimit ?? BODY_LIMIT_BYTES, schema: { ...route.schema } });
    if (route.config?.right === undefined && route.method !== "HEAD" && route.method !== "OPTIONS") {
      throw new Error(`route ${String(route.method)} ${route.url} names no right; add config: { right } from identity's table`);
    }
  });
  http.addHook("onRequest", (request, reply, done) => {
    if (!bounds.admit(request.raw, reply.raw)) return void reply.hijack();
    void reply.header("x-request-id", request.id);
    if (setHeaders(request, reply)) return;
    const refusal = refusalOfHead(request);
    if (refusal) answerRefusal(request, reply, refusal);
    else done();
  });
  const refusalOfHead = (request: FastifyRequest): Refusal | undefined => {
    if (stopping.signal.aborted) return refuse("stopping");
    if (request.headers.host === undefined && request.raw.httpVersion !== "1.0") return refuse("request_malformed");
    return hostRefusal(request.method, request.headers) ?? (request.is404 ? refuse("not_found") : undefined);
  };
  const parseJson = http.getDefaultJsonParser("error", "error");
  http.removeContentTypeParser("application/json");
  http.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    const problem = jsonProblem(String(body), request.routeOptions.bodyLimit);
    if (problem) done(new UnfitJson(problem));
    else void parseJson(request, String(body), done);
  });
  http.addHook("preClose", async () => {
    stopping.abort();
    bounds.drain(DRAIN_MS);
  });
  http.addHook("onClose", async () => bounds.stop());
  http.addHook("onResponse", (request, reply, done) => {
    bounds.sent(reply.raw);
    const service = request.routeOptions.config.service ?? "gateway";
    metrics.requests.inc({ service, status: reply.statusCode });
    metrics.durations.observe({ service }, reply.elapsedTime / 1000);
    request.log.info({ request_id: request.id, ...clientIdOf(request), method: request.method, route: request.routeOptions.url ?? "unknown", status: reply.statusCode, ms: Math.round(reply.elapsedTime) }, "request");
    done();
  });
  http.setNotFoundHandler((request, reply) => answerRefusal(request, reply, refuse("not_found")));
  http.setErrorHandler((error, request, reply) => answerRefusal(request, reply, toRefusal(error as FastifyError, request)));
  return http;
}

/** A body that is not worth parsing. */
class UnfitJson extends Error {}

/** The id that a client gave its request, beside ours. */
function clientIdOf({ headers }: FastifyRequest): { client_request_id?: string } {
  const given = headers["x-request-id"];
  return typeof given === "string" && CLIENT_REQUEST_ID.test(given) ? { client_request_id: mask(given) } : {};
}

function toRefusal(error: FastifyError, request: FastifyRequest): Refusal {
  if (error.validation) {
    const [first] = error.validation;
    const field = `${error.validationContext ?? "body"}${first?.instancePath ?? ""}${first?.params && "additionalProperty" in first.params ? `/${String(first.params["additionalProperty"])}` : ""}`;
    return refuse("request_invalid", { field, problem: first?.message ?? "is not as described" });
  }
  if (error instanceof UnfitJson) return refuse("request_invalid", { field: "body", problem: error.message });
  if (error.statusCode === 413) return refuse("request_too_large");
  if (error.statusCode === 415) return refuse("media_type_unsupported");
  if (error.statusCode && error.statusCode >= 400 && error.statusCode < 500) return refuse("request_malformed");
  // a NUL or half a surrogate pair, which no text of the database can hold
  if (UNKEEPABLE.has(codeOf(error) ?? "")) return refuse("request_invalid", { field: "body", problem: "holds a character that can't be kept" });
  if (isLockedOut(error)) return refuse("overloaded");
  if (isUnavailable(error)) {
    request.log.error({ err: error, request_id: request.id, ...clientIdOf(request) }, "the database is unavailable");
    return refuse("unavailable");
  }
  request.log.error({ err: error, request_id: request.id, ...clientIdOf(request) }, "a bug");
  return refuse("internal");
}

/** SQLSTATE: a character that the encoding doesn't have, or that JSON can't be turned into. */
const UNKEEPABLE: ReadonlySet<string> = new Set(["22021", "22P05"]);

const RETRY_AFTER_S = 1;

export function answerRefusal(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply {
  const [status, retry] = refusals[refusal.refusal];
  if (retry === "later" && (status === 409 || status === 429 || status === 503)) {
    void reply.header("retry-after", Math.max(RETRY_AFTER_S, Number(refusal.params?.["seconds"] ?? 0)));
  }
  if (isBodyTooLongToDrop(request)) void reply.header("connection", "close");
  return reply.code(status).type("application/problem+json").serializer(JSON.stringify).send(toProblem(refusal, request.id));
}

/** Whether a refusal comes before a body that would take long to read. */
function isBodyTooLongToDrop({ raw, headers }: FastifyRequest): boolean {
  return !raw.complete && (headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > MAX_DROPPED_BODY_BYTES);
}

/** Sends what a verb returned: its value with `status`, or its refusal. */
export function answer<T>(request: FastifyRequest, reply: FastifyReply, result: T | Refusal, status = 200): FastifyReply {
  if (isRefusal(result)) return answerRefusal(request, reply, result);
  return reply.code(status).send(result);
}

/** The same for what was done once by its key: a stored answer says so in a header. */
export function answerOnce<T>(request: FastifyRequest, reply: FastifyReply, { answer: result, replayed }: Once<T>, status = 200): FastifyReply {
  if (replayed) void reply.header("idempotent-replayed", "true");
  return answer(request, reply, result, status);
}
