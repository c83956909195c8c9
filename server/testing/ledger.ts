import {
  checkedToMinor,
  IDR,
  isRefusal,
  money,
  newId,
  type Currency,
  type Id,
  type Money,
} from "@onegate/contract";
import assert from "node:assert/strict";
import { derivedId, type Database } from "../kernel/index.ts";
import {
  accountId,
  balanceByCode,
  createLedger,
  openAccounts,
  prove,
  statement,
  type AccountKind,
  type Ledger,
} from "../ledger/index.ts";

/** A ledger for a test: accounts by name, amounts as text, and the proof of the books. */
export type TestBooks = {
  readonly merchantId: Id;
  readonly ledger: Ledger;
  readonly id: (code: string) => Id;
  open(code: string, kind?: AccountKind, currency?: Currency): Promise<Id>;
  /** Gives a wallet money from the `mint` account. */
  fund(code: string, amount: string): Promise<void>;
  transfer(debit: string, credit: string, amount: string, id?: Id): Parameters<Ledger["post"]>[1];
  balance(code: string): Promise<string>;
  held(code: string): Promise<string>;
  /** The account's entries, oldest first, as amount and balance: `+100.00 = 100.00`. */
  page(code: string): Promise<string[]>;
  assertHold(): Promise<void>;
};

export async function openBooks(
  database: Database,
  options: { concurrency?: number; queue?: number } = {},
): Promise<TestBooks> {
  const merchantId = newId();
  const ledger = createLedger(database, {
    concurrency: options.concurrency ?? 2,
    queue: options.queue ?? 20_000,
  });
  const id = (code: string) => accountId(merchantId, code);
  const text = (minor: bigint) => {
    const digits = (minor < 0n ? -minor : minor).toString().padStart(3, "0");
    return `${minor < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
  };
  const books: TestBooks = {
    merchantId,
    ledger,
    id,
    async open(code, kind = "wallet", currency = IDR) {
      await openAccounts(database.kysely, merchantId, [{ id: id(code), code, kind, currency }]);
      return id(code);
    },
    async fund(code, amount) {
      const posted = await ledger.post(merchantId, {
        ...books.transfer("mint", code, amount),
        id: derivedId("fund", merchantId, code, amount),
      });
      assert.ok(!isRefusal(posted), JSON.stringify(posted));
    },
    transfer: (debit, credit, amount, transferId = newId()) => ({
      id: transferId,
      kind: "payment",
      debit: id(debit),
      credit: id(credit),
      amount: rupiah(amount),
    }),
    balance: async (code) => text((await balanceByCode(database.kysely, merchantId, code))?.posted ?? 0n),
    held: async (code) => text((await balanceByCode(database.kysely, merchantId, code))?.held ?? 0n),
    async page(code) {
      const entries = await statement(database.kysely, merchantId, id(code), 1n << 60n, 1000);
      return entries
        .reverse()
        .map(
          ({ amount, balanceAfter }) => `${amount > 0n ? "+" : ""}${text(amount)} = ${text(balanceAfter)}`,
        );
    },
    async assertHold() {
      assert.deepEqual((await prove(database)).breaches, []);
    },
  };
  await books.open("mint", "bank");
  return books;
}

export function rupiah(amount: string): Money {
  const minor = checkedToMinor(amount, IDR);
  assert.ok(typeof minor === "bigint", `${amount} is not an amount`);
  return money(minor, IDR);
}

/** The outcome of a posting: `now`, `before`, or the refusal's code. */
export function word(result: { posted: string } | { refusal: string }): string {
  return "refusal" in result ? result.refusal : result.posted;
}
