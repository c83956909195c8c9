import type { Id } from "@onegate/contract";
import type { CaseKind, DocumentKind } from "./case.ts";
import type { StatementRow } from "./statement.ts";

/**
 * A document about our money at a provider. A payment or suspense is what the provider owes us; a refund or a
 * dispute reduces it.
 */
export type Document = {
  readonly kind: DocumentKind;
  readonly documentId: Id;
  /** The names that a row may use for it or for its payment: the provider's references, and ours. */
  readonly references: readonly string[];
  readonly merchantRefs: readonly string[];
  /**
   * What is booked for it at the provider, in minor units. The gross of a refund or a dispute is negative.
   */
  readonly gross: bigint;
  readonly fee: bigint;
  /** The day when it was paid, `YYYY-MM-DD` in its outlet's zone. */
  readonly day: string;
  /** Whether an earlier row names it. */
  readonly named: boolean;
};

export type Outcome = "matched" | Exclude<CaseKind, "missing_there" | "unverified">;

/**
 * The result of matching a row. `grossOver` and `feeOver` are what the row says minus what our books say, in
 * minor units.
 */
export type Judged = {
  readonly row: StatementRow;
  readonly outcome: Outcome;
  readonly document: Document | null;
  readonly grossOver: bigint;
  readonly feeOver: bigint;
};

/**
 * The days by which a row may differ from its document: providers and shops end their days at different
 * times.
 */
export const DAYS_APART = 1;

/**
 * Finds each row's document by the provider's reference, or else by ours; among several, the one with the
 * row's amount. Then compares amount, fee and day, in this order. A row is doubled when its identity was
 * `seen` in an earlier statement, or when its document was named before. Every row gets one outcome, and its
 * amounts always equal those of our books plus `grossOver` and `feeOver`.
 */
export function matchRows(
  rows: readonly StatementRow[],
  documents: readonly Document[],
  seen: ReadonlySet<string>,
): Judged[] {
  const byReference = index(documents, ({ references }) => references);
  const byMerchantRef = index(documents, ({ merchantRefs }) => merchantRefs);
  const identities = new Set(seen);
  const named = new Set(documents.filter((document) => document.named).map(({ documentId }) => documentId));
  return rows.map((row) => {
    const candidates =
      byReference.get(keyOf(row.kind, row.reference)) ??
      byMerchantRef.get(keyOf(row.kind, row.merchantRef)) ??
      [];
    const free = candidates.filter(({ documentId }) => !named.has(documentId));
    const document = free.find(({ gross }) => gross === row.gross) ?? free[0] ?? null;
    const isDoubled = identities.has(row.identity) || (!document && candidates.length > 0);
    identities.add(row.identity);
    if (isDoubled)
      return {
        row,
        outcome: "doubled",
        document: candidates[0] ?? null,
        grossOver: row.gross,
        feeOver: row.fee,
      };
    if (!document) return { row, outcome: "missing_here", document, grossOver: row.gross, feeOver: row.fee };
    named.add(document.documentId);
    return {
      row,
      document,
      outcome: judge(row, document),
      grossOver: row.gross - document.gross,
      feeOver: row.fee - document.fee,
    };
  });
}

/** No document has an empty name, so a missing name matches nothing. */
const keyOf = (kind: string, name: string | null) => `${kind} ${name ?? ""}`;

function index(
  documents: readonly Document[],
  namesOf: (document: Document) => readonly string[],
): Map<string, Document[]> {
  const found = new Map<string, Document[]>();
  for (const document of documents) {
    for (const name of new Set(namesOf(document))) {
      const key = keyOf(
        document.kind === "refund" || document.kind === "dispute" ? "refund" : "payment",
        name,
      );
      const others = found.get(key);
      if (others) others.push(document);
      else found.set(key, [document]);
    }
  }
  return found;
}

function judge(row: StatementRow, document: Document): Outcome {
  if (row.gross !== document.gross) return "amount_differs";
  if (row.fee !== document.fee) return "fee_differs";
  return daysBetween(row.paidDay, document.day) > DAYS_APART ? "day_differs" : "matched";
}

/**
 * The documents that no row names. `missing` were paid on or before `lateSince` (`YYYY-MM-DD`); `waiting` may
 * still be listed.
 */
export function unnamed(
  documents: readonly Document[],
  judged: readonly Judged[],
  lateSince: string,
): { missing: Document[]; waiting: Document[] } {
  const named = new Set(
    judged.filter(({ outcome }) => outcome !== "doubled").map(({ document }) => document?.documentId),
  );
  const left = documents.filter((document) => !document.named && !named.has(document.documentId));
  return {
    missing: left.filter(({ day }) => day <= lateSince),
    waiting: left.filter(({ day }) => day > lateSince),
  };
}

const DAY_MS = 86_400_000;

/** The number of days between two dates (`YYYY-MM-DD`), in either order. */
export function daysBetween(from: string, to: string): number {
  return Math.abs(Date.parse(from) - Date.parse(to)) / DAY_MS;
}
