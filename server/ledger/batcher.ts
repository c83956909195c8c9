import { refuse, type Id } from "@onegate/contract";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import {
  asMerchant,
  isDiskFull,
  isOtherMerchantsWork,
  isLockedOut,
  isRetryable,
  isUnavailable,
} from "../kernel/index.ts";
import { toArguments, toResult, type Item, type Result } from "./item.ts";
import { postBatch } from "./store.ts";

/**
 * The ledger's hot path: a queue in the process. While one call posts a batch, the next batch forms; there is
 * no timer. With more callers the batches grow, and throughput with them, because a commit costs the same for
 * one item as for many.
 */
export type Batcher = {
  /** Posts a set of linked items: all of them or none. Sets are independent of each other. */
  post(merchantId: Id, items: readonly Item[]): Promise<Result[]>;
  /** Items waiting or in flight. */
  readonly depth: () => number;
};

type Waiting = {
  readonly items: readonly Item[];
  readonly resolve: (results: Result[]) => void;
  readonly reject: (error: unknown) => void;
};

/**
 * Hot accounts are updated once a batch, so throughput rises with its size. Beyond a thousand items only the
 * waiting time rises.
 */
const MAX_ITEMS = 1_000;
/**
 * How long a batch is retried while the database is unavailable. A retry can't post twice, because ids are
 * remembered.
 */
const TIMEOUT_MS = 8_000;

export function createBatcher(
  pool: pg.Pool,
  options: { concurrency: number; queue: number; onBatch?: (items: number) => void },
): Batcher {
  const queues = new Map<Id, Waiting[]>();
  let depth = 0;
  let free = options.concurrency;

  function post(merchantId: Id, items: readonly Item[]): Promise<Result[]> {
    if (isOtherMerchantsWork(merchantId))
      throw new Error("one merchant's work tried to post to another's books");
    if (depth + items.length > options.queue) return Promise.resolve(items.map(() => refuse("overloaded")));
    depth += items.length;
    return new Promise((resolve, reject) => {
      const waiting = { items, resolve, reject };
      const queue = queues.get(merchantId);
      if (queue) queue.push(waiting);
      else queues.set(merchantId, [waiting]);
      if (free > 0) start();
    });
  }

  function start(): void {
    const next = queues.entries().next().value;
    if (!next) return;
    const [merchantId, queue] = next;
    const batch = takeBatch(queue);
    // moved to the end, so that a busy merchant starves no other
    queues.delete(merchantId);
    if (queue.length > 0) queues.set(merchantId, queue);
    free -= 1;
    // as the batch's merchant, not as the merchant whose call triggered it
    void asMerchant(merchantId, () => run(merchantId, batch)).finally(() => {
      free += 1;
      start();
    });
  }

  async function run(merchantId: Id, batch: readonly Waiting[]): Promise<void> {
    const count = batch.reduce((sum, { items }) => sum + items.length, 0);
    options.onBatch?.(count);
    try {
      const codes = await withRetries(() =>
        postBatch(pool, merchantId, toArguments(batch.map(({ items }) => items))),
      );
      let place = 0;
      for (const { items, resolve } of batch)
        resolve(items.map((item) => toResult(item, codes[place++] ?? "")));
      depth -= count;
    } catch (error) {
      if (batch.length === 1 || isUnavailable(error) || isLockedOut(error)) {
        depth -= count;
        for (const { reject } of batch) reject(error);
        return;
      }
      // One item failed the whole statement (an id posted with other accounts at the same moment): post each
      // set alone.
      for (const waiting of batch) await run(merchantId, [waiting]);
    }
  }

  return { post, depth: () => depth };
}

/**
 * Takes sets from the queue until the batch is full. A set whose id is already in the batch waits for the
 * next one.
 */
function takeBatch(queue: Waiting[]): Waiting[] {
  const batch: Waiting[] = [];
  const later: Waiting[] = [];
  const ids = new Set<Id>();
  let size = 0;
  let taken = 0;
  for (const waiting of queue) {
    if (size > 0 && size + waiting.items.length > MAX_ITEMS) break;
    taken += 1;
    if (waiting.items.some(({ id }) => ids.has(id))) {
      later.push(waiting);
      continue;
    }
    for (const { id } of waiting.items) ids.add(id);
    batch.push(waiting);
    size += waiting.items.length;
  }
  queue.splice(0, taken, ...later);
  return batch;
}

async function withRetries<T>(work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + TIMEOUT_MS;
  for (let wait = 20; ; wait = Math.min(wait * 2, 500)) {
    try {
      return await work();
    } catch (error) {
      // a restarting server is back in seconds; a full disk stays full
      const isTransient =
        !isDiskFull(error) && (isUnavailable(error) || isRetryable(error) || isLockedOut(error));
      if (!isTransient || performance.now() > deadline) throw error;
      await sleep(wait);
    }
  }
}
