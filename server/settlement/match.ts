import type { Id } from "@onegate/contract";
import type { CaseKind, DocumentKind } from "./case.ts";
import type { StatementRow } from "./statement.ts";

/** Money of ours at a provider: it owes us what a payment or suspense says, and less by what a refund or a dispute says. */
export type Document = {
  readonly kind: DocumentKind;
  readonly documentId: Id;
  /** What a row may call it by, and how its payment is called: the provider's references, and ours. */
  readonly references: readonly string[];
  readonly merchantRefs: readonly string[];
  /** What is booked for it at the provider, in minor units; a refund's or dispute's gross is below zero. */
  readonly gross: bigint;
  readonly fee: bigint;
  /** The day on which it was paid, `YYYY-MM-DD` in its outlet's zone. */
  readonly day: string;
  /** An earlier row has named it. */
  readonly named: boolean;
};

export type Outcome = "matched" | Exclude<CaseKind, "missing_there" | "unverified">;

/** What a row was found to be; `grossOver` and `feeOver` are what it says less what our books say, in minor units. */
export type Judged = {
  readonly row: StatementRow;
  readonly outcome: Outcome;
  readonly document: Document | null;
  readonly grossOver: bigint;
  readonly feeOver: bigint;
};

/** Providers and shops end their days at different moments. */
export const DAYS_APART = 1;

/**
 * Finds each row's document: by the provider's reference, then by ours, of several the one with its amount; and judges
 * amount, fee and day, in this order. A row whose identity was `seen` in an earlier statement, or whose document was named
 * before, is doubled. Every row gets one outcome, and what it says is always what our books say plus what it is over.
 */
export function matchRows(
  rows: readonly StatementRow[],
  documents: readonly Document[],
  seen: ReadonlySet<string>,
): Judged[] {
  const byReference = index(documents, ({ references }) => references);
  const byMerchantRef = index(documents, ({ merchantRefs }) => merchantRefs);
  const identities = new Set(seen);
  const named = new Set(documents.filter((one) => one.named).map(({ documentId }) => documentId));
  return rows.map((row) => {
    const candidates =
      byReference.get(keyOf(row.kind, row.reference)) ??
      byMerchantRef.get(keyOf(row.kind, row.merchantRef)) ??
      [];
    const free = candidates.filter(({ documentId }) => !named.has(documentId));
    const document = free.find(({ gross }) => gross === row.gross) ?? free[0] ?? null;
    const again = identities.has(row.identity) || (!document && candidates.length > 0);
    identities.add(row.identity);
    if (again)
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

/** No document has an empty name. */
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

/** The documents that no row has named: `missing` were paid on or before `lateSince` (`YYYY-MM-DD`), the others may still come. */
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

/** Days from one `YYYY-MM-DD` to another, either way. */
export function daysBetween(one: string, other: string): number {
  return Math.abs(Date.parse(one) - Date.parse(other)) / DAY_MS;
}
