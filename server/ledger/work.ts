import { isRefusal, type Id, type Refusal } from "@onegate/contract";
import { beforeCommit, type Tx } from "../kernel/index.ts";
import { nameRefusals } from "./name-refusals.ts";
import { checkSet, toArguments, toResult, type Item, type Posted } from "./item.ts";
import { lockBalances, postBatchIn } from "./store.ts";

/**
 * What one transaction posts to one merchant's books. Two transactions that lock the same balances in
 * different orders can deadlock. One call of `ledger_post` locks its balances in key order, but two calls in
 * one transaction do not. So a transaction posts once: transfers are staged, and posted together as its last
 * step. A transaction that needs an answer or a balance earlier locks its balances once, in key order, and
 * from then on posts to these balances alone; anything else is a bug and throws.
 */
type Work = {
  staged: Map<Id, Item>;
  /** The accounts whose balances this transaction has locked; undefined while it has locked none. */
  held: ReadonlySet<Id> | undefined;
  isRefused: boolean;
};

/** A set of more items than this is posted in several calls, after one call has locked its balances. */
const MAX_ITEMS_PER_CALL = 1_000;

const works = new WeakMap<Tx, Map<Id, Work>>();

function workOf(tx: Tx, merchantId: Id): Work {
  const known = works.get(tx)?.get(merchantId);
  if (known) return known;
  const work: Work = { staged: new Map(), held: undefined, isRefused: false };
  // throws for a transaction that would commit without the last step
  beforeCommit(tx, () => postStaged(tx, merchantId, work));
  works.set(tx, (works.get(tx) ?? new Map<Id, Work>()).set(merchantId, work));
  return work;
}

/** Adds items to what the transaction posts before it commits. Repeating an item has no further effect. */
export function stageIn(tx: Tx, merchantId: Id, items: readonly Item[]): void {
  const { staged } = workOf(tx, merchantId);
  for (const item of items) {
    const earlier = staged.get(item.id);
    if (earlier && !isSame(earlier, item))
      throw new Error(`two transfers of one transaction share the id ${item.id}`);
    staged.set(item.id, item);
  }
}

/**
 * Posts items now, together with everything staged, as one linked set. Returns what was posted, in the order
 * of `items`, or the first refusal; after a refusal the transaction must be rolled back.
 */
export async function postIn(tx: Tx, merchantId: Id, items: readonly Item[]): Promise<Posted[] | Refusal> {
  if (items.length === 0) return [];
  const work = workOf(tx, merchantId);
  const hadStaged = work.staged.size > 0;
  const posted = checkSet(items) ?? (await post(tx, merchantId, work, items));
  if (isRefusal(posted)) work.isRefused = hadStaged;
  return posted;
}

/**
 * Locks the balances of `accounts`, of everything staged, and of the merchant's own accounts, in key order.
 * They can't change until the transaction ends.
 */
export async function lockIn(tx: Tx, merchantId: Id, accounts: readonly Id[]): Promise<void> {
  const work = workOf(tx, merchantId);
  const wanted = accountsOf([...work.staged.values()], accounts);
  if (work.held) return requireHeld(work.held, wanted);
  work.held = new Set([...wanted, ...(await lockBalances(tx, merchantId, wanted, { andOwn: true }))]);
}

/**
 * Posts what is staged now, for a decision that reads the books in the same transaction. The merchant's own
 * balances are locked first, so that the transaction may post to them again.
 */
export async function postStagedIn(tx: Tx, merchantId: Id): Promise<void> {
  const work = workOf(tx, merchantId);
  if (work.staged.size === 0) return;
  await lockIn(tx, merchantId, []);
  await postStaged(tx, merchantId, work);
}

async function postStaged(tx: Tx, merchantId: Id, work: Work): Promise<void> {
  if (work.isRefused) throw new Error("a transaction commits although the ledger refused what it posted");
  const posted = await post(tx, merchantId, work, []);
  if (isRefusal(posted)) throw new Error(`the ledger refused what a transaction staged: ${posted.refusal}`);
}

async function post(tx: Tx, merchantId: Id, work: Work, items: readonly Item[]): Promise<Posted[] | Refusal> {
  const all = [...work.staged.values(), ...items];
  if (all.length === 0) return [];
  const refusal = checkSet(all);
  if (refusal) return refusal;
  const accounts = accountsOf(all);
  if (work.held) requireHeld(work.held, accounts);
  else if (all.length > MAX_ITEMS_PER_CALL) await lockBalances(tx, merchantId, accounts, { andOwn: false });
  work.held ??= new Set(accounts);
  work.staged = new Map();
  const codes: string[] = [];
  for (let from = 0; from < all.length; from += MAX_ITEMS_PER_CALL) {
    codes.push(
      ...(await postBatchIn(tx, merchantId, toArguments([all.slice(from, from + MAX_ITEMS_PER_CALL)]))),
    );
  }
  const results = await nameRefusals(
    tx,
    merchantId,
    all,
    all.map((item, index) => toResult(item, codes[index] ?? "")),
  );
  const refused = firstRefusal(results.filter(isRefusal));
  return refused ?? (results as Posted[]).slice(all.length - items.length);
}

/** The refusal that caused the others of a linked set. */
export function firstRefusal(refusals: readonly Refusal[]): Refusal | undefined {
  return refusals.find(({ refusal }) => refusal !== "linked_transfer_refused") ?? refusals[0];
}

function requireHeld(held: ReadonlySet<Id>, accounts: readonly Id[]): void {
  const missing = accounts.filter((account) => !held.has(account));
  if (missing.length > 0) {
    throw new Error(
      `a transaction posts once: it has locked balances already, but not ${missing.join(", ")}`,
    );
  }
}

function accountsOf(items: readonly Item[], more: readonly Id[] = []): Id[] {
  return [...new Set([...items.flatMap(({ debit, credit }) => [debit, credit]), ...more])].sort();
}

function isSame(a: Item, b: Item): boolean {
  return (
    a.op === b.op &&
    a.debit === b.debit &&
    a.credit === b.credit &&
    a.amount.minor === b.amount.minor &&
    a.amount.currency === b.amount.currency
  );
}
