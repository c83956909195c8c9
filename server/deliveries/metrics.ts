import { Counter, Gauge } from "prom-client";
import { everywhere, type Database, type Metrics } from "../kernel/index.ts";
import type { DisableReason } from "./endpoint.ts";
import type { TryError } from "./delivery.ts";
import { countUndelivered, oldestPending } from "./store.ts";

export type DeliveryMetrics = {
  tried(outcome: TryError | "delivered"): void;
  disabled(reason: DisableReason): void;
};

/**
 * Counts tries, and queries the database for waiting deliveries at each scrape. When the database is
 * unavailable, only these gauges are missing.
 */
export function createDeliveryMetrics({ registry }: Metrics, { kysely }: Database): DeliveryMetrics {
  const registers = [registry];
  const tries = new Counter({
    name: "webhook_tries_total",
    help: "Webhooks sent, by what came of it",
    labelNames: ["outcome"],
    registers,
  });
  const disabled = new Counter({
    name: "webhook_endpoints_disabled_total",
    help: "Webhook endpoints disabled for what they answered",
    labelNames: ["reason"],
    registers,
  });
  registry.registerMetric(
    new Gauge({
      name: "webhook_deliveries",
      help: "Webhooks to active endpoints that are not delivered, by state",
      labelNames: ["state"],
      registers: [],
      async collect() {
        this.reset();
        const counts = await everywhere(() => countUndelivered(kysely)).catch(() => undefined);
        if (!counts) return;
        for (const state of ["pending", "failed", "dead"] as const)
          this.set({ state }, counts.find((one) => one.state === state)?.count ?? 0);
      },
    }),
  );
  registry.registerMetric(
    new Gauge({
      name: "webhook_oldest_pending_seconds",
      help: "Age of the oldest webhook to an active endpoint that was not tried yet",
      registers: [],
      async collect() {
        this.set(await everywhere(() => oldestPending(kysely)).catch(() => Number.NaN));
      },
    }),
  );
  return { tried: (outcome) => tries.inc({ outcome }), disabled: (reason) => disabled.inc({ reason }) };
}
