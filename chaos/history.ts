import { newId } from "@onegate/contract";

/** One requested transfer, and what its caller was answered. */
export type Asked = {
  readonly id: string;
  readonly amount: string;
  readonly source: string;
  readonly destination: string;
  /** "acked": answered with a 2xx. "refused": a final refusal. "open": no answer, or a retryable one. */
  heard: "acked" | "refused" | "open";
  /** The last answer, for finding out what went wrong. */
  lastWords?: string;
  /** Whether it is retried until it is settled; the others are left as they are. */
  readonly retried: boolean;
};

/** The part of a ledger row that was requested. Amounts are in major units. */
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
 * Compares the ledger with the requests: each acked id exists exactly once and as requested, no id exists
 * twice, every retried request is settled, nothing exists that was never requested, was refused or differs
 * from its request.
 */
export function judge(asked: readonly Asked[], found: readonly Found[]): Verdict {
  const rows = new Map<string, Found[]>();
  for (const row of found) rows.set(row.reference, [...(rows.get(row.reference) ?? []), row]);
  const known = new Set(asked.map(({ id }) => id));
  const matches = ({ amount, source, destination }: Asked, row: Found | undefined) =>
    row?.amount === amount && row.debit === source && row.credit === destination;
  const exists = (request: Asked) => matches(request, rows.get(request.id)?.[0]);
  const acked = asked.filter(({ heard }) => heard === "acked");
  return {
    acked: acked.length,
    lost: acked.filter((request) => !exists(request)).map(({ id }) => id),
    doubled: [...rows].filter(([, all]) => all.length > 1).map(([id]) => id),
    unsettled: asked.filter(({ heard, retried }) => retried && heard === "open").map(({ id }) => id),
    stray: [...rows.keys()].filter((id) => !known.has(id)),
    wrong: asked
      .filter((request) =>
        (rows.get(request.id) ?? []).some((row) => request.heard === "refused" || !matches(request, row)),
      )
      .map(({ id }) => id),
  };
}
