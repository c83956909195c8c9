import { money, toDecimal, type Currency, type DayBody, type Id } from "@onegate/contract";

/** A document of the day, as a bookkeeper would name it: `shown` is what people call it (receipt, reference, line). */
export type Witness = {
  readonly document: "sale" | "payment" | "suspense" | "refund" | "dispute" | "statement_row" | "transfer";
  readonly id: Id;
  readonly shown: string;
};

/** What a document says a sum of money is, in minor units; `undefined` where there should be such a document and is none. */
export type Word = Witness & { readonly says: bigint | undefined };

/** Documents that speak of the same money, which must all say the same. `what` names the sum. */
export type Chain = {
  readonly provider: string;
  readonly method: string;
  readonly what: string;
  readonly words: readonly Word[];
};

export type DayBreak = Witness & {
  readonly provider: string;
  readonly method: string;
  readonly rule: string;
  readonly detail: string;
};

/** Sums of a provider and method over a day, in minor units; `statements` is null where none tells of the day. */
export type DayLine = {
  readonly provider: string;
  readonly method: string;
  /** What sales of the till say was tendered, and what orders of the gateway were paid beside. */
  readonly till: bigint;
  readonly gateway: bigint;
  readonly payments: bigint;
  readonly ledger: bigint;
  readonly statements: bigint | null;
};

export type Day = {
  readonly merchantId: Id;
  readonly merchant: string;
  readonly date: string;
  readonly currency: Currency;
  readonly lines: readonly DayLine[];
  readonly breaks: readonly DayBreak[];
  /** What is not wrong but should be known: no statement yet, payments that wait for theirs. */
  readonly notes: readonly string[];
};

/**
 * Finds the documents of a chain that are at fault: those that say another sum than most do. Where no sum has most, the
 * first document is believed, because it is nearest to the customer. One that is missing is at fault.
 */
export function atFault({ provider, method, what, words }: Chain, currency: Currency): DayBreak[] {
  const counts = new Map<bigint, number>();
  for (const { says } of words) if (says !== undefined) counts.set(says, (counts.get(says) ?? 0) + 1);
  const [first] = words.filter(({ says }) => says !== undefined);
  const most = Math.max(0, ...counts.values());
  const leaders = [...counts].filter(([, count]) => count === most).map(([sum]) => sum);
  const right = leaders.length === 1 ? leaders[0] : first?.says;
  const text = (minor: bigint | undefined) =>
    minor === undefined ? "nothing" : toDecimal(money(minor, currency));
  return words
    .filter(({ says }) => says !== right)
    .map(({ document, id, shown, says }) => ({
      document,
      id,
      shown,
      provider,
      method,
      rule: `${what} is the same everywhere`,
      detail: `says ${text(says)}, where ${words
        .filter((word) => word.says === right)
        .map((word) => `${word.document} ${word.shown}`)
        .join(" and ")} say ${text(right)}`,
    }));
}

/** The day as it goes over the wire; sums are decimal texts in major units. */
export function dayBody({ merchantId, merchant, date, currency, lines, breaks, notes }: Day): DayBody {
  const text = (minor: bigint) => toDecimal(money(minor, currency));
  return {
    date,
    merchant: { id: merchantId, name: merchant },
    currency,
    holds: breaks.length === 0,
    lines: lines.map((line) => ({
      provider: line.provider,
      method: line.method,
      till: text(line.till),
      gateway: text(line.gateway),
      payments: text(line.payments),
      ledger: text(line.ledger),
      statements: line.statements === null ? null : text(line.statements),
    })),
    breaks: breaks.map(({ document, id, shown, provider, method, rule, detail }) => ({
      document,
      id,
      shown,
      provider,
      method,
      rule,
      detail,
    })),
    notes: [...notes],
  };
}
