import { everywhere, isUnavailable } from "../kernel/index.ts";
import { setTimeout as sleep } from "node:timers/promises";
import type { Payments } from "./context.ts";
import { inquirePayment } from "./inquire.ts";
import { takeQuestions, type Question } from "./store.ts";

/** How often it is looked for payments whose time to be asked about has come. */
const BEAT_MS = 1_000;
/** Providers asked at once by one process. */
const AT_ONCE = 16;
/** Longer than a provider is waited for: whoever took a question and has not dealt with it by then is gone. */
const LEASE_S = 120;

/**
 * Asks providers about open payments when their time has come, until stopped. When that is, stands with each payment and is
 * committed with it; processes share the questions, and one that dies leaves its own to the others.
 */
export function askProviders(payments: Payments): { stop(): Promise<void> } {
  const asking = new Set<Promise<void>>();
  const ending = new AbortController();

  async function ask({ merchantId, paymentId, tries }: Question): Promise<void> {
    try {
      await inquirePayment(payments, merchantId, paymentId, tries);
    } catch (error) {
      if (!isUnavailable(error)) payments.log.error({ err: error, payment: paymentId }, "a provider could not be asked about a payment; it will be tried again");
    }
  }

  async function look(): Promise<boolean> {
    const free = AT_ONCE - asking.size;
    const questions = await takeQuestions(payments.database.kysely, free, LEASE_S).catch((error: unknown) => {
      if (!isUnavailable(error)) payments.log.error({ err: error }, "payments to be asked about could not be read; it will be tried again");
      return [];
    });
    for (const question of questions) {
      const one: Promise<void> = ask(question).finally(() => asking.delete(one));
      asking.add(one);
    }
    return questions.length === free;
  }

  async function run(): Promise<void> {
    while (!ending.signal.aborted) {
      const isFull = await look();
      if (isFull) await Promise.race(asking);
      else await sleep(BEAT_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
    await Promise.all(asking);
  }

  const running = everywhere(run);
  return {
    async stop() {
      ending.abort();
      await running;
    },
  };
}
