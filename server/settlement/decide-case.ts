import { checkedToReference, isRefusal, refuse, type Id, type Refusal } from "@onegate/contract";
import { announceAudit, type Who } from "../identity/index.ts";
import { announce, inTransaction, once, type Once, type Tx } from "../kernel/index.ts";
import { losePayment, verifyPayment } from "../payments/index.ts";
import { applyToOrder } from "./apply-to-order.ts";
import { nextOf, type CaseAction, type SettlementCase } from "./case.ts";
import type { Settlement } from "./context.ts";
import { judgeAgain } from "./judge.ts";
import { cleared, givenBack, paidOut } from "./postings.ts";
import { clearStatement, lookAgain } from "./review.ts";
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
  readonly orderId: string | undefined /** What shows the payment, for `verify`. */;
  readonly reference: string | undefined;
};

/**
 * Decides a case, once: posts the one posting that clears it and writes who decided what and why. Refuses `case_unknown`,
 * `case_settled`, `case_action_unfit`, in this order, `case_outdated` when its money was told of meanwhile,
 * `reference_missing`, and what `applyToOrder` and `verifyPayment` refuse.
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
  // a notification that came since answers the case by itself; that stays, whatever becomes of this input
  if (seen.state === "open" && seen.kind === "missing_here") {
    await inTransaction(database, async (tx) => {
      await lockProvider(tx, merchantId, seen.provider);
      await lookAgain(tx, merchantId, seen.provider);
    });
  }
  const { answer, replayed } = await once(
    database,
    { merchantId, route: "settlement.cases", key },
    { caseId, ...input },
    async (tx) => {
      await lockProvider(tx, merchantId, seen.provider);
      const one = await lockCase(tx, merchantId, caseId);
      if (!one) return refuse("case_unknown");
      const state = nextOf(one, input.action);
      if (!state)
        return refuse(
          one.state === "open" || one.state === "refund_due" ? "case_action_unfit" : "case_settled",
          { kind: one.kind, state: one.state },
        );
      const refusal = await carryOut(tx, settlement, one, input);
      if (refusal) return refusal;
      await moveCase(tx, one, state, {
        event: input.action,
        staffId,
        reason: input.reason,
        orderId: input.orderId,
      });
      await clearStatement(tx, one);
      await announce(tx, merchantId, "settlement_case.decided", caseId, {
        case_id: caseId,
        provider: one.provider,
        kind: one.kind,
        state,
      });
      await announceAudit(tx, who, {
        action: "settlement.case_decided",
        subject: caseId,
        before: { state: one.state },
        after: {
          provider: one.provider,
          kind: one.kind,
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
  if (!decided) throw new Error("a decided case comes back");
  return { answer: decided, replayed };
}

async function showCase(
  { database }: Settlement,
  merchantId: Id,
  caseId: Id,
): Promise<ShownCase | undefined> {
  return (await selectCases(database.kysely, merchantId, { caseId, limit: 1 }))[0];
}

/** Moves the money of a decision; `nextOf` has said that it may be taken. */
async function carryOut(
  tx: Tx,
  settlement: Settlement,
  one: SettlementCase,
  { action, orderId, reference }: CaseInput,
): Promise<Refusal | undefined> {
  switch (action) {
    case "ignore":
      return undefined;
    case "refunded":
      settlement.ledger.stageIn(tx, one.merchantId, givenBack(one));
      return undefined;
    case "apply":
      return one.kind === "missing_here"
        ? takeAsPayment(tx, settlement, one, orderId)
        : clear(tx, settlement, one);
    case "verify":
      return reference === undefined
        ? refuse("reference_missing")
        : settleUnverified(tx, settlement, one, reference);
    case "write_off":
      return one.kind === "unverified"
        ? settleUnverified(tx, settlement, one, undefined)
        : clear(tx, settlement, one);
    case "refund_later":
      return clear(tx, settlement, one);
  }
}

/** With a reference a person shows that the money came; without, that it never will. */
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
  one: SettlementCase,
  orderId: string | undefined,
): Promise<Refusal | undefined> {
  const applied = await applyToOrder(tx, settlement, one, orderId);
  if (isRefusal(applied)) return applied;
  await settlement.ledger.postStagedIn(tx, one.merchantId);
  const judged = await judgeAgain(tx, one);
  // what payments booked is what the row says, so that nothing of it is left in clearing
  if (!judged?.document || judged.grossOver !== 0n || judged.feeOver !== 0n) return refuse("case_outdated");
  await updateMatch(tx, one.merchantId, { ...judged, outcome: "matched" });
  return undefined;
}

async function clear(tx: Tx, settlement: Settlement, one: SettlementCase): Promise<Refusal | undefined> {
  if (one.kind === "missing_here" && (await judgeAgain(tx, one))?.document) return refuse("case_outdated");
  const [row] =
    one.kind === "doubled" && one.rowId !== null ? await selectRows(tx, one.merchantId, [one.rowId]) : [];
  // a doubled row was booked once; this says that it was paid out twice
  const again = row ? paidOut(one.merchantId, one.provider, one.currency, row) : [];
  settlement.ledger.stageIn(tx, one.merchantId, [...again, ...cleared(one)]);
  return undefined;
}
