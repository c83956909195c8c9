import { money, toDecimal, type Currency, type DayBody, type Id } from "@onegate/contract";

/** A document of the day. `shown` is what people call it (receipt, reference, line). */
export type Witness = {
  readonly document: "sale" | "payment" | "suspense" | "refund" | "dispute" | "statement_row" | "transfer";
  readonly id: Id;
  readonly shown: string;
};

/**
 * The amount that a document gives, in minor units; `undefined` where the document should exist and does not.
 */
export type Word = Witness & { readonly says: bigint | undefined };

/** Documents about the same money, which must all give the same amount. `what` names the amount. */
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

/**
 * Sums of a provider and method over a day, in minor units; `statements` is null where no statement covers
 * the day.
 */
export type DayLine = {
  readonly provider: string;
  readonly method: string;
  /** `till` is what the till's sales were paid with; `gateway` is what orders of the gateway were paid. */
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
  /** Not errors, but worth knowing: no statement yet, payments that wait for one. */
  readonly notes: readonly string[];
};

/**
 * Finds the documents of a chain that are at fault: those whose amount is not the most frequent one. If
 * several amounts are equally frequent, the first document is trusted, because it is nearest to the customer.
 * A missing document is at fault.
 */
export function atFault({ provider, method, what, words }: Chain, currency: Currency): DayBreak[] {
  const counts = new Map<bigint, number>();
  for (const { says } of words) if (says !== undefined) counts.set(says, (counts.get(says) ?? 0) + 1);
  const [first] = words.filter(({ says }) => says !== undefined);
  const max = Math.max(0, ...counts.values());
  const leaders = [...counts].filter(([, count]) => count === max).map(([sum]) => sum);
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
        .filter((claim) => claim.says === right)
        .map((claim) => `${claim.document} ${claim.shown}`)
        .join(" and ")} say ${text(right)}`,
    }));
}

/** The day as the API returns it. Amounts are decimal text in major units. */
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
