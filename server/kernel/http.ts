import { isRefusal, refuse, refusals, toProblem, WELL_FORMED, type Refusal } from "@onegate/contract";
import type {} from "@fastify/swagger";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import Fastify, {
  LogController,
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerDefault,
} from "fastify";
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { answerClientError } from "./client-error.ts";
import { boundConnections, type Connections } from "./connections.ts";
import { isDiskFull, isLockedOut, isTimedOut, isUnavailable } from "./database.ts";
import { codeOf } from "./failure.ts";
import { readForm } from "./form.ts";
import { createHeaders, everyHeader, type HeaderSettings } from "./headers.ts";
import { createHostCheck, type HostSettings } from "./hosts.ts";
import type { Once } from "./idempotency.ts";
import { jsonProblem } from "./json-shape.ts";
import { unkeepableAt } from "./keepable.ts";
import { mask, type Log, type Metrics } from "./telemetry.ts";
import { answerUnknown } from "./unknown-address.ts";

export type Http = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** A route as it was registered; tests walk through all of them. */
export type RegisteredRoute = {
  readonly method: string;
  readonly url: string;
  readonly right: string;
  /** Whether an approval can replace the right. */
  readonly approvable: boolean;
  readonly bodyLimit: number;
  readonly schema: Readonly<Record<string, unknown>>;
};

declare module "fastify" {
  interface FastifyInstance {
    registered: RegisteredRoute[];
    /** Aborts as soon as the server begins to stop: requests that wait for events must answer now. */
    stopping: AbortSignal;
  }
  interface FastifyContextConfig {
    /** The right that a caller needs; see identity's table. The server doesn't start if a route has none. */
    right?: string;
    /** The service whose metrics count this route. */
    service?: string;
    /**
     * Whether this route accepts `application/x-www-form-urlencoded` besides JSON, for clients of older
     * systems.
     */
    form?: true;
    /**
     * How long a statement of this route may run: a name in `STATEMENT_TIMEOUTS_MS`, `request` by default.
     */
    statements?: StatementKind;
    /** Whether callers who have the right only with a second person's approval may call this route. */
    approvable?: true;
  }
}

/**
 * How long one statement of a request may run, by the kind of its route. It is longer than any legitimate
 * statement takes, and short enough that a few callers can't hold the connections that payments need.
 */
export const STATEMENT_TIMEOUTS_MS = {
  request: 10_000,
  /** A page of a list. */
  list: 3_000,
  /** Rare requests of operators, and documents that are read or written as a whole. */
  report: 60_000,
} as const;
export type StatementKind = keyof typeof STATEMENT_TIMEOUTS_MS;

/** The largest body that a route accepts unless it sets its own limit. */
const BODY_LIMIT_BYTES = 65_536;
/**
 * An unread body up to this length is read and dropped, so that its sender reads the refusal. If it is
 * longer, the connection is closed.
 */
const MAX_DROPPED_BODY_BYTES = 1_048_576;
/** How long a request's head may take to arrive, and the whole request; and how often Node checks. */
const TIMEOUTS = { headMs: 10_000, requestMs: 60_000, checkMs: 2_000 };
/** How long requests in progress may take once the server stops. */
const DRAIN_MS = 6_000;
/** The form that a client's own request id must have to be logged. */
const CLIENT_REQUEST_ID = /^[A-Za-z0-9_-]{8,64}$/;

/**
 * An HTTP server that sends every refusal as problem+json, counts every request and gives each an id. It
 * trusts X-Forwarded-For from the addresses in `trustProxy`.
 */
