import { messageOf } from "../server/kernel/index.ts";

/** Every rule that the auditor checks; a violation names one of these. */
export const rules = {
  answer: "a verb answers what the auditor's books expect",
  throws: "a verb answers, it does not throw",
  breaches: "the ledger's own proof finds nothing",
  acknowledged: "what was acknowledged exists exactly once, with its amount",
  unasked: "nothing is posted that was not requested",
  balances: "balances equal those of an independent book",
  floor: "no wallet falls below zero",
  paidTwice: "an order's succeeded payments together don't exceed its amount",
  paidForNothing: "no payment succeeds unless the provider calls it paid",
  saidNo: "no payment fails while the provider can still collect it",
  bookedTwice: "money is booked at most once",
  lost: "every rupiah paid at the provider is in the books exactly once",
  unexplained: "money without a payment has exactly one case",
  givenTooMuch: "no more is refunded than was paid",
  givenForNothing: "no refund succeeds unless the provider or a person made it",
  givenTwice: "no refund is made twice",
  saidNoRefund: "no refund fails that the provider made or can still make",
  lostRefund: "every refund that the provider made is in the books",
  refundBooked: "a refund is booked exactly when it is done, with its amount",
  caseOnce: "money in suspense is open, applied or refunded: exactly one of these",
  takenBack: "a sale takes revenue and tax back in proportion, to the last sen",
  sealed: "what is posted is eventually sealed",
  open: "every payment and refund eventually ends",
  undelivered: "every notification is eventually accepted",
  clearing: "the provider owes what it collected, less its fees and refunds",
  sale: "a sale is paid exactly when its order is",
  receipts: "receipt numbers have neither duplicates nor gaps",
  revenue: "revenue, tax, rounding and drawer match the paid sales",
  stock: "stock is the initial stock less what was sold",
  deadlocks: "no two transactions deadlock",
  forged: "a forged notification has no effect",
} as const;

export type Rule = keyof typeof rules;
export type Violation = { readonly step: number; readonly rule: string; readonly detail: string };

const MAX_VIOLATIONS = 50;

/** Records broken rules, each finding once. */
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

  /** Compares two texts or numbers; the finding shows both. */
  equal(rule: Rule, subject: string, found: unknown, expected: unknown): void {
    if (found !== expected) this.report(rule, `${subject}: ${String(found)}, expected ${String(expected)}`);
  }

  /** Runs a verb that nothing disturbs. If it throws, that is a finding and the answer is undefined. */
  async answerOf<T>(what: string, verb: () => Promise<T>): Promise<T | undefined> {
    try {
      return await verb();
    } catch (error) {
      this.report("throws", `${what}: ${messageOf(error)}`);
      return undefined;
    }
  }
}
