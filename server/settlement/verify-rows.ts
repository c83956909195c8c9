import { isRefusal, refuse, STATIC_PROVIDER, type Id, type Refusal } from "@onegate/contract";
import type { Executor, Tx } from "../kernel/index.ts";
import type { Transfer } from "../ledger/index.ts";
import { markVerified, verifyPayment, type Payment } from "../payments/index.ts";
import type { SettlementCase } from "./case.ts";
import type { Settlement } from "./context.ts";
import { fitsOf, nameOf, pairsOf } from "./fit-static.ts";
import type { StatementRow } from "./statement.ts";
import { selectRows } from "./store.ts";
import { selectStaticPayments } from "./unverified-store.ts";

/**
 * Verifies payments by printed codes that so far only a cashier confirmed. Each is verified by the one row
 * that matches it, and is then treated like any other document. A row that was `seen` verifies nothing.
 * Answers the transfers to post.
 */
export async function verifyRows(
  tx: Tx,
  merchantId: Id,
  provider: string,
  rows: readonly StatementRow[],
  seen: ReadonlySet<string>,
): Promise<Array<Omit<Transfer, "op">>> {
  if (provider !== STATIC_PROVIDER) return [];
  const identities = new Set(seen);
  const fresh = rows.filter(({ kind, identity }) => {
    const isNew = kind === "payment" && !identities.has(identity);
    identities.add(identity);
    return isNew;
  });
  const feeOf = new Map(fresh.map(({ rowId, fee }) => [rowId, fee]));
  const transfers: Array<Omit<Transfer, "op">> = [];
  for (const { row, payment } of pairsOf(fresh, await selectStaticPayments(tx, merchantId, fresh))) {
    const verified = await markVerified(
      tx,
      { merchantId, paymentId: payment.paymentId },
      { reference: nameOf(row), fee: feeOf.get(row.rowId) ?? 0n },
    );
    // if another payment took the reference in the meantime, this one stays as it is, and its row becomes a
    // case
    if (!isRefusal(verified)) transfers.push(...verified.transfers);
  }
  return transfers;
}

/**
 * A person decides which order a row paid. Refuses `order_not_at_provider`, `case_does_not_fit`, and what
 * `verifyPayment` refuses.
 */
export async function verifyByRow(
  tx: Tx,
  { payments }: Settlement,
  row: StatementRow,
  ofOrder: readonly Payment[],
): Promise<Payment | Refusal> {
  const payment = ofOrder.find(
    ({ verification }) => verification === "unverified" || verification === "lost",
  );
  if (!payment) return refuse("order_not_at_provider");
  if (payment.amount.minor !== row.gross)
    return refuse("case_does_not_fit", { amount: payment.amount.minor.toString() });
  return verifyPayment(tx, payments, payment, { reference: nameOf(row), fee: row.fee });
}

/**
 * The orders that each open row of a printed code may have paid, by case; only those of one outlet, if one is
 * given.
 */
export async function ordersThatFit(
  executor: Executor,
  merchantId: Id,
  cases: readonly SettlementCase[],
  outletId: Id | null,
): Promise<Map<Id, string[]>> {
  const open = cases.filter(
    ({ provider, kind, state }) =>
      provider === STATIC_PROVIDER && kind === "missing_here" && state === "open",
  );
  const rows = await selectRows(
    executor,
    merchantId,
    open.flatMap(({ rowId }) => (rowId === null ? [] : [rowId])),
  );
  if (rows.length === 0) return new Map();
  const payments = await selectStaticPayments(executor, merchantId, rows, outletId);
  const byRow = new Map(
    rows
      .filter(({ kind }) => kind === "payment")
      .map((row) => [row.rowId, fitsOf(row, payments).map(({ orderId }) => orderId)]),
  );
  return new Map(open.map(({ caseId, rowId }) => [caseId, byRow.get(rowId ?? "") ?? []]));
}