export function createHttp(
  log: Log,
  metrics: Metrics,
  { trustProxy, ...settings }: HeaderSettings & HostSettings & { readonly trustProxy: string },
  timeouts = TIMEOUTS,
): Http {
  const loggerInstance: FastifyBaseLogger = log;
  const setHeaders = createHeaders(settings);
  const hostRefusal = createHostCheck(settings);
  const stopping = new AbortController();
  let connections: Connections | undefined;
  const http = Fastify({
    loggerInstance,
    // a child logger for each request is not worth its cost: log lines name their request themselves
    childLoggerFactory: (logger) => logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    trustProxy: trustProxy === "" ? false : trustProxy,
    // a client's own id would let it choose what is written in the audit trail
    genReqId: () => randomUUID(),
    ajv: {
      customOptions: {
        removeAdditional: false,
        coerceTypes: false,
        useDefaults: false,
        allErrors: false,
        formats: { [WELL_FORMED]: (text: string) => text.isWellFormed() },
      },
    },
    requestTimeout: timeouts.requestMs,
    // a missing Host is refused in a hook instead, with the usual headers
    http: {
      headersTimeout: timeouts.headMs,
      connectionsCheckingInterval: timeouts.checkMs,
      requireHostHeader: false,
    },
    forceCloseConnections: "idle",
    return503OnClosing: false,
    clientErrorHandler: (error, socket) =>
      answerClientError(
        error,
        socket,
        everyHeader(settings),
        (client) => connections?.isUnanswered(client) ?? true,
      ),
    // a URL that can't be parsed has no route, so no hook runs for it
    frameworkErrors: (error, request, reply) => {
      if (connections?.admit(request.raw, reply.raw) === false) return void reply.hijack();
      reply.raw.once("finish", () => connections?.sent(reply.raw));
      setHeaders(request, reply);
      answerRefusal(request, reply, toRefusal(error, request));
    },
  }).withTypeProvider<TypeBoxTypeProvider>();
  const bounds = boundConnections(http.server, (reason) => metrics.dropped.inc({ reason }));
  connections = bounds;
  // an unknown Expect header may be ignored (RFC 9110); Node would answer it without our headers
  http.server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) =>
    http.server.emit("request", request, response),
  );

  http.decorate("registered", []);
  http.decorate("stopping", stopping.signal);
  http.addHook("onRoute", (route) => {
    for (const method of [route.method].flat().filter((name) => name !== "HEAD" && name !== "OPTIONS"))
      http.registered.push({
        method,
        url: route.url,
        right: route.config?.right ?? "",
        approvable: route.config?.approvable === true,
        bodyLimit: route.bodyLimit ?? BODY_LIMIT_BYTES,
        schema: { ...route.schema },
      });
    if (route.config?.right === undefined && route.method !== "HEAD" && route.method !== "OPTIONS") {
      throw new Error(
        `route ${String(route.method)} ${route.url} has no right; ` +
          "add config: { right } from identity's table",
      );
    }
  });
  http.addHook("onRequest", (request, reply, done) => {
    if (!bounds.admit(request.raw, reply.raw)) return void reply.hijack();
    void reply.header("x-request-id", request.id);
    // many clients send a content type without a body, above all with DELETE
    if (
      request.headers["transfer-encoding"] === undefined &&
      Number(request.headers["content-length"] ?? 0) === 0
    )
      delete request.headers["content-type"];
    if (setHeaders(request, reply)) return;
    const headRefusal = refusalOfHead(request);
    if (headRefusal) return void answerRefusal(request, reply, headRefusal);
    // answered from the head alone: the body of an unknown route is not read
    if (request.is404) answerUnknown(request, reply);
    else done();
  });
  http.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string" },
    (request, body, done) => {
      const { config, schema } = request.routeOptions;
      if (config.form !== true || isFromPage(request))
        return done(Object.assign(new Error("this route accepts no form"), { statusCode: 415 }));
      const form = readForm(String(body), schema?.body);
      if (isRefusal(form)) done(Object.assign(new Error(form.refusal), { statusCode: 400 }));
      else done(null, form);
    },
  );
  http.addHook("preValidation", (request, reply, done) => {
    const refusal = refusalOfTexts(request);
    if (refusal) answerRefusal(request, reply, refusal);
    else done();
  });
  const refusalOfHead = (request: FastifyRequest): Refusal | undefined => {
    if (stopping.signal.aborted) return refuse("stopping");
    if (request.headers.host === undefined && request.raw.httpVersion !== "1.0")
      return refuse("request_malformed");
    return hostRefusal(request.method, request.headers);
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
    request.log.info(
      {
        request_id: request.id,
        ...clientIdOf(request),
        method: request.method,
        route: request.routeOptions.url ?? "unknown",
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
      },
      "request",
    );
    done();
  });
  http.setNotFoundHandler(answerUnknown);
  http.setErrorHandler((error, request, reply) =>
    answerRefusal(request, reply, toRefusal(error as FastifyError, request)),
  );
  return http;
}

/**
 * Whether a page in a browser sent this request. Any page can send a form, but the browser adds these headers
 * to it.
 */
function isFromPage({ headers }: FastifyRequest): boolean {
  return headers.origin !== undefined || headers["sec-fetch-site"] !== undefined;
}

