import type { FastifyInstance } from "fastify";
import type { CallbackFaults } from "./faults.ts";
import type { Transaction } from "./transaction.ts";
import type { World } from "./world.ts";

/**
 * A provider that the simulator plays: one folder that knows its paths, its words and its signatures. Book, clock, courier,
 * faults, levers and pages are common to all.
 */
export interface Provider {
  /** As the journal knows it: `tripay`. */
  readonly name: string;
  /** Mounts its documented paths. */
  mount(server: FastifyInstance, world: World): Promise<void>;
  /** What it sends of a transaction that has just reached its state or got one more refund; signed, and spoiled as the faults say. */
  letters(world: World, transaction: Transaction, faults: CallbackFaults): readonly Letter[];
  /** Whether a part of a paid sum can be given back. */
  readonly refundsParts: boolean;
  /** Whether it tells that money was taken back after success. */
  readonly takesBack?: true;
  readonly carrying: Carrying;
}

/** One notification as its provider writes it. */
export type Letter = {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** It leaves this much later, in milliseconds. */
  readonly afterMs?: number;
};

/** How a provider carries its notifications. */
export type Carrying = {
  /** Whether an answer is a yes. */
  accepts(status: number, body: string): boolean;
  /** The pause before it is sent again after so many attempts, the last answered with `status` (undefined: not at all); undefined: never again. */
  retryMs(attempts: number, status: number | undefined): number | undefined;
  /** How long it waits for an answer. */
  readonly patienceMs: number;
  /** How many 307 and 308 it follows. */
  readonly redirects: number;
};
