import { messageOf } from "../server/kernel/index.ts";

/** Every rule that the auditor holds the program to; a violation names one of these. */
export const rules = {
  answer: "a verb answers what the books say",
  throws: "a verb answers, it does not throw",
  breaches: "the ledger's own proof finds nothing",
  acknowledged: "what was acknowledged exists exactly once, with its sum",
  unasked: "nothing is posted that was not asked for",
  balances: "balances are those of an independent book",
  floor: "no wallet falls below zero",
  paidTwice: "an order's succeeded payments are together not above its sum",
  paidForNothing: "no payment succeeds that the provider does not call paid",
  saidNo: "no payment is called failed that the provider still collects",
  bookedTwice: "money is booked at most once",
  lost: "every rupiah paid at the provider is in the books exactly once",
  unexplained: "money that is no payment's has exactly one case",
  givenTooMuch: "never more is given back than was paid",
  givenForNothing: "no refund succeeds that neither the provider nor a person made",
  givenTwice: "no refund is made twice",
  saidNoRefund: "no refund is called failed that the provider made or still makes",
  lostRefund: "every refund that the provider made is in the books",
  refundBooked: "a refund is booked exactly when it is done, with its sum",
  caseOnce: "money in suspense waits, is an order's or goes back: one of these, once",
  takenBack: "a sale takes revenue and tax back in proportion, to the last sen",
  sealed: "what is posted is sealed in the end",
  open: "no payment and no refund stays open for ever",
  undelivered: "every notification is taken in the end",
  clearing: "the provider owes what it collected, less its fees and what was given back",
  sale: "a sale is paid exactly when its order is",
  receipts: "receipt numbers have neither twins nor gaps",
  revenue: "revenue, tax, rounding and drawer are those of the paid sales",
  stock: "stock is what was there less what was sold",
  deadlocks: "no two transactions wait for each other",
  forged: "a forged notification has no effect",
} as const;

export type Rule = keyof typeof rules;
export type Violation = { readonly step: number; readonly rule: string; readonly detail: string };

const MAX_VIOLATIONS = 50;

/** Expects: notes what does not hold, each finding once. */
export class Auditor {
  readonly violations: Violation[] = [];
  step = 0;
  readonly #seen = new Set<string>();

  expect(rule: Rule, holds: boolean, detail: () => string): void {
    if (!holds) this.report(rule, detail());
  }

  report(rule: Rule, detail: string): void {
    const key = `${rule} ${detail}`;
    if (this.#seen.has(key) || this.violations.length >= MAX_VIOLATIONS) return;
    this.#seen.add(key);
    this.violations.push({ step: this.step, rule: rules[rule], detail });
  }

  /** Both are texts or numbers of which a reader can tell which is which. */
  equal(rule: Rule, subject: string, found: unknown, expected: unknown): void {
    if (found !== expected) this.report(rule, `${subject}: ${String(found)}, expected ${String(expected)}`);
  }

  /** Runs a verb that nothing disturbs; should it throw, that is a finding and the answer is undefined. */
  async answerOf<T>(what: string, verb: () => Promise<T>): Promise<T | undefined> {
    try {
      return await verb();
    } catch (error) {
      this.report("throws", `${what}: ${messageOf(error)}`);
      return undefined;
    }
  }
}
