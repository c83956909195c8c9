import { checkedToReference, isRefusal, refuse, type Id, type Refusal } from "@onegate/contract";
import { announceAudit, type Who } from "../identity/index.ts";
import { announce, inTransaction, once, type Once, type Tx } from "../kernel/index.ts";
import { losePayment, verifyPayment } from "../payments/index.ts";
import { applyToOrder } from "./apply-to-order.ts";
import { nextOf, type CaseAction, type SettlementCase } from "./case.ts";
import type { Settlement } from "./context.ts";
import { rematchCase } from "./judge.ts";
import { cleared, givenBack, paidOut } from "./postings.ts";
import { clearStatement, rematchUnknownRows } from "./review.ts";
import {
  lockCase,
  lockProvider,
  moveCase,
  selectCases,
  selectRows,
  updateMatch,
  type ShownCase,
} from "./store.ts";

export type CaseInput = {
  readonly action: CaseAction;
  readonly reason: string;
  readonly orderId: string | undefined;
  /** The reference that proves the payment, for `verify`. */
  readonly reference: string | undefined;
};

/**
 * Decides a case, once: posts what clears it and records who decided what and why. Refuses `case_unknown`,
 * `case_settled`, `case_action_unfit`, in this order, `case_outdated` when the money was reported in the
 * meantime, `reference_missing`, and what `applyToOrder` and `verifyPayment` refuse.
 */
export async function decideCase(
  settlement: Settlement,
  who: Who,
  caseId: Id,
  input: CaseInput,
  key: string,
): Promise<Once<ShownCase>> {
  const { merchantId, actor: staffId } = who;
  const { database } = settlement;
  const seen = await showCase(settlement, merchantId, caseId);
  if (!seen) return { answer: refuse("case_unknown"), replayed: false };
  // a notification that came since may settle the case by itself; this review is kept, whatever happens to
  // the decision
  if (seen.state === "open" && seen.kind === "missing_here") {
    await inTransaction(database, async (tx) => {
      await lockProvider(tx, merchantId, seen.provider);
      await rematchUnknownRows(tx, merchantId, seen.provider);
    });
  }
  const { answer, replayed } = await once(
    database,
    { merchantId, route: "settlement.cases", key },
    { caseId, ...input },
    async (tx) => {
      await lockProvider(tx, merchantId, seen.provider);
      const settlementCase = await lockCase(tx, merchantId, caseId);
      if (!settlementCase) return refuse("case_unknown");
      const state = nextOf(settlementCase, input.action);
      if (!state)
        return refuse(
          settlementCase.state === "open" || settlementCase.state === "refund_due"
            ? "case_action_unfit"
            : "case_settled",
          { kind: settlementCase.kind, state: settlementCase.state },
        );
      const refusal = await carryOut(tx, settlement, settlementCase, input);
      if (refusal) return refusal;
      await moveCase(tx, settlementCase, state, {
        event: input.action,
        staffId,
        reason: input.reason,
        orderId: input.orderId,
      });
      await clearStatement(tx, settlementCase);
      await announce(tx, merchantId, "settlement_case.decided", caseId, {
        case_id: caseId,
        provider: settlementCase.provider,
        kind: settlementCase.kind,
        state,
      });
      await announceAudit(tx, who, {
        action: "settlement.case_decided",
        subject: caseId,
        before: { state: settlementCase.state },
        after: {
          provider: settlementCase.provider,
          kind: settlementCase.kind,
          decision: input.action,
          order_id: input.orderId ?? null,
          state,
        },
      });
      return { case_id: caseId };
    },
  );
  if (isRefusal(answer)) return { answer, replayed };
  const decided = await showCase(settlement, merchantId, caseId);
  if (!decided) throw new Error("a decided case was not found");
  return { answer: decided, replayed };
}

async function showCase(
  { database }: Settlement,
  merchantId: Id,
  caseId: Id,
): Promise<ShownCase | undefined> {
  return (await selectCases(database.kysely, merchantId, { caseId, limit: 1 }))[0];
}

/** Moves the money of a decision that `nextOf` has allowed. */
async function carryOut(
  tx: Tx,
  settlement: Settlement,
  settlementCase: SettlementCase,
  { action, orderId, reference }: CaseInput,
): Promise<Refusal | undefined> {
  switch (action) {
    case "ignore":
      return undefined;
    case "refunded":
      settlement.ledger.stageIn(tx, settlementCase.merchantId, givenBack(settlementCase));
      return undefined;
    case "apply":
      return settlementCase.kind === "missing_here"
        ? takeAsPayment(tx, settlement, settlementCase, orderId)
        : clear(tx, settlement, settlementCase);
    case "verify":
      return reference === undefined
        ? refuse("reference_missing")
        : settleUnverified(tx, settlement, settlementCase, reference);
    case "write_off":
      return settlementCase.kind === "unverified"
        ? settleUnverified(tx, settlement, settlementCase, undefined)
        : clear(tx, settlement, settlementCase);
    case "refund_later":
      return clear(tx, settlement, settlementCase);
  }
}

/** With a reference, the payment is verified. Without one, it is lost. */
async function settleUnverified(
  tx: Tx,
  { payments }: Settlement,
  { merchantId, paymentId }: SettlementCase,
  unchecked: string | undefined,
): Promise<Refusal | undefined> {
  const payment = { merchantId, paymentId: paymentId ?? "" };
  const reference = unchecked === undefined ? undefined : checkedToReference(unchecked);
  if (isRefusal(reference)) return reference;
  const moved =
    reference === undefined
      ? await losePayment(tx, payments, payment)
      : await verifyPayment(tx, payments, payment, { reference, fee: 0n });
  return isRefusal(moved) ? moved : undefined;
}

async function takeAsPayment(
  tx: Tx,
  settlement: Settlement,
  settlementCase: SettlementCase,
  orderId: string | undefined,
): Promise<Refusal | undefined> {
  const applied = await applyToOrder(tx, settlement, settlementCase, orderId);
  if (isRefusal(applied)) return applied;
  await settlement.ledger.postStagedIn(tx, settlementCase.merchantId);
  const judged = await rematchCase(tx, settlementCase);
  // the payment must be booked exactly as the row says, so that nothing is left in clearing
  if (!judged?.document || judged.grossOver !== 0n || judged.feeOver !== 0n) return refuse("case_outdated");
  await updateMatch(tx, settlementCase.merchantId, { ...judged, outcome: "matched" });
  return undefined;
}

async function clear(
  tx: Tx,
  settlement: Settlement,
  settlementCase: SettlementCase,
): Promise<Refusal | undefined> {
  if (settlementCase.kind === "missing_here" && (await rematchCase(tx, settlementCase))?.document)
    return refuse("case_outdated");
  const [row] =
    settlementCase.kind === "doubled" && settlementCase.rowId !== null
      ? await selectRows(tx, settlementCase.merchantId, [settlementCase.rowId])
      : [];
  // a doubled row was booked once; this decision means that it was paid out twice
  const again = row
    ? paidOut(settlementCase.merchantId, settlementCase.provider, settlementCase.currency, row)
    : [];
  settlement.ledger.stageIn(tx, settlementCase.merchantId, [...again, ...cleared(settlementCase)]);
  return undefined;
}
