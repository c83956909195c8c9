import { isRefusal, money, refuse, type Id, type Money, type Refusal } from "@onegate/contract";
import type { Database, Tx } from "../kernel/index.ts";
import { createBatcher } from "./batcher.ts";
import { nameRefusals } from "./name-refusals.ts";
import {
  checkSet,
  checkShape,
  type End,
  type Item,
  type Posted,
  type Reserve,
  type Result,
  type Settle,
  type Transfer,
} from "./item.ts";
import { selectExpiredHolds, selectHold } from "./store.ts";
import { firstRefusal, lockIn, postIn, postStagedIn, stageIn } from "./work.ts";

export type Ledger = {
  /**
   * Posts one transfer durably. Repeating the id returns the same answer. Refusals: see `ledger_post`, in
   * that order.
   */
  post(merchantId: Id, transfer: Omit<Transfer, "op">): Promise<Result>;
  /** Posts many independent transfers; one result each. */
  postMany(merchantId: Id, transfers: ReadonlyArray<Omit<Transfer, "op">>): Promise<Result[]>;
  /** Posts all of the transfers or none; returns the first refusal, if there is one. */
  postLinked(merchantId: Id, transfers: ReadonlyArray<Omit<Transfer, "op">>): Promise<Posted[] | Refusal>;
  /**
   * Adds transfers to those that the caller's transaction posts together before it commits. Only for
   * transfers that can't be refused: a refusal is a bug and rolls the transaction back.
   */
  stageIn(tx: Tx, merchantId: Id, transfers: ReadonlyArray<Omit<Transfer, "op">>): void;
  /**
   * Posts transfers in the caller's transaction, now, together with everything staged in it. Returns what was
   * posted or the first refusal; after a refusal the transaction must be rolled back. A transaction posts
   * once: a later posting may touch only accounts that this one touched (see `work.ts`).
   */
  postIn(tx: Tx, merchantId: Id, transfers: ReadonlyArray<Omit<Transfer, "op">>): Promise<Posted[] | Refusal>;
  /** The same for items of every kind: reserve, settle, release and transfer. */
  applyIn(tx: Tx, merchantId: Id, items: readonly Item[]): Promise<Posted[] | Refusal>;
  /** Posts what is staged now, for a decision that reads the books in the same transaction. */
  postStagedIn(tx: Tx, merchantId: Id): Promise<void>;
  /**
   * Locks balances in key order, for a decision that depends on them: the given ones, the staged ones and the
   * merchant's own.
   */
  lockIn(tx: Tx, merchantId: Id, accounts: readonly Id[]): Promise<void>;
  /** Reserves a sum; refuses `insufficient_funds` when less is available. */
  reserve(merchantId: Id, hold: Omit<Reserve, "op">): Promise<Result>;
  /**
   * Captures a part of a hold, and keeps the rest reserved (`rest: "keep"`) or releases it (`rest:
   * "release"`).
   */
  settle(
    merchantId: Id,
    settle: { id: Id; hold: Id; kind: string; amount: Money; rest: "keep" | "release" },
  ): Promise<Result>;
  release(merchantId: Id, holdId: Id): Promise<Result>;
  /** Ends expired holds; returns how many. */
  expireHolds(): Promise<number>;
  /** Items waiting or in flight. */
  depth(): number;
};

const EXPIRY_BATCH_SIZE = 500;

const asItem = (transfer: Omit<Transfer, "op">): Transfer => ({ op: "transfer", ...transfer });

export function createLedger(
  database: Database,
  options: { concurrency: number; queue: number; onBatch?: (items: number) => void },
): Ledger {
  const batcher = createBatcher(database.pool, options);

  async function postOne(merchantId: Id, item: Item): Promise<Result> {
    const refusal = checkShape(item);
    if (refusal) return refusal;
    const [result] = await nameRefusals(
      database.kysely,
      merchantId,
      [item],
      await batcher.post(merchantId, [item]),
    );
    return result ?? refuse("internal");
  }

  async function withHold(
    merchantId: Id,
    holdId: Id,
    toItem: (accounts: { debit: Id; credit: Id; amount: Money }) => Settle | End,
  ): Promise<Result> {
    const hold = await selectHold(database.kysely, merchantId, holdId);
    if (!hold) return refuse("hold_unknown");
    return postOne(
      merchantId,
      toItem({
        debit: hold.debit_account_id,
        credit: hold.credit_account_id,
        amount: money(hold.amount, hold.currency),
      }),
    );
  }

  const end = (op: "release" | "expire", merchantId: Id, holdId: Id) =>
    withHold(merchantId, holdId, (hold) => ({ op, id: holdId, hold: holdId, ...hold }));

  return {
    post: (merchantId, transfer) => postOne(merchantId, { op: "transfer", ...transfer }),
    postMany: (merchantId, transfers) =>
      Promise.all(transfers.map((transfer) => postOne(merchantId, { op: "transfer", ...transfer }))),
    async postLinked(merchantId, transfers) {
      const items = transfers.map(asItem);
      return (
        checkSet(items) ??
        allOrRefusal(
          await nameRefusals(database.kysely, merchantId, items, await batcher.post(merchantId, items)),
        )
      );
    },
    stageIn: (tx, merchantId, transfers) => stageIn(tx, merchantId, transfers.map(asItem)),
    postIn: (tx, merchantId, transfers) => postIn(tx, merchantId, transfers.map(asItem)),
    applyIn: postIn,
    postStagedIn,
    lockIn,
    reserve: (merchantId, hold) => postOne(merchantId, { op: "reserve", ...hold }),
    settle: (merchantId, settle) =>
      withHold(merchantId, settle.hold, (hold) => ({ op: "settle", ...hold, ...settle })),
    release: (merchantId, holdId) => end("release", merchantId, holdId),
    async expireHolds() {
      const due = await selectExpiredHolds(database.kysely, EXPIRY_BATCH_SIZE);
      const results = await Promise.all(due.map((hold) => end("expire", hold.merchant_id, hold.hold_id)));
      return results.filter((result) => !isRefusal(result)).length;
    },
    depth: batcher.depth,
  };
}

/** Of a linked set: the refusal that caused the others, or what was posted. */
function allOrRefusal(results: readonly Result[]): Posted[] | Refusal {
  return firstRefusal(results.filter(isRefusal)) ?? (results as Posted[]);
}
