import {
  IDR,
  money,
  refuse,
  STATIC_PROVIDER,
  toWire,
  type Id,
  type Refusal,
  type UnverifiedBody,
} from "@onegate/contract";
import { announce, derivedAt, inTransaction, type Executor, type Tx } from "../kernel/index.ts";
import type { Settlement } from "./context.ts";
import { insertCases, lockProvider } from "./store.ts";
import { selectUnverified, type Unverified } from "./unverified-store.ts";

/**
 * Opens a case for each payment by a printed code that no statement lists within its outlet's days. Answers
 * how many.
 */
export async function openUnverified(settlement: Settlement, merchantId: Id): Promise<number> {
  const opened = await inTransaction(settlement.database, async (tx) => {
    await lockProvider(tx, merchantId, STATIC_PROVIDER);
    const late = (await selectUnverified(tx, merchantId)).filter(
      ({ isLate, caseId }) => isLate && caseId === null,
    );
    return (await openCases(tx, merchantId, late)).length;
  });
  return opened;
}

/**
 * Opens the case of one payment before it is due, so that a person can verify it today; an unverified payment
 * can't be refunded. Answers the case's id, even if the case is open already. Refuses `payment_unknown` where
 * no such payment waits.
 */
export async function openUnverifiedCase(
  settlement: Settlement,
  merchantId: Id,
  paymentId: Id,
): Promise<Id | Refusal> {
  const caseId = await inTransaction(settlement.database, async (tx) => {
    await lockProvider(tx, merchantId, STATIC_PROVIDER);
    const waiting = (await selectUnverified(tx, merchantId)).find(
      (payment) => payment.paymentId === paymentId,
    );
    if (!waiting) return refuse("payment_unknown");
    return waiting.caseId ?? (await openCases(tx, merchantId, [waiting]))[0] ?? refuse("payment_unknown");
  });
  return caseId;
}

async function openCases(tx: Tx, merchantId: Id, payments: readonly Unverified[]): Promise<Id[]> {
  const caseIds = await insertCases(
    tx,
    payments.map(({ paymentId, suspenseId, reference, merchantRef, currency, amount }) => ({
      merchantId,
      caseId: derivedAt(paymentId, "unverified", merchantId),
      provider: STATIC_PROVIDER,
      kind: "unverified",
      statementId: null,
      rowId: null,
      documentKind: suspenseId ? "suspense" : "payment",
      documentId: suspenseId ?? paymentId,
      paymentId,
      reference: reference ?? merchantRef,
      currency,
      grossOver: -amount,
      feeOver: 0n,
      state: "open",
    })),
  );
  for (const caseId of caseIds) {
    const payload = { case_id: caseId, provider: STATIC_PROVIDER, kind: "unverified" };
    await announce(tx, merchantId, "settlement_case.opened", caseId, payload);
  }
  return caseIds;
}

/**
 * The operator's list of unverified payments, with their total; only those of one outlet, if one is given.
 */
export async function unverifiedBody(
  executor: Executor,
  merchantId: Id,
  outletId: Id | null,
): Promise<UnverifiedBody> {
  const waiting = await selectUnverified(executor, merchantId, outletId);
  return {
    count: waiting.length,
    total: toWire(
      money(
        waiting.reduce((sum, { amount }) => sum + amount, 0n),
        IDR,
      ),
    ),
    payments: waiting.map((payment) => ({
      payment_id: payment.paymentId,
      order_id: payment.orderId,
      outlet_id: payment.outletId,
      receipt_number: payment.receiptNumber,
      amount: toWire(money(payment.amount, payment.currency)),
      reference: payment.reference,
      confirmed_by: payment.confirmedBy,
      confirmed_at: payment.confirmedAt.toISOString(),
      due: payment.due,
      case_id: payment.caseId,
    })),
  };
}
