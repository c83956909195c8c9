import { refuse, type Id, type Money, type Refusal, type RefusalCode } from "@onegate/contract";

/** Moves a sum from the debited to the credited account. The id is the idempotency key. */
export type Transfer = {
  readonly op: "transfer";
  readonly id: Id;
  readonly kind: string;
  readonly debit: Id;
  readonly credit: Id;
  readonly amount: Money;
  readonly reference?: string;
  readonly details?: Readonly<Record<string, string | number>>;
  /** Not shown to outside parties. */
  readonly hidden?: true;
};

/** Reserves a sum on the debited account for the credited one, until `expiresAt` or without a time limit. */
export type Reserve = {
  readonly op: "reserve";
  readonly id: Id;
  readonly debit: Id;
  readonly credit: Id;
  readonly amount: Money;
  readonly expiresAt?: Date;
};

/** Turns a hold, or a part of it, into a transfer; `rest` says what happens to the remainder. */
export type Settle = Omit<Transfer, "op"> & {
  readonly op: "settle";
  readonly hold: Id;
  readonly rest: "keep" | "release";
};

/** Ends a hold; whether it may `expire` is decided by the database's clock. */
export type End = {
  readonly op: "release" | "expire";
  readonly id: Id;
  readonly hold: Id;
  readonly debit: Id;
  readonly credit: Id;
  readonly amount: Money;
};

export type Item = Transfer | Reserve | Settle | End;

/** `before`: the same item was posted earlier, so this is the answer to a retry. */
export type Posted = { readonly id: Id; readonly posted: "now" | "before" };
export type Result = Posted | Refusal;

/** The result codes of ledger_post, by number; their order is the order of precedence. */
const RESULTS: ReadonlyArray<RefusalCode | "now" | "before"> = [
  "now",
  "before",
  "transfer_differs",
  "account_unknown",
  "account_frozen",
  "currency_differs",
  "hold_unknown",
  "hold_ended",
  "hold_expired",
  "hold_exceeded",
  "insufficient_funds",
  "amount_too_large",
  "linked_transfer_refused",
];

export function toResult(item: Item, code: string): Result {
  const result = RESULTS[Number(code)];
  if (result === undefined) throw new Error(`ledger_post returned the unknown code ${code}`);
  return result === "now" || result === "before" ? { id: item.id, posted: result } : refuse(result);
}

const OPS = { transfer: "1", reserve: "2", settle: "3", release: "5", expire: "6" } as const;

function opOf(item: Item): string {
  return item.op === "settle" && item.rest === "release" ? "4" : OPS[item.op];
}

/** Quotes an element of an array literal. */
function quoted(text: string | undefined): string {
  return text === undefined ? "NULL" : `"${text.replace(/[\\"]/g, "\\$&")}"`;
}

/** An account's share of a batch: its currency, net amount, number of items and incoming amount. */
type Part = { readonly currency: string; net: bigint; count: number; incoming: bigint };

/** Beyond this sum the database adds item by item, and refuses the item that exceeds the limit. */
const MAX_BATCH_SUM = 4_000_000_000_000_000_000n;

/**
 * The arguments of ledger_post after the merchant. They are array literals built here, because it costs far
 * more to let the driver build them.
 */
export function toArguments(sets: readonly (readonly Item[])[]): string[] {
  const places = new Map<Id, number>();
  for (const set of sets) for (const item of set) places.set(item.debit, 0).set(item.credit, 0);
  const accounts = [...places.keys()].sort();
  accounts.forEach((account, index) => places.set(account, index + 1));

  const columns: string[][] = Array.from({ length: 13 }, () => []);
  const put = (...values: string[]) => values.forEach((value, index) => columns[index]?.push(value));
  sets.forEach((set, index) => {
    const group = set.length > 1 ? String(index + 1) : "0";
    for (const item of set) {
      const moves = item.op === "transfer" || item.op === "settle";
      put(
        item.id,
        opOf(item),
        moves ? quoted(item.kind) : "hold",
        String(places.get(item.debit)),
        String(places.get(item.credit)),
        item.amount.currency,
        item.amount.minor.toString(),
        group,
        item.op === "reserve" ? item.id : item.op === "transfer" ? "NULL" : item.hold,
        item.op === "reserve" && item.expiresAt ? quoted(item.expiresAt.toISOString()) : "NULL",
        moves ? quoted(item.reference) : "NULL",
        moves && item.details ? quoted(JSON.stringify(item.details)) : "NULL",
        moves && item.hidden ? "t" : "f",
      );
    }
  });
  return [accounts, ...columns, ...sumsOf(sets, accounts)].map((column) => `{${column.join(",")}}`);
}

const NO_SUMS: string[][] = Array.from({ length: 8 }, () => []);

/** The batch's sums, by account and by item, if all items are transfers that can be posted as a whole. */
function sumsOf(sets: readonly (readonly Item[])[], accounts: readonly Id[]): string[][] {
  const parts = new Map<Id, Part>();
  const perItem: string[][] = [[], [], [], []];
  const [debitNth = [], debitSum = [], creditNth = [], creditSum = []] = perItem;
  const partOf = (account: Id, currency: string): Part => {
    const known = parts.get(account);
    if (known) return known;
    const part = { currency, net: 0n, count: 0, incoming: 0n };
    parts.set(account, part);
    return part;
  };
  for (const set of sets) {
    for (const { op, debit, credit, amount } of set) {
      const [from, to] = [partOf(debit, amount.currency), partOf(credit, amount.currency)];
      if (op !== "transfer" || from.currency !== amount.currency || to.currency !== amount.currency)
        return NO_SUMS;
      from.net -= amount.minor;
      to.net += amount.minor;
      to.incoming += amount.minor;
      if (to.incoming > MAX_BATCH_SUM || from.net < -MAX_BATCH_SUM) return NO_SUMS;
      debitNth.push(String((from.count += 1)));
      debitSum.push(from.net.toString());
      creditNth.push(String((to.count += 1)));
      creditSum.push(to.net.toString());
    }
  }
  const inOrder = accounts.map((account) => parts.get(account)!);
  return [
    inOrder.map(({ currency }) => currency),
    inOrder.map(({ net }) => net.toString()),
    inOrder.map(({ count }) => String(count)),
    inOrder.map(({ incoming }) => incoming.toString()),
    ...perItem,
  ];
}

/** Refuses an item that is invalid whatever the books say: `amount_not_positive`, `accounts_same`. */
export function checkShape(item: Item): Refusal | undefined {
  if (item.amount.minor <= 0n) return refuse("amount_not_positive");
  if (item.debit === item.credit) return refuse("accounts_same");
  return undefined;
}

/** The first refusal of a linked set; each of its items needs an id of its own (`transfer_differs`). */
export function checkSet(items: readonly Item[]): Refusal | undefined {
  const refusal = items.map(checkShape).find((found) => found !== undefined);
  return (
    refusal ??
    (new Set(items.map(({ id }) => id)).size < items.length ? refuse("transfer_differs") : undefined)
  );
}
