import type { Book } from "./book.ts";
import { afterAttempt, post, type Delivery } from "./delivery.ts";
import type { CallbackFaults } from "./faults.ts";
import type { Letter, Provider } from "./provider.ts";
import type { Clock } from "./time.ts";
import type { Transaction } from "./transaction.ts";

type Dependencies = {
  readonly clock: Clock;
  readonly book: Book;
  readonly providers: ReadonlyMap<string, Provider>;
  /** Milliseconds; replaces the provider's own pauses before a retry. */
  readonly retryMs: number | undefined;
};

/** Sends due callbacks and records each attempt. */
export class Courier {
  readonly #with: Dependencies;
  readonly #underway = new Map<string, Promise<void>>();
  readonly #closing = new AbortController();

  constructor(dependencies: Dependencies) {
    this.#with = dependencies;
  }

  /** Builds the deliveries of a transaction's letters without recording them. */
  prepare(
    { provider, reference }: Transaction,
    letters: readonly Letter[],
    faults: CallbackFaults,
  ): Delivery[] {
    const { clock, book } = this.#with;
    const copies = letters.flatMap((letter) => Array.from({ length: 1 + faults.duplicates }, () => letter));
    return copies.map(({ url, headers, body, afterMs = 0 }, index) => ({
      id: `${reference}/${book.deliveryCount + index + 1}`,
      provider,
      reference,
      url,
      headers,
      body,
      state: faults.suppressed ? "suppressed" : "waiting",
      dueAt: clock.now() + faults.delay_ms + afterMs,
      attempts: [],
    }));
  }

  /** Sends everything that is due and waits for all attempts in progress. */
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

  /** Aborts attempts in progress. They stay due and are sent again after the journal is opened next. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#underway.values());
  }

  async #attempt(delivery: Delivery): Promise<void> {
    const { clock, book, providers } = this.#with;
    const carrying = providers.get(delivery.provider)?.carrying;
    if (!carrying) return;
    const { accepted, status, outcome } = await post(delivery, carrying, this.#closing.signal);
    if (this.#closing.signal.aborted) return;
    const defaultMs = carrying.retryMs(delivery.attempts.length + 1, status);
    const retryMs = defaultMs === undefined ? undefined : (this.#with.retryMs ?? defaultMs);
    book.record({
      kind: "delivery",
      delivery: afterAttempt(delivery, { at: clock.now(), outcome }, accepted, retryMs),
    });
  }
}