/** Refuses a NUL or half a surrogate pair, which PostgreSQL can't store, before anything is done. */
function refusalOfTexts({ body, query, params }: FastifyRequest): Refusal | undefined {
  for (const [part, value] of Object.entries({ params, querystring: query, body })) {
    const path = unkeepableAt(value);
    if (path !== undefined)
      return refuse("request_invalid", { field: `${part}${path}`, problem: UNKEEPABLE_PROBLEM });
  }
  return undefined;
}

const UNKEEPABLE_PROBLEM = "holds a character that can't be kept";

/** A JSON body that is refused before it is parsed. */
class UnfitJson extends Error {}

/** The id that a client gave its request, to be logged besides our own. */
function clientIdOf({ headers }: FastifyRequest): { client_request_id?: string } {
  const given = headers["x-request-id"];
  return typeof given === "string" && CLIENT_REQUEST_ID.test(given) ? { client_request_id: mask(given) } : {};
}

function toRefusal(error: FastifyError, request: FastifyRequest): Refusal {
  if (error.validation) {
    const [first] = error.validation;
    const additional =
      first?.params && "additionalProperty" in first.params
        ? `/${String(first.params["additionalProperty"])}`
        : "";
    const field = `${error.validationContext ?? "body"}${first?.instancePath ?? ""}${additional}`;
    return refuse("request_invalid", { field, problem: first?.message ?? "is not as described" });
  }
  if (error instanceof UnfitJson) return refuse("request_invalid", { field: "body", problem: error.message });
  if (error.statusCode === 413) return refuse("request_too_large");
  if (error.statusCode === 415) return refuse("media_type_unsupported");
  if (error.statusCode && error.statusCode >= 400 && error.statusCode < 500)
    return refuse("request_malformed");
  // the text was not a field of the request, so the check above missed it: it came in a file, for example
  if (UNKEEPABLE.has(codeOf(error) ?? ""))
    return refuse("request_invalid", { field: "body", problem: UNKEEPABLE_PROBLEM });
  if (isLockedOut(error)) return refuse("overloaded");
  if (isTimedOut(error)) {
    request.log.warn(
      { request_id: request.id, route: request.routeOptions.url },
      "a statement exceeded its timeout and was cancelled",
    );
    return refuse("overloaded");
  }
  if (isDiskFull(error)) {
    request.log.error({ err: error, request_id: request.id }, "a disk of the database is full");
    return refuse("storage_full");
  }
  if (isUnavailable(error)) {
    request.log.error(
      { err: error, request_id: request.id, ...clientIdOf(request) },
      "the database is unavailable",
    );
    return refuse("unavailable");
  }
  request.log.error({ err: error, request_id: request.id, ...clientIdOf(request) }, "a bug");
  return refuse("internal");
}

/** SQLSTATE of a character that the encoding doesn't have, or that a JSON escape can't be converted to. */
const UNKEEPABLE: ReadonlySet<string> = new Set(["22021", "22P05"]);

const RETRY_AFTER_S = 1;

export function answerRefusal(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply {
  const [status, retry] = refusals[refusal.refusal];
  if (retry === "later" && (status === 409 || status === 429 || status === 503)) {
    void reply.header("retry-after", Math.max(RETRY_AFTER_S, Number(refusal.params?.["seconds"] ?? 0)));
  }
  // RFC 9110 requires it with each 401; clients of older systems refresh their token when they see it
  if (status === 401)
    void reply.header(
      "www-authenticate",
      `Bearer realm="onegate"${request.headers.authorization === undefined ? "" : ', error="invalid_token"'}`,
    );
  if (isBodyTooLongToDrop(request)) void reply.header("connection", "close");
  return reply
    .code(status)
    .type("application/problem+json")
    .serializer(JSON.stringify)
    .send(toProblem(refusal, request.id));
}

/** Whether the request's body is still unread and too long to read and drop. */
function isBodyTooLongToDrop({ raw, headers }: FastifyRequest): boolean {
  return (
    !raw.complete &&
    (headers["transfer-encoding"] !== undefined ||
      Number(headers["content-length"] ?? 0) > MAX_DROPPED_BODY_BYTES)
  );
}

/** Sends the result of a verb: its value with `status`, or its refusal. */
export function answer<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  result: T | Refusal,
  status = 200,
): FastifyReply {
  if (isRefusal(result)) return answerRefusal(request, reply, result);
  return reply.code(status).send(result);
}

/** Sends the result of an idempotent verb; a replayed answer is marked by a header. */
export function answerOnce<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  { answer: result, replayed }: Once<T>,
  status = 200,
): FastifyReply {
  if (replayed) void reply.header("idempotent-replayed", "true");
  return answer(request, reply, result, status);
}
