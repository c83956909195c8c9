import { plainReference, type Id } from "@onegate/contract";
import { DAYS_APART, daysBetween } from "./match.ts";
import { identityOf, type NewRow, type StatementRow } from "./statement.ts";

/** A payment by a printed code, as a row may show it. */
export type StaticPayment = {
  readonly paymentId: Id;
  readonly orderId: string;
  /** From the customer's screen, where the cashier wrote it down; of one that is verified, the row's. */
  readonly reference: string | null;
  readonly amount: bigint;
  /** `YYYY-MM-DD` in its outlet's zone. */
  readonly day: string;
  readonly isWaiting: boolean;
};

type Row = Pick<StatementRow, "rowId" | "reference" | "merchantRef" | "gross" | "paidDay">;

/** What a row calls its payment, as payments by printed codes are called. */
export function nameOf({ reference, merchantRef }: Pick<StatementRow, "reference" | "merchantRef">): string {
  return plainReference(reference ?? merchantRef ?? "");
}

/** A row of a printed code's acquirer: its references are compared with those that people typed. */
export function toStaticRow(row: NewRow): NewRow {
  const plain = (name: string | null) => (name === null ? null : plainReference(name) || null);
  // where the file names our own reference, it is that
  const merchantRef =
    row.merchantRef !== null && OUR_REFERENCE.test(row.merchantRef)
      ? row.merchantRef
      : plain(row.merchantRef);
  const named = { ...row, reference: plain(row.reference), merchantRef };
  return { ...named, identity: identityOf(named) };
}

const OUR_REFERENCE = /^OG[0-9a-f]{32}$/;

/** The waiting payments that a row may be: of its amount, at most a day apart, and of no other reference than the row's. */
export function fitsOf(row: Row, payments: readonly StaticPayment[]): StaticPayment[] {
  const name = nameOf(row);
  const isNamed = (one: StaticPayment) => one.reference !== null && plainReference(one.reference) === name;
  const owner = payments.find(isNamed);
  return (owner ? [owner] : payments.filter(({ reference }) => reference === null)).filter(
    (one) => one.isWaiting && one.amount === row.gross && daysBetween(one.day, row.paidDay) <= DAYS_APART,
  );
}

/** Rows and payments that are each other's only fit; those that share a reference first. Where several fit, a person says which. */
export function pairsOf(
  rows: readonly Row[],
  payments: readonly StaticPayment[],
): Array<{ row: Row; payment: StaticPayment }> {
  const fits = rows.map((row) => ({ row, found: fitsOf(row, payments) }));
  const named = fits.flatMap(({ row, found: [one] }) =>
    one && one.reference !== null ? [{ row, payment: one }] : [],
  );
  const suitors = new Map<Id, number>();
  for (const { found } of fits)
    for (const { paymentId } of found) suitors.set(paymentId, (suitors.get(paymentId) ?? 0) + 1);
  const others = fits.flatMap(({ row, found }) =>
    found.length === 1 && found[0]?.reference === null && suitors.get(found[0].paymentId) === 1
      ? [{ row, payment: found[0] }]
      : [],
  );
  return [...named, ...others];
}
