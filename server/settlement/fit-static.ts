import { plainReference, type Id } from "@onegate/contract";
import { DAYS_APART, daysBetween } from "./match.ts";
import { identityOf, type NewRow, type StatementRow } from "./statement.ts";

/** A payment by a printed code, with what a row can be matched by. */
export type StaticPayment = {
  readonly paymentId: Id;
  readonly orderId: string;
  /**
   * The reference from the customer's screen, if the cashier entered it; for a verified payment, the row's
   * reference.
   */
  readonly reference: string | null;
  readonly amount: bigint;
  /** `YYYY-MM-DD` in its outlet's zone. */
  readonly day: string;
  readonly isWaiting: boolean;
};

type Row = Pick<StatementRow, "rowId" | "reference" | "merchantRef" | "gross" | "paidDay">;

/** A row's reference, in the form used for payments by printed codes. */
export function nameOf({ reference, merchantRef }: Pick<StatementRow, "reference" | "merchantRef">): string {
  return plainReference(reference ?? merchantRef ?? "");
}

/**
 * A row of a printed code's acquirer, with its references normalised so that they compare with those that
 * people typed.
 */
export function toStaticRow(row: NewRow): NewRow {
  const plain = (name: string | null) => (name === null ? null : plainReference(name) || null);
  // our own reference is kept as it is
  const merchantRef =
    row.merchantRef !== null && OUR_REFERENCE.test(row.merchantRef)
      ? row.merchantRef
      : plain(row.merchantRef);
  const named = { ...row, reference: plain(row.reference), merchantRef };
  return { ...named, identity: identityOf(named) };
}

const OUR_REFERENCE = /^OG[0-9a-f]{32}$/;

/**
 * The waiting payments that a row may show: with the same amount, at most a day apart, and either with the
 * row's reference or with none.
 */
export function fitsOf(row: Row, payments: readonly StaticPayment[]): StaticPayment[] {
  const name = nameOf(row);
  const isNamed = (one: StaticPayment) => one.reference !== null && plainReference(one.reference) === name;
  const owner = payments.find(isNamed);
  return (owner ? [owner] : payments.filter(({ reference }) => reference === null)).filter(
    (one) => one.isWaiting && one.amount === row.gross && daysBetween(one.day, row.paidDay) <= DAYS_APART,
  );
}

/**
 * Pairs of a row and a payment that match: those that share a reference, then those that are each other's
 * only match. Where several match, a person decides.
 */
export function pairsOf(
  rows: readonly Row[],
  payments: readonly StaticPayment[],
): Array<{ row: Row; payment: StaticPayment }> {
  const fits = rows.map((row) => ({ row, found: fitsOf(row, payments) }));
  const named = fits.flatMap(({ row, found: [payment] }) =>
    payment && payment.reference !== null ? [{ row, payment }] : [],
  );
  const fitCounts = new Map<Id, number>();
  for (const { found } of fits)
    for (const { paymentId } of found) fitCounts.set(paymentId, (fitCounts.get(paymentId) ?? 0) + 1);
  const others = fits.flatMap(({ row, found }) =>
    found.length === 1 && found[0]?.reference === null && fitCounts.get(found[0].paymentId) === 1
      ? [{ row, payment: found[0] }]
      : [],
  );
  return [...named, ...others];
}
