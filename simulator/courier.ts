import type { Book } from "./book.ts";
import type { Credential } from "./credential.ts";
import { afterAttempt, post, seal, type Delivery } from "./delivery.ts";
import type { FaultPlan } from "./faults.ts";
import type { Clock } from "./time.ts";
import type { Transaction } from "./transaction.ts";

type Dependencies = {
  readonly clock: Clock;
  readonly book: Book;
  readonly faults: FaultPlan;
  readonly credentials: readonly Credential[];
  readonly retryMs: number;
};

/** Carries callbacks: signs them, sends what is due, and remembers each attempt. */
export class Courier {
  readonly #with: Dependencies;
  readonly #underway = new Map<string, Promise<void>>();
  readonly #closing = new AbortController();

  constructor(dependencies: Dependencies) {
    this.#with = dependencies;
  }

  /** The callbacks of a transaction's new state, not yet recorded: none without an address or a key to sign with. */
  prepare(transaction: Transaction, plainBody: string): Delivery[] {
    const { clock, book, credentials } = this.#with;
    const { reference, callbackUrl, merchantCode } = transaction;
    const credential = credentials.find((each) => each.merchantCode === merchantCode);
    if (callbackUrl === null || !credential) return [];
    const faults = { ...this.#with.faults.callbacks, ...transaction.faults };
    const { body, signature } = seal(plainBody, credential.privateKey, faults);
    return Array.from({ length: 1 + faults.duplicates }, (_, copy) => ({
      id: `${reference}/${book.deliveryCount + copy + 1}`,
      reference,
      event: "payment_status",
      url: callbackUrl,
      body,
      signature,
      state: faults.suppressed ? "suppressed" : "waiting",
      dueAt: clock.now() + faults.delay_ms,
      attempts: [],
    }));
  }

  /** Sends all that is due now and waits for every attempt under way. */
  async sendDue(): Promise<void> {
    const now = this.#with.clock.now();
    for (const delivery of this.#with.book.waiting()) {
      if (delivery.dueAt > now || this.#underway.has(delivery.id)) continue;
      this.#underway.set(
        delivery.id,
        this.#attempt(delivery).finally(() => this.#underway.delete(delivery.id)),
      );
    }
    await Promise.all(this.#underway.values());
  }

  /** Breaks off what is under way; it stays due and is sent again by whoever opens the journal next. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#underway.values());
  }

  async #attempt(delivery: Delivery): Promise<void> {
    const { clock, book, retryMs } = this.#with;
    const { accepted, outcome } = await post(delivery, this.#closing.signal);
    if (this.#closing.signal.aborted) return;
    const attempted = afterAttempt(delivery, { at: clock.now(), outcome }, accepted, retryMs);
    book.record({ kind: "delivery", delivery: attempted });
  }
}
