import { IDR, money, STATIC_PROVIDER, toWire, type Id, type UnverifiedBody } from "@onegate/contract";
import { announce, derivedAt, inTransaction, type Executor } from "../kernel/index.ts";
import type { Settlement } from "./context.ts";
import { insertCases, lockProvider } from "./store.ts";
import { selectUnverified } from "./unverified-store.ts";

/** Opens a case for each payment by a printed code that no statement has shown in its outlet's days. Answers how many. */
export async function openUnverified(settlement: Settlement, merchantId: Id): Promise<number> {
  const opened = await inTransaction(settlement.database, async (tx) => {
    await lockProvider(tx, merchantId, STATIC_PROVIDER);
    const late = (await selectUnverified(tx, merchantId)).filter(({ isLate, caseId }) => isLate && caseId === null);
    const caseIds = await insertCases(
      tx,
      late.map(({ paymentId, suspenseId, reference, merchantRef, currency, amount }) => ({
        merchantId, caseId: derivedAt(paymentId, "unverified", merchantId), provider: STATIC_PROVIDER, kind: "unverified", statementId: null, rowId: null, documentKind: suspenseId ? "suspense" : "payment",
        documentId: suspenseId ?? paymentId, paymentId, reference: reference ?? merchantRef, currency, grossOver: -amount, feeOver: 0n, state: "open",
      })),
    );
    for (const caseId of caseIds) await announce(tx, merchantId, "settlement_case.opened", caseId, { case_id: caseId, provider: STATIC_PROVIDER, kind: "unverified" });
    return caseIds.length;
  });
  settlement.poke();
  return opened;
}

/** The operator's list, with the total that waits. */
export async function unverifiedBody(executor: Executor, merchantId: Id): Promise<UnverifiedBody> {
  const waiting = await selectUnverified(executor, merchantId);
  return {
    count: waiting.length,
    total: toWire(money(waiting.reduce((sum, { amount }) => sum + amount, 0n), IDR)),
    payments: waiting.map((one) => ({
      payment_id: one.paymentId, order_id: one.orderId, outlet_id: one.outletId, receipt_number: one.receiptNumber, amount: toWire(money(one.amount, one.currency)), reference: one.reference,
      confirmed_by: one.confirmedBy, confirmed_at: one.confirmedAt.toISOString(), due: one.due, case_id: one.caseId,
    })),
  };
}
