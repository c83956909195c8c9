import type { Answer } from "../answer.ts";
import type { Clock } from "../time.ts";

/** "API headers": longer keys are ignored. */
const MAX_KEY_LENGTH = 46;
const RETENTION_MS = 5 * 60_000;

/**
 * Idempotency keys as Midtrans keeps them: shared by all paths, for five minutes, for successful answers
 * only, and without regard to the body. They are not in the journal, so a restart loses them.
 */
export class Keys {
  readonly #clock: Clock;
  readonly #answers = new Map<string, { readonly answer: Answer; readonly until: number }>();
  readonly #running = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A usable key; undefined for a missing or too long one. */
  checked(header: string | undefined): string | undefined {
    return header !== undefined && header.length <= MAX_KEY_LENGTH ? header : undefined;
  }

  isRunning(key: string): boolean {
    return this.#running.has(key);
  }

  answerOf(key: string): Answer | undefined {
    const kept = this.#answers.get(key);
    return kept && kept.until > this.#clock.now() ? kept.answer : undefined;
  }

  keep(key: string, answer: Answer): void {
    this.#answers.set(key, { answer, until: this.#clock.now() + RETENTION_MS });
  }

  async whileRunning<T>(key: string, work: () => Promise<T>): Promise<T> {
    this.#running.add(key);
    try {
      return await work();
    } finally {
      this.#running.delete(key);
    }
  }
}
