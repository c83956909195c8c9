import { isRefusal, ProblemSchema } from "@onegate/contract";
import { Type } from "typebox";
import {
  answer,
  answerRefusal,
  createDocument,
  createReadiness,
  createSharedDocument,
  metricsRefusal,
  type Database,
  type Http,
  type Metrics,
  type MetricsAccess,
} from "./kernel/index.ts";
import type { Ledger } from "./ledger/index.ts";

const StatusSchema = Type.Object({ status: Type.String() });

/**
 * Liveness, readiness and metrics. Alive means only that the program runs; ready means that it can take
 * payments.
 */
export function healthRoutes(
  http: Http,
  {
    database,
    ledger,
    metrics,
    metricsAccess,
  }: { database: Database; ledger: Ledger; metrics: Metrics; metricsAccess: MetricsAccess },
): void {
  metrics.gauge("ledger_queue_items", "Ledger items waiting or being posted", () => ledger.depth());
  metrics.gauge("database_connections", "Open connections of the pool", () => database.pool.totalCount);
  metrics.gauge(
    "database_connections_waiting",
    "Callers waiting for a connection",
    () => database.pool.waitingCount,
  );

  const config = { right: "health.read", service: "health" };
  const schema = { tags: ["operation"] };
  for (const path of ["/healthz", "/health"]) {
    http.get(
      path,
      { config, schema: { ...schema, summary: "Alive", response: { 200: StatusSchema } } },
      async () => ({ status: "ok" }),
    );
  }
  const readiness = createReadiness(database);
  http.addHook("onError", (_request, _reply, error, done) => {
    readiness.noteFailure(error);
    done();
  });
  http.get(
    "/readyz",
    {
      config,
      schema: {
        ...schema,
        summary: "Ready to take money",
        response: { 200: StatusSchema, 503: ProblemSchema },
      },
    },
    async (request, reply) => {
      const refusal = await readiness.check();
      return answer(request, reply, isRefusal(refusal) ? refusal : { status: "ready" });
    },
  );
  const { contentType } = metrics.registry;
  const metricsDocument = createSharedDocument(async () =>
    createDocument(await metrics.registry.metrics(), contentType),
  );
  http.get(
    "/metrics",
    {
      config: { right: "metrics.read", service: "health" },
      schema: {
        ...schema,
        summary: "Metrics for Prometheus; in production only for this machine or with a token",
        response: {
          200: {
            description: "Prometheus' text format",
            content: { "text/plain": { schema: Type.String() } },
          },
          "4xx": ProblemSchema,
        },
      },
      onRequest: (request, reply, done) => {
        const refusal = metricsRefusal(metricsAccess, request);
        if (!refusal) return done();
        if (refusal.refusal === "unauthenticated") void reply.header("www-authenticate", "Bearer");
        answerRefusal(request, reply, refusal);
      },
    },
    async (request, reply) => (await metricsDocument()).send(request, reply),
  );
}
