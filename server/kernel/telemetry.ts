import { codeOf } from "./failure.ts";
import { createLogFile } from "./log-file.ts";
import pino, { type Logger } from "pino";
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";

export type Log = Logger;

const standardError = createLogFile(2);

/** Fields that are never logged, up to two levels deep; `mask` does the same for free text. */
const SECRET_FIELDS = [
  "pin",
  "password",
  "current_password",
  "new_password",
  "totp",
  "token",
  "refresh_token",
  "access_token",
  "authorization",
  "api_key",
  "private_key",
  "server_key",
  "secret_key",
  "callback_token",
  "credentials",
  "customer_email",
  "customer_phone",
  "customer_name",
  "email",
  "phone",
  "qr_string",
];

/** Structured logs on standard error, one JSON line each. */
export function createLog(level: string, destination: pino.DestinationStream = standardError): Log {
  return pino(
    {
      level,
      base: { service: "onegate" },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]),
        censor: "[hidden]",
      },
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError },
    },
    destination,
  );
}

/** Type, message and stack of an error, masked, without the fields that libraries add to their errors. */
function describeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: mask(String(error)) };
  const code = codeOf(error);
  // SQLSTATE class 22: the message quotes the value that PostgreSQL can't convert
  const shown = (text: string) =>
    mask(code?.startsWith("22") === true ? text.replace(/"[^"\n]*"/g, '"[hidden]"') : text);
  return { type: error.name, code, message: shown(error.message), stack: shown(error.stack ?? "") };
}

/** Removes e-mail addresses, telephone numbers, bearer tokens and JWTs from a text. */
export function mask(text: string): string {
  return text
    .replace(/[^\s@"']+@[^\s@"']+\.[^\s@"']+/g, "[email]")
    .replace(/\bBearer\s+\S+/gi, "Bearer [hidden]")
    .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, "[token]")
    .replace(/(?<![\w-])(?:\+62[ -]?|0)8[0-9 -]{7,13}(?![\w-])/g, "[phone]");
}

const MISNAMED = [
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
] as const;

export type Metrics = ReturnType<typeof createMetrics>;

/** The metrics at `/metrics`. Names follow Prometheus' conventions; durations are in seconds. */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  // these are gauges with counters' names; those without _total have the same values by type
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  return {
    registry,
    requests: new Counter({
      name: "payment_requests_total",
      help: "HTTP requests",
      labelNames: ["service", "status"],
      registers: [registry],
    }),
    durations: new Histogram({
      name: "payment_request_duration_seconds",
      help: "HTTP request duration",
      labelNames: ["service"],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers: [registry],
    }),
    dropped: new Counter({
      name: "http_connections_dropped_total",
      help: "Connections closed for more requests or unread bytes than one may have",
      labelNames: ["reason"],
      registers: [registry],
    }),
    batchItems: new Histogram({
      name: "ledger_batch_items",
      help: "Items in a ledger batch",
      buckets: [1, 2, 5, 10, 25, 50, 100, 200, 400],
      registers: [registry],
    }),
    logLinesLost: new Counter({
      name: "log_lines_lost_total",
      help: "Log lines that standard error did not take, because its disk is full or its reader is slow",
      registers: [registry],
      collect() {
        this.inc(standardError.takeLost());
      },
    }),
    breaches: new Gauge({
      name: "ledger_breaches",
      help: "What the last daily proof of the books found wrong",
      registers: [registry],
    }),
    gauge: (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers: [registry],
        collect() {
          this.set(read());
        },
      }),
  };
}
