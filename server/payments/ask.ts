import type { Id } from "@onegate/contract";
import { everywhere, isUnavailable } from "../kernel/index.ts";
import { setTimeout as sleep } from "node:timers/promises";
import type { Payments } from "./context.ts";
import { inquirePayment } from "./inquire.ts";
import { renewInquiries, takeInquiries, type Inquiry } from "./store.ts";

/** How often to look for payments whose time to be asked about has come. */
const POLL_MS = 1_000;
/** Providers asked at once by one process. */
const MAX_INQUIRIES = 16;
/** How long others leave an inquiry alone after its lease was last renewed: of a process that was killed they take it over then. */
const LEASE_S = 12;
const RENEW_MS = 3_000;

/**
 * Asks providers about open payments when their time has come, until stopped. When that is, stands with each payment and is
 * committed with it; processes share the inquiries, and one that dies leaves its own to the others.
 */
export function inquireOfProviders(payments: Payments): { stop(): Promise<void> } {
  const underWay = new Map<Promise<void>, Inquiry>();
  const ending = new AbortController();
  let renewedAt = performance.now();

  async function ask({ merchantId, paymentId, tries }: Inquiry): Promise<void> {
    try {
      await inquirePayment(payments, merchantId, paymentId, tries);
    } catch (error) {
      if (!isUnavailable(error))
        payments.log.error(
          { err: error, payment: paymentId },
          "a provider could not be asked about a payment; it will be tried again",
        );
    }
  }

  async function take(): Promise<boolean> {
    const free = MAX_INQUIRIES - underWay.size;
    if (free === 0) return true;
    const taken = await takeInquiries(payments.database.kysely, free, LEASE_S).catch((error: unknown) => {
      if (!isUnavailable(error))
        payments.log.error(
          { err: error },
          "payments to be asked about could not be read; it will be tried again",
        );
      return [];
    });
    for (const inquiry of taken) {
      const one: Promise<void> = ask(inquiry).finally(() => underWay.delete(one));
      underWay.set(one, inquiry);
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
          payments.log.error(
            { err: error },
            "leases of inquiries could not be renewed; it will be tried again",
          );
        return new Map<Id, string>();
      },
    );
    for (const [one, inquiry] of underWay) {
      const leasedUntil = renewed.get(inquiry.paymentId);
      if (leasedUntil !== undefined) underWay.set(one, { ...inquiry, leasedUntil });
    }
  }

  const pause = (signal: AbortSignal) => sleep(POLL_MS, undefined, { signal }).catch(() => undefined);

  async function run(): Promise<void> {
    while (!ending.signal.aborted) {
      const isFull = await take();
      const waited = new AbortController();
      const signal = AbortSignal.any([ending.signal, waited.signal]);
      // all places taken: the next is looked for as soon as one is free
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
