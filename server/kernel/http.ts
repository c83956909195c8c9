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

/** A route as it was registered; tests go through all of them. */
export type RegisteredRoute = {
  readonly method: string;
  readonly url: string;
  readonly right: string /** Whether an approval stands for the right. */;
  readonly approvable: boolean;
  readonly bodyLimit: number;
  readonly schema: Readonly<Record<string, unknown>>;
};

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
    /** Clients of older systems send this route forms, too: `application/x-www-form-urlencoded` beside JSON. */
    form?: true;
    /** How long a statement of this route may run; a name in `STATEMENT_TIMEOUTS_MS`, `request` where none is given. */
    statements?: StatementKind;
    /** The verb of this route takes a second person's word: who has the right with an approval alone may come. */
    approvable?: true;
  }
}

/**
 * How long one statement of a request may run, by the kind of its route. Longer than any honest one takes, and short enough
 * that what a few callers ask for holds no connection that payments wait for.
 */
export const STATEMENT_TIMEOUTS_MS = {
  request: 10_000,
  /** A page of a list. */
  list: 3_000,
  /** What an operator asks for seldom, and what is read or written as a whole. */
  report: 60_000,
} as const;
export type StatementKind = keyof typeof STATEMENT_TIMEOUTS_MS;

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
    // a logger of its own for each request costs more than it tells: what is logged names its request
    childLoggerFactory: (logger) => logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    trustProxy: trustProxy === "" ? false : trustProxy,
    // a client's own would let it choose what stands in the audit trail
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
    // a missing Host is refused here, with the headers of every answer
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
        (one) => connections?.isUnanswered(one) ?? true,
      ),
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
  http.server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) =>
    http.server.emit("request", request, response),
  );

  http.decorate("registered", []);
  http.decorate("stopping", stopping.signal);
  http.addHook("onRoute", (route) => {
    for (const method of [route.method].flat().filter((one) => one !== "HEAD" && one !== "OPTIONS"))
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
        `route ${String(route.method)} ${route.url} names no right; add config: { right } from identity's table`,
      );
    }
  });
  http.addHook("onRequest", (request, reply, done) => {
    if (!bounds.admit(request.raw, reply.raw)) return void reply.hijack();
    void reply.header("x-request-id", request.id);
    // many clients name a type and send nothing, above all with DELETE
    if (
      request.headers["transfer-encoding"] === undefined &&
      Number(request.headers["content-length"] ?? 0) === 0
    )
      delete request.headers["content-type"];
    if (setHeaders(request, reply)) return;
    const headRefusal = refusalOfHead(request);
    if (headRefusal) return void answerRefusal(request, reply, headRefusal);
    // told by the head alone: a body that nobody takes is not read
    if (request.is404) answerUnknown(request, reply);
    else done();
  });
  http.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string" },
    (request, body, done) => {
      const { config, schema } = request.routeOptions;
      if (config.form !== true || isFromPage(request))
        return done(Object.assign(new Error("no form is read here"), { statusCode: 415 }));
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

/** Whether a browser's page sends this: a page of anybody's can send a form, and a browser says so with each. */
function isFromPage({ headers }: FastifyRequest): boolean {
  return headers.origin !== undefined || headers["sec-fetch-site"] !== undefined;
}

/** A NUL or half a surrogate pair, which no text of the database can hold, is refused before anything is done. */
function refusalOfTexts({ body, query, params }: FastifyRequest): Refusal | undefined {
  for (const [part, value] of Object.entries({ params, querystring: query, body })) {
    const path = unkeepableAt(value);
    if (path !== undefined)
      return refuse("request_invalid", { field: `${part}${path}`, problem: UNKEEPABLE_PROBLEM });
  }
  return undefined;
}

const UNKEEPABLE_PROBLEM = "holds a character that can't be kept";

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
  if (error.statusCode && error.statusCode >= 400 && error.statusCode < 500)
    return refuse("request_malformed");
  // one that came another way than in the request, such as in a file
  if (UNKEEPABLE.has(codeOf(error) ?? ""))
    return refuse("request_invalid", { field: "body", problem: UNKEEPABLE_PROBLEM });
  if (isLockedOut(error)) return refuse("overloaded");
  if (isTimedOut(error)) {
    request.log.warn(
      { request_id: request.id, route: request.routeOptions.url },
      "a statement ran too long and was ended",
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

/** SQLSTATE: a character that the encoding doesn't have, or that JSON can't be turned into. */
const UNKEEPABLE: ReadonlySet<string> = new Set(["22021", "22P05"]);

const RETRY_AFTER_S = 1;

export function answerRefusal(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply {
  const [status, retry] = refusals[refusal.refusal];
  if (retry === "later" && (status === 409 || status === 429 || status === 503)) {
    void reply.header("retry-after", Math.max(RETRY_AFTER_S, Number(refusal.params?.["seconds"] ?? 0)));
  }
  // RFC 9110 wants it with each 401; clients of older systems refresh their token when they see it
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

/** Whether a refusal comes before a body that would take long to read. */
function isBodyTooLongToDrop({ raw, headers }: FastifyRequest): boolean {
  return (
    !raw.complete &&
    (headers["transfer-encoding"] !== undefined ||
      Number(headers["content-length"] ?? 0) > MAX_DROPPED_BODY_BYTES)
  );
}

/** Sends what a verb returned: its value with `status`, or its refusal. */
export function answer<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  result: T | Refusal,
  status = 200,
): FastifyReply {
  if (isRefusal(result)) return answerRefusal(request, reply, result);
  return reply.code(status).send(result);
}

/** The same for what was done once by its key: a stored answer says so in a header. */
export function answerOnce<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  { answer: result, replayed }: Once<T>,
  status = 200,
): FastifyReply {
  if (replayed) void reply.header("idempotent-replayed", "true");
  return answer(request, reply, result, status);
}
