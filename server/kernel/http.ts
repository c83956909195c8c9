import { isRefusal, refuse, refusals, toProblem, WELL_FORMED, type Refusal } from "@onegate/contract";
import type {} from "@fastify/swagger";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import Fastify, { LogController, type FastifyBaseLogger, type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest, type RawReplyDefaultExpression, type RawRequestDefaultExpression, type RawServerDefault } from "fastify";
import { randomUUID } from "node:crypto";
import { isDiskFull, isLockedOut, isUnavailable } from "./database.ts";
import { codeOf } from "./failure.ts";
import { createHeaders, type HeaderSettings } from "./headers.ts";
import type { Once } from "./idempotency.ts";
import type { Log, Metrics } from "./telemetry.ts";
import { answerUnknown } from "./unknown-address.ts";

export type Http = FastifyInstance<RawServerDefault, RawRequestDefaultExpression, RawReplyDefaultExpression, FastifyBaseLogger, TypeBoxTypeProvider>;

/** A route as it was registered; tests go through all of them. */
export type RegisteredRoute = { readonly method: string; readonly url: string; readonly right: string; /** Whether an approval stands for the right. */ readonly approvable: boolean; readonly schema: Readonly<Record<string, unknown>> };

declare module "fastify" {
  interface FastifyInstance {
    registered: RegisteredRoute[];
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

const BODY_LIMIT_BYTES = 1_048_576;
const REQUEST_ID = /^[A-Za-z0-9_-]{8,64}$/;

/** A server that answers every "no" as problem+json, counts every request and knows each by an id. It believes X-Forwarded-For from `trustProxy`. */
export function createHttp(log: Log, metrics: Metrics, { trustProxy, ...headerSettings }: HeaderSettings & { readonly trustProxy: string }): Http {
  const loggerInstance: FastifyBaseLogger = log;
  const setHeaders = createHeaders(headerSettings);
  const http = Fastify({
    loggerInstance,
    // a logger of its own for each request costs more than it tells: what is logged names its request
    childLoggerFactory: (logger) => logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    trustProxy: trustProxy === "" ? false : trustProxy,
    genReqId: (request) => {
      const given = request.headers["x-request-id"];
      return typeof given === "string" && REQUEST_ID.test(given) ? given : randomUUID();
    },
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: false, allErrors: false, formats: { [WELL_FORMED]: (text: string) => text.isWellFormed() } } },
    forceCloseConnections: "idle",
    // an address that can't be read has no route, so no hook runs for it
    frameworkErrors: (error, request, reply) => {
      setHeaders(request, reply);
      answerRefusal(request, reply, toRefusal(error, request));
    },
  }).withTypeProvider<TypeBoxTypeProvider>();

  http.decorate("registered", []);
  http.addHook("onRoute", (route) => {
    for (const method of [route.method].flat().filter((one) => one !== "HEAD" && one !== "OPTIONS")) http.registered.push({ method, url: route.url, right: route.config?.right ?? "", approvable: route.config?.approvable === true, schema: { ...route.schema } });
    if (route.config?.right === undefined && route.method !== "HEAD" && route.method !== "OPTIONS") {
      throw new Error(`route ${String(route.method)} ${route.url} names no right; add config: { right } from identity's table`);
    }
  });
  http.addHook("onRequest", (request, reply, done) => {
    void reply.header("x-request-id", request.id);
    if (setHeaders(request, reply)) return;
    // told by the head alone: a body that nobody takes is not read
    if (request.is404) answerUnknown(request, reply);
    else done();
  });
  http.addHook("onResponse", (request, reply, done) => {
    const service = request.routeOptions.config.service ?? "gateway";
    metrics.requests.inc({ service, status: reply.statusCode });
    metrics.durations.observe({ service }, reply.elapsedTime / 1000);
    request.log.info({ request_id: request.id, method: request.method, route: request.routeOptions.url ?? "unknown", status: reply.statusCode, ms: Math.round(reply.elapsedTime) }, "request");
    done();
  });
  http.setNotFoundHandler(answerUnknown);
  http.setErrorHandler((error, request, reply) => answerRefusal(request, reply, toRefusal(error as FastifyError, request)));
  return http;
}

function toRefusal(error: FastifyError, request: FastifyRequest): Refusal {
  if (error.validation) {
    const [first] = error.validation;
    const field = `${error.validationContext ?? "body"}${first?.instancePath ?? ""}${first?.params && "additionalProperty" in first.params ? `/${String(first.params["additionalProperty"])}` : ""}`;
    return refuse("request_invalid", { field, problem: first?.message ?? "is not as described" });
  }
  if (error.statusCode === 413) return refuse("request_too_large");
  if (error.statusCode === 415) return refuse("media_type_unsupported");
  if (error.statusCode && error.statusCode >= 400 && error.statusCode < 500) return refuse("request_malformed");
  // a NUL or half a surrogate pair, which no text of the database can hold
  if (UNKEEPABLE.has(codeOf(error) ?? "")) return refuse("request_invalid", { field: "body", problem: "holds a character that can't be kept" });
  if (isLockedOut(error)) return refuse("overloaded");
  if (isDiskFull(error)) {
    request.log.error({ err: error, request_id: request.id }, "a disk of the database is full");
    return refuse("storage_full");
  }
  if (isUnavailable(error)) {
    request.log.error({ err: error, request_id: request.id }, "the database is unavailable");
    return refuse("unavailable");
  }
  request.log.error({ err: error, request_id: request.id }, "a bug");
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
  return reply.code(status).type("application/problem+json").serializer(JSON.stringify).send(toProblem(refusal, request.id));
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
