import type { Id, RefusalCode } from "@onegate/contract";

/** The answer that the auditor expects to a posting. */
export type Word = "now" | "before" | RefusalCode;

export type Move = { readonly id: Id; readonly debit: Id; readonly credit: Id; readonly minor: bigint };
export type HoldMove = Move & {
  /** It has expired from the beginning. */
  readonly overdue: boolean;
};
export type SettleMove = {
  readonly id: Id;
  readonly hold: Id;
  readonly minor: bigint;
  readonly rest: "keep" | "release";
};

type Account = { posted: bigint; held: bigint; readonly floor: boolean };
type Hold = HoldMove & { settled: bigint; state: "open" | "settled" | "released" | "expired" };

/** The auditor's own book: plain sums, one step after another, sharing nothing with the ledger's code. */
export class Book {
  readonly accounts = new Map<Id, Account>();
  readonly transfers = new Map<Id, Move & { hold: Id | null }>();
  readonly holds = new Map<Id, Hold>();

  open(account: Id, floor: boolean): void {
    this.accounts.set(account, { posted: 0n, held: 0n, floor });
  }

  post(move: Move): Word {
    return refusalOf(move) ?? this.#post(move);
  }

  /** Posts all moves or none; returns the refusal of the first refusal leg. */
  postLinked(moves: readonly Move[]): Word {
    for (const move of moves) {
      const refusal = refusalOf(move);
      if (refusal) return refusal;
    }
    const done: Move[] = [];
    for (const move of moves) {
      const answer = this.#post(move);
      if (answer === "now") done.push(move);
      if (answer === "now" || answer === "before") continue;
      for (const posted of done) this.#undo(posted);
      return answer;
    }
    return "now";
  }

  reserve(hold: HoldMove): Word {
    const refusal = refusalOf(hold);
    if (refusal) return refusal;
    const known = this.holds.get(hold.id);
    if (known)
      return known.debit === hold.debit && known.minor === hold.minor ? "before" : "transfer_differs";
    const account = this.accounts.get(hold.debit);
    if (!account || !this.accounts.has(hold.credit)) return "account_unknown";
    if (account.floor && account.posted - account.held < hold.minor) return "insufficient_funds";
    account.held += hold.minor;
    this.holds.set(hold.id, { ...hold, settled: 0n, state: "open" });
    return "now";
  }

  settle({ id, hold: holdId, minor, rest }: SettleMove): Word {
    const hold = this.holds.get(holdId);
    if (!hold) return "hold_unknown";
    const move = { id, debit: hold.debit, credit: hold.credit, minor };
    const refusal = refusalOf(move);
    if (refusal) return refusal;
    const known = this.transfers.get(id);
    if (known) return same(known, move) && known.hold === holdId ? "before" : "transfer_differs";
    if (hold.state !== "open") return "hold_ended";
    if (hold.overdue) return "hold_expired";
    const left = hold.minor - hold.settled;
    if (minor > left) return "hold_exceeded";
    hold.settled += minor;
    if (rest === "release" || hold.settled === hold.minor) hold.state = "settled";
    this.#account(hold.debit).held -= rest === "release" ? left : minor;
    this.#move(move, holdId);
    return "now";
  }

  release(holdId: Id): Word {
    const hold = this.holds.get(holdId);
    if (!hold) return "hold_unknown";
    if (hold.state === "released") return "before";
    if (hold.state !== "open") return "hold_ended";
    this.#end(hold, "released");
    return "now";
  }

  /** Ends overdue holds; returns how many. */
  expire(): number {
    const due = [...this.holds.values()].filter(({ state, overdue }) => state === "open" && overdue);
    for (const hold of due) this.#end(hold, "expired");
    return due.length;
  }

  #post(move: Move): Word {
    const known = this.transfers.get(move.id);
    if (known) return same(known, move) && known.hold === null ? "before" : "transfer_differs";
    const debit = this.accounts.get(move.debit);
    if (!debit || !this.accounts.has(move.credit)) return "account_unknown";
    if (debit.floor && debit.posted - debit.held < move.minor) return "insufficient_funds";
    this.#move(move, null);
    return "now";
  }

  #move(move: Move, hold: Id | null): void {
    this.#account(move.debit).posted -= move.minor;
    this.#account(move.credit).posted += move.minor;
    this.transfers.set(move.id, { ...move, hold });
  }

  #end(hold: Hold, state: "released" | "expired"): void {
    this.#account(hold.debit).held -= hold.minor - hold.settled;
    hold.state = state;
  }

  #account(id: Id): Account {
    const account = this.accounts.get(id);
    if (!account) throw new Error(`the book has no account ${id}`);
    return account;
  }

  #undo({ id, debit, credit, minor }: Move): void {
    this.#account(debit).posted += minor;
    this.#account(credit).posted -= minor;
    this.transfers.delete(id);
  }
}

function refusalOf({ minor, debit, credit }: Move): Word | undefined {
  if (minor <= 0n) return "amount_not_positive";
  return debit === credit ? "accounts_same" : undefined;
}

function same(one: Move, other: Move): boolean {
  return one.debit === other.debit && one.credit === other.credit && one.minor === other.minor;
}
