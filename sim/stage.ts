import { IDR, money, type Id, type NewOrderBody, type NewSaleBody } from "@onegate/contract";
import { sql } from "kysely";
import { DEMO_MERCHANT } from "../server/demo/index.ts";
import { accountId, openAccounts } from "../server/ledger/index.ts";
import { Auditor } from "./auditor.ts";
import { Book } from "./book.ts";
import type { Random } from "./random.ts";
import type { World } from "./world.ts";

/** An order as its customer remembers it. */
export type KnownOrder = {
  readonly orderId: string;
  readonly name: string;
  readonly minor: bigint;
  /** What it was placed with. */
  readonly again: NewOrderBody | null;
  readonly sale: KnownSale | null;
  /**
   * Concurrent operations touched it, so its outcome no longer depends on the seed alone and no later act
   * uses it.
   */
  raced: boolean;
};

/** A sale as its cashier remembers it. */
export type KnownSale = {
  readonly body: NewSaleBody;
  readonly total: bigint;
  readonly tax: bigint;
  /** The amount due in cash less the total. */
  readonly rounding: bigint;
  /** The receipt that a cashier has seen. */
  receipt: string | null;
};

/** A refund as its caller remembers it; its name is sent as the reason, so that it can be found again. */
export type KnownRefund = {
  readonly name: string;
  readonly of: { readonly paymentId: Id } | { readonly caseId: Id };
  /** In minor units; null: all that was left. */
  readonly minor: bigint | null;
  readonly key: Id;
  /** The last answer. */
  heard: "nothing" | "yes" | "no";
  refundId: Id | null;
};

/** A person's decision on a refund by hand; with `done`, the person has paid the money. */
export type KnownDecision = {
  readonly refundId: Id;
  readonly minor: bigint;
  readonly done: boolean;
  readonly key: Id;
  heard: "nothing" | "yes" | "no";
};

/** Money in suspense that was applied to an order. */
export type KnownApplied = {
  readonly caseId: Id;
  readonly orderId: string;
  readonly key: Id;
  heard: "nothing" | "yes" | "no";
};

export type KnownProduct = { readonly productId: Id; readonly price: bigint; readonly stock: number };

/** What the acts work with: the world, the auditor and its books, and what the people outside remember. */
export type Stage = {
  readonly world: World;
  readonly auditor: Auditor;
  /** Books whose every answer is predictable. */
  readonly book: Book;
  readonly merchant: Id;
  readonly accounts: readonly Id[];
  readonly mint: Id;
  /** Books for concurrent transfers, whose order is not predictable but whose outcome must add up. */
  readonly crowdBook: Book;
  readonly crowdMerchant: Id;
  readonly crowd: readonly Id[];
  readonly orders: KnownOrder[];
  readonly products: readonly KnownProduct[];
  readonly refunds: KnownRefund[];
  readonly words: KnownDecision[];
  readonly applied: KnownApplied[];
  /** Cases settled concurrently or during a crash; no later act uses them. */
  readonly racedCases: Set<Id>;
};

const WALLETS = 5;

/**
 * Opens accounts for the ledger's acts, in the ledger and in the auditor's books, and reads the shop's stock.
 */
export async function setStage(world: World): Promise<Stage> {
  const merchant = world.newId();
  const crowdMerchant = world.newId();
  const wallets = async (owner: Id, book: Book, minor: bigint): Promise<{ mint: Id; wallets: Id[] }> => {
    const account = (code: string) => accountId(owner, code);
    const codes = Array.from({ length: WALLETS }, (_, i) => `wallet ${i + 1}`);
    await openAccounts(world.eye, owner, [
      { id: account("mint"), code: "mint", kind: "bank", currency: IDR },
      ...codes.map((code) => ({ id: account(code), code, kind: "wallet" as const, currency: IDR })),
    ]);
    book.open(account("mint"), false);
    for (const code of codes) {
      book.open(account(code), true);
      const move = { id: world.newId(), debit: account("mint"), credit: account(code), minor };
      await world.process.crowdedLedger.post(owner, {
        id: move.id,
        kind: "fund",
        debit: move.debit,
        credit: move.credit,
        amount: money(minor, IDR),
      });
      book.post(move);
    }
    return { mint: account("mint"), wallets: codes.map(account) };
  };
  const [book, crowdBook] = [new Book(), new Book()];
  const own = await wallets(merchant, book, 50_000_00n);
  const crowd = await wallets(crowdMerchant, crowdBook, 200_00n);
  const { rows: products } = await sql<KnownProduct>`
    select product_id as "productId", price, on_hand as stock
      from product join stock_level using (merchant_id, product_id)
     where merchant_id = ${DEMO_MERCHANT} order by rank, product_id`.execute(world.eye);
  return {
    world,
    auditor: new Auditor(),
    book,
    merchant,
    accounts: own.wallets,
    mint: own.mint,
    crowdBook,
    crowdMerchant,
    crowd: crowd.wallets,
    orders: [],
    products,
    refunds: [],
    words: [],
    applied: [],
    racedCases: new Set(),
  };
}

/** An order that is still of interest: mostly one of the latest. */
export function anOrder(stage: Stage, random: Random): KnownOrder | undefined {
  const orders = stage.orders.filter(({ raced }) => !raced);
  const back = random.chance(80) ? random.below(6) : random.below(Math.max(orders.length, 1));
  return orders[Math.max(orders.length - 1 - back, 0)];
}
