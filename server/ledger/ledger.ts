import { isRefusal, money, refuse, type Id, type Money, type Refusal } from "@onegate/contract";
import type { Database, Executor, Tx } from "../kernel/index.ts";
import { createBatcher } from "./batcher.ts";
import { toArguments, toResult, type End, type Item, type Posted, type Reserve, type Result, type Settle, type Transfer } from "./item.ts";
import { hasFloor, postBatchIn, selectExpiredHolds, selectHold } from "./store.ts";

export type Ledger = {
  /** Posts one transfer, durably; the same id again answers the same. Refusals: see `ledger_post`, in that order. */
  post(merchantId: Id, transfer: Omit<Transfer, "op">): Promise<Result>;
  /** Posts many transfers that don't depend on each other; one result each. */
  postMany(merchantId: Id, transfers: ReadonlyArray<Omit<Transfer, "op">>): Promise<Result[]>;
  /** Posts transfers that stand or fall together; the first refusal, if there is one. */
  postLinked(merchantId: Id, transfers: ReadonlyArray<Omit<Transfer, "op">>): Promise<Posted[] | Refusal>;
  /** The same within the caller's transaction: the money moves when that commits. */
  postIn(tx: Tx, merchantId: Id, transfers: ReadonlyArray<Omit<Transfer, "op">>): Promise<Posted[] | Refusal>;
  /** Any items that stand or fall together, within the caller's transaction: reserve, settle, release and transfer. */
  applyIn(tx: Tx, merchantId: Id, items: readonly Item[]): Promise<Posted[] | Refusal>;
  /** Reserves a sum; refuses `insufficient_funds` when less is available. */
  reserve(merchantId: Id, hold: Omit<Reserve, "op">): Promise<Result>;
  /** Takes a part (`rest: "keep"`) or all that will be taken (`rest: "release"`) of a hold. */
  settle(merchantId: Id, settle: { id: Id; hold: Id; kind: string; amount: Money; rest: "keep" | "release" }): Promise<Result>;
  release(merchantId: Id, holdId: Id): Promise<Result>;
  /** Ends holds whose time is over; answers how many. */
  expireHolds(): Promise<number>;
  /** Items waiting or on their way. */
  depth(): number;
};

const EXPIRE_AT_ONCE = 500;

export function createLedger(database: Database, options: { lanes: number; queue: number; onBatch?: (items: number) => void }): Ledger {
  const batcher = createBatcher(database.pool, options);

  async function alone(merchantId: Id, item: Item): Promise<Result> {
    const refusal = checkShape(item);
    if (refusal) return refusal;
    const [result] = await named(database.kysely, merchantId, [item], await batcher.post(merchantId, [item]));
    return result ?? refuse("internal");
  }

  async function withHold(merchantId: Id, holdId: Id, toItem: (accounts: { debit: Id; credit: Id; amount: Money }) => Settle | End): Promise<Result> {
    const hold = await selectHold(database.kysely, merchantId, holdId);
    if (!hold) return refuse("hold_unknown");
    return alone(merchantId, toItem({ debit: hold.debit_account_id, credit: hold.credit_account_id, amount: money(hold.amount, hold.currency) }));
  }

  const end = (op: "release" | "expire", merchantId: Id, holdId: Id) =>
    withHold(merchantId, holdId, (hold) => ({ op, id: holdId, hold: holdId, ...hold }));

  return {
    post: (merchantId, transfer) => alone(merchantId, { op: "transfer", ...transfer }),
    postMany: (merchantId, transfers) => Promise.all(transfers.map((transfer) => alone(merchantId, { op: "transfer", ...transfer }))),
    async postLinked(merchantId, transfers) {
      const items = transfers.map((transfer) => ({ op: "transfer", ...transfer }) as const);
      return checkSet(items) ?? allOrRefusal(await named(database.kysely, merchantId, items, await batcher.post(merchantId, items)));
    },
    postIn: (tx, merchantId, transfers) => applyIn(tx, merchantId, transfers.map((transfer) => ({ op: "transfer", ...transfer }) as const)),
    applyIn,
    reserve: (merchantId, hold) => alone(merchantId, { op: "reserve", ...hold }),
    settle: (merchantId, settle) => withHold(merchantId, settle.hold, (hold) => ({ op: "settle", ...hold, ...settle })),
    release: (merchantId, holdId) => end("release", merchantId, holdId),
    async expireHolds() {
      const due = await selectExpiredHolds(database.kysely, EXPIRE_AT_ONCE);
      const results = await Promise.all(due.map((hold) => end("expire", hold.merchant_id, hold.hold_id)));
      return results.filter((result) => !isRefusal(result)).length;
    },
    depth: batcher.depth,
  };
}

async function applyIn(tx: Executor, merchantId: Id, items: readonly Item[]): Promise<Posted[] | Refusal> {
  if (items.length === 0) return [];
  const refusal = checkSet(items);
  if (refusal) return refusal;
  const codes = await postBatchIn(tx, merchantId, toArguments([items]));
  return allOrRefusal(await named(tx, merchantId, items, items.map((item, index) => toResult(item, codes[index] ?? ""))));
}

/** An account without a floor has never too little: what it refuses is more than a balance can count. */
async function named(executor: Executor, merchantId: Id, items: readonly Item[], results: readonly Result[]): Promise<Result[]> {
  const answers: Result[] = [];
  for (const [index, result] of results.entries()) {
    const item = items[index];
    const isBeyond = item && isRefusal(result) && result.refusal === "insufficient_funds" && !(await hasFloor(executor, merchantId, item.debit));
    answers.push(isBeyond ? refuse("amount_too_large") : result);
  }
  return answers;
}

function checkShape(item: Item): Refusal | undefined {
  if (item.amount.minor <= 0n) return refuse("amount_not_positive");
  if (item.debit === item.credit) return refuse("accounts_same");
  return undefined;
}

/** The first refusal of a linked set; one id may stand for one of its items only. */
function checkSet(items: readonly Item[]): Refusal | undefined {
  const refusal = items.map(checkShape).find((one) => one !== undefined);
  return refusal ?? (new Set(items.map(({ id }) => id)).size < items.length ? refuse("transfer_differs") : undefined);
}

/** Of a linked set: the refusal that caused the others, or what was posted. */
function allOrRefusal(results: readonly Result[]): Posted[] | Refusal {
  const refusals = results.filter(isRefusal);
  return refusals.find(({ refusal }) => refusal !== "linked_transfer_refused") ?? refusals[0] ?? (results as Posted[]);
}
