import { newId } from "@onegate/contract";

/** One transfer that was asked for, and what its callers heard. */
export type Asked = {
  readonly id: string;
  readonly amount: string;
  readonly source: string;
  readonly destination: string;
  /** "acked": somebody saw a 2xx. "refused": a final no. "open": no answer, or one that says to come again. */
  heard: "acked" | "refused" | "open";
  /** The last words that its callers heard, for whoever has to find out what went wrong. */
  lastWords?: string;
  /** Asked for again until it is settled; the others are left as they are. */
  readonly retried: boolean;
};

/** A row of the ledger, as far as it was asked for. Amounts are in major units. */
export type Found = {
  readonly reference: string;
  readonly amount: string;
  readonly debit: string;
  readonly credit: string;
};

export type Verdict = {
  readonly acked: number;
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  readonly unsettled: readonly string[];
  readonly stray: readonly string[];
  readonly wrong: readonly string[];
};

const ACCOUNTS = ["ACC_SRC_ABC", "ACC_DST_DEF", "ACC_001"] as const;

export function ask(random: () => number): Asked {
  const source = ACCOUNTS[Math.floor(random() * ACCOUNTS.length)] ?? ACCOUNTS[0];
  const others = ACCOUNTS.filter((code) => code !== source);
  const destination = others[Math.floor(random() * others.length)] ?? ACCOUNTS[1];
  return {
    id: newId(),
    amount: `${1 + Math.floor(random() * 5)}.00`,
    source,
    destination,
    heard: "open",
    retried: random() < 0.5,
  };
}

/**
 * Holds what is in the ledger against what was asked for: each acked id exactly once and as it was asked, no id twice,
 * every retried one settled, nothing that nobody asked for, nothing that was refused or is not as it was asked.
 */
export function judge(asked: readonly Asked[], found: readonly Found[]): Verdict {
  const rows = new Map<string, Found[]>();
  for (const row of found) rows.set(row.reference, [...(rows.get(row.reference) ?? []), row]);
  const known = new Set(asked.map(({ id }) => id));
  const isAsAsked = ({ amount, source, destination }: Asked, row: Found | undefined) =>
    row?.amount === amount && row.debit === source && row.credit === destination;
  const isThere = (one: Asked) => isAsAsked(one, rows.get(one.id)?.[0]);
  const acked = asked.filter(({ heard }) => heard === "acked");
  return {
    acked: acked.length,
    lost: acked.filter((one) => !isThere(one)).map(({ id }) => id),
    doubled: [...rows].filter(([, all]) => all.length > 1).map(([id]) => id),
    unsettled: asked.filter(({ heard, retried }) => retried && heard === "open").map(({ id }) => id),
    stray: [...rows.keys()].filter((id) => !known.has(id)),
    wrong: asked
      .filter((one) =>
        (rows.get(one.id) ?? []).some((row) => one.heard === "refused" || !isAsAsked(one, row)),
      )
      .map(({ id }) => id),
  };
}
