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
 * The rows of a printed code's acquirer show payments that nothing but a cashier's word showed so far: each of these is
 * verified by the one row that fits it, and from then on a document like any other. A row that was `seen` shows nothing.
 * Answers what is to be posted.
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
    // one whose reference was given to another payment meanwhile stays as it is, and its row is a case
    if (!isRefusal(verified)) transfers.push(...verified.transfers);
  }
  return transfers;
}

/** A person says which order a row paid. Refuses `order_not_at_provider`, `case_does_not_fit`, and what `verifyPayment` refuses. */
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

/** The orders that an open row of a printed code may have paid, by case; of one outlet's, where one is given. */
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
