import type { Id } from "@onegate/contract";
import { everywhere, isUnavailable } from "../kernel/index.ts";
import { setTimeout as sleep } from "node:timers/promises";
import type { Payments } from "./context.ts";
import { inquirePayment } from "./inquire.ts";
import { renewInquiries, takeInquiries, type Inquiry } from "./store.ts";

/** How often to look for payments that are due for an inquiry. */
const POLL_MS = 1_000;
/** Concurrent inquiries per process. */
const MAX_INQUIRIES = 16;
/**
 * How long a lease lasts after it was last renewed. When a process is killed, others take its inquiries over
 * after this time.
 */
const LEASE_S = 12;
const RENEW_MS = 3_000;

/**
 * Inquires of providers about open payments that are due, until stopped. The due time is stored with each
 * payment and committed with it. Processes share the inquiries; if one dies, the others take over its leases.
 */
export function inquireOfProviders(payments: Payments): { stop(): Promise<void> } {
  const underWay = new Map<Promise<void>, Inquiry>();
  const ending = new AbortController();
  let renewedAt = performance.now();

  async function inquire({ merchantId, paymentId, tries }: Inquiry): Promise<void> {
    try {
      await inquirePayment(payments, merchantId, paymentId, tries);
    } catch (error) {
      if (!isUnavailable(error))
        payments.log.error({ err: error, payment: paymentId }, "inquiry about a payment failed; will retry");
    }
  }

  async function take(): Promise<boolean> {
    const free = MAX_INQUIRIES - underWay.size;
    if (free === 0) return true;
    const taken = await takeInquiries(payments.database.kysely, free, LEASE_S).catch((error: unknown) => {
      if (!isUnavailable(error))
        payments.log.error({ err: error }, "payments due for an inquiry could not be read; will retry");
      return [];
    });
    for (const inquiry of taken) {
      const task: Promise<void> = inquire(inquiry).finally(() => underWay.delete(task));
      underWay.set(task, inquiry);
    }
    return taken.length === free;
  }

  async function renew(): Promise<void> {
    if (performance.now() - renewedAt < RENEW_MS) return;
    renewedAt = performance.now();
    if (underWay.size === 0) return;
    const renewed = await renewInquiries(payments.database.kysely, [...underWay.values()], LEASE_S).catch(
      (error: unknown) => {
        if (!isUnavailable(error))
          payments.log.error({ err: error }, "leases of inquiries could not be renewed; will retry");
        return new Map<Id, string>();
      },
    );
    for (const [task, inquiry] of underWay) {
      const leasedUntil = renewed.get(inquiry.paymentId);
      if (leasedUntil !== undefined) underWay.set(task, { ...inquiry, leasedUntil });
    }
  }

  const pause = (signal: AbortSignal) => sleep(POLL_MS, undefined, { signal }).catch(() => undefined);

  async function run(): Promise<void> {
    while (!ending.signal.aborted) {
      const isFull = await take();
      const waited = new AbortController();
      const signal = AbortSignal.any([ending.signal, waited.signal]);
      // at full concurrency: look for the next inquiry as soon as one ends
      await Promise.race([pause(signal), ...(isFull ? underWay.keys() : [])]);
      waited.abort();
      await renew();
    }
    while (underWay.size > 0) {
      await Promise.race([sleep(POLL_MS, undefined, { ref: false }), ...underWay.keys()]);
      await renew();
    }
  }

  const running = everywhere(run);
  return {
    async stop() {
      ending.abort();
      await running;
    },
  };
}
