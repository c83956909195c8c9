import type { Currency, Id } from "@onegate/contract";
import type { MdrFinding } from "./mdr.ts";

/** What a row moves: a payment to us, a refund from us, or something of the provider's own (a fee, a correction). */
export type RowKind = "payment" | "refund" | "adjustment";

/** A row as it was read; sums in minor units, below zero where money was taken back. `net` is always `gross` less `fee`. */
export type NewRow = {
  /** Its line in the file. */
  readonly line: number;
  /** What makes it the same row in another statement; see `identityOf`. */
  readonly identity: string;
  readonly kind: RowKind;
  /** The provider's reference, and ours. */
  readonly reference: string | null;
  readonly merchantRef: string | null;
  /** What the payer paid for us; a fee on top that is the payer's own never was ours and is left out. */
  readonly gross: bigint;
  readonly fee: bigint;
  readonly net: bigint;
  /** `YYYY-MM-DD` in the layout's zone. */
  readonly paidDay: string;
  /** `HH:MM:SS`, where the file tells. */
  readonly paidTime: string | null;
  readonly settledDay: string | null;
  /** The cells as they came, by header; columns that name people are left out. */
  readonly raw: Readonly<Record<string, string>>;
};

export type StatementRow = NewRow & { readonly rowId: Id };

/**
 * A provider's statement.
 *
 *   open     a row of it has a case that nobody has decided yet
 *   settled  each of its rows is matched or decided
 */
export type StatementState = "open" | "settled";
export type StatementEvent = "clear";

export const statementLifecycle: Readonly<
  Record<StatementState, Partial<Record<StatementEvent, StatementState>>>
> = {
  open: { clear: "settled" },
  settled: {},
};

/** A statement with its sums over all its rows, in minor units. */
export type Statement = {
  readonly merchantId: Id;
  readonly statementId: Id;
  readonly provider: string;
  readonly name: string;
  /** SHA-256 of the file, hexadecimal. */
  readonly sha256: string;
  readonly layout: string;
  readonly periodFrom: string;
  readonly periodTo: string;
  readonly currency: Currency;
  readonly rows: number;
  readonly skipped: number;
  readonly gross: bigint;
  readonly fee: bigint;
  readonly net: bigint;
  /** What its fees for QRIS were held against. */
  readonly mdr: readonly MdrFinding[];
  readonly state: StatementState;
  readonly importedAt: Date;
};

/**
 * What makes a row the same in another statement. A payment is one thing by the provider's reference (or ours); there may
 * be several refunds and adjustments of one reference, so of those everything but the line counts.
 */
export function identityOf(
  row: Pick<
    NewRow,
    "kind" | "reference" | "merchantRef" | "gross" | "fee" | "paidDay" | "paidTime" | "settledDay"
  >,
): string {
  if (row.kind === "payment") return `payment:${row.reference ?? `ours:${row.merchantRef}`}`;
  const rest = [
    row.reference,
    row.merchantRef,
    row.gross,
    row.fee,
    row.paidDay,
    row.paidTime,
    row.settledDay,
  ];
  return `${row.kind}:${rest.map((one) => one ?? "").join("|")}`;
}
