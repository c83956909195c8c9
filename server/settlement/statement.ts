import type { Currency, Id } from "@onegate/contract";
import type { MdrFinding } from "./mdr.ts";

/**
 * What a row moves: a payment to us, a refund from us, or an adjustment by the provider (a fee, a
 * correction).
 */
export type RowKind = "payment" | "refund" | "adjustment";

/**
 * A row as read from the file. Amounts are in minor units, negative where money was taken back. `net` is
 * always `gross` minus `fee`.
 */
export type NewRow = {
  /** The line in the file. */
  readonly line: number;
  /** Identifies the same row in another statement; see `identityOf`. */
  readonly identity: string;
  readonly kind: RowKind;
  /** The provider's reference, and ours. */
  readonly reference: string | null;
  readonly merchantRef: string | null;
  /** What the payer paid to us. A fee that the payer paid on top of it was never ours and is left out. */
  readonly gross: bigint;
  readonly fee: bigint;
  readonly net: bigint;
  /** `YYYY-MM-DD` in the layout's zone. */
  readonly paidDay: string;
  /** `HH:MM:SS`, where the file gives it. */
  readonly paidTime: string | null;
  readonly settledDay: string | null;
  /** The cells as they were in the file, by header, without the columns that name people. */
  readonly raw: Readonly<Record<string, string>>;
};

export type StatementRow = NewRow & { readonly rowId: Id };

/**
 * The state of a provider's statement.
 *
 *   open     a row has a case that is not decided yet
 *   settled  each row is matched or decided
 */
export type StatementState = "open" | "settled";
export type StatementEvent = "clear";

export const statementLifecycle: Readonly<
  Record<StatementState, Partial<Record<StatementEvent, StatementState>>>
> = {
  open: { clear: "settled" },
  settled: {},
};

/** A statement with the sums of all its rows, in minor units. */
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
  /** How its QRIS fees compare with the merchant discount rate. */
  readonly mdr: readonly MdrFinding[];
  readonly state: StatementState;
  readonly importedAt: Date;
};

/**
 * Identifies the same row in another statement. A payment is identified by the provider's reference, or else
 * by ours. Several refunds and adjustments can share a reference, so for those every field but the line
 * counts.
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
