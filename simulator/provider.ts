import type { FastifyInstance } from "fastify";
import type { CallbackFaults } from "./faults.ts";
import type { Transaction } from "./transaction.ts";
import type { World } from "./world.ts";

/**
 * A simulated provider: one folder with its paths, formats and signatures. Book, clock, courier, faults,
 * control API and pages are common to all.
 */
export interface Provider {
  /** The name in the journal: `tripay`. */
  readonly name: string;
  /** Mounts its documented paths. */
  mount(server: FastifyInstance, world: World): Promise<void>;
  /** The notifications of a transaction's new state or new refund, signed, with the given faults. */
  letters(world: World, transaction: Transaction, faults: CallbackFaults): readonly Letter[];
  /** Whether a payment can be refunded in part. */
  readonly refundsParts: boolean;
  /** Whether it reports money taken back after success. */
  readonly takesBack?: true;
  readonly carrying: Carrying;
}

/** One notification in its provider's format. */
export type Letter = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Delay before it is sent, in milliseconds. */
  readonly afterMs?: number;
};

/** How a provider delivers its notifications. */
export type Carrying = {
  /** Whether an answer means success. */
  accepts(status: number, body: string): boolean;
  /**
   * The pause before the next attempt, in milliseconds; undefined when it was the last. `status` is the last
   * answer's, undefined if there was none.
   */
  retryMs(attempts: number, status: number | undefined): number | undefined;
  /** How long it waits for an answer. */
  readonly patienceMs: number;
  /** How many redirects with 307 or 308 it follows. */
  readonly redirects: number;
};
