import { IDR, type Id } from "@onegate/contract";
import { announce, derivedAt, inTransaction, type Tx } from "../kernel/index.ts";
import { nextOf, type SettlementCase } from "./case.ts";
import type { Settlement } from "./context.ts";
import { judgeRows } from "./judge.ts";
import { unnamed, type Document } from "./match.ts";
import { statementLifecycle } from "./statement.ts";
import {
  countOpenCasesOf,
  insertCases,
  lockProvider,
  markStatement,
  moveCase,
  selectArrived,
  selectCovered,
  selectDayBefore,
  selectDocuments,
  selectRows,
  selectStatement,
  selectUnknown,
  updateCaseKind,
  updateMatch,
} from "./store.ts";

/** A provider pays out some days after it collected; what no statement has named by then is missing. */
export const LATE_AFTER_DAYS = 5;
/** What became late longer ago than this has its case by now. */
const LOOK_BACK_DAYS = 45;

/** Looks again at a merchant's providers: what was missing may have come, what has not come in time is missing. Answers how many cases it opened. */
export async function review(settlement: Settlement, merchantId: Id): Promise<number> {
  let opened = 0;
  for (const { provider } of await selectCovered(settlement.database.kysely, merchantId)) {
    opened += await inTransaction(settlement.database, async (tx) => {
      await lockProvider(tx, merchantId, provider);
      return reviewProvider(tx, merchantId, provider);
    });
  }
  return opened;
}

/** The same for one provider, whose lock the caller's transaction holds. */
export async function reviewProvider(tx: Tx, merchantId: Id, provider: string): Promise<number> {
  await lookAgain(tx, merchantId, provider);
  for (const one of await selectArrived(tx, merchantId, provider))
    await arrive(tx, one, "a statement names it");
  return openMissing(tx, merchantId, provider);
}

/** Money that was not ours to know: a notification or an inquiry may have told of it since. The provider's lock is held. */
export async function lookAgain(tx: Tx, merchantId: Id, provider: string): Promise<void> {
  const cases = await selectUnknown(tx, merchantId, provider);
  if (cases.length === 0) return;
  const rows = await selectRows(
    tx,
    merchantId,
    cases.flatMap(({ rowId }) => (rowId === null ? [] : [rowId])),
  );
  for (const judged of await judgeRows(tx, merchantId, provider, rows, new Set())) {
    const one = cases.find(({ rowId }) => rowId === judged.row.rowId);
    if (!one || judged.outcome === "doubled" || judged.outcome === "missing_here") continue;
    await updateMatch(tx, merchantId, judged);
    if (judged.outcome === "matched") await arrive(tx, one, "our books have it now");
    else await updateCaseKind(tx, one, judged.outcome, judged);
  }
}

async function arrive(tx: Tx, one: SettlementCase, reason: string): Promise<void> {
  const state = nextOf(one, "arrive");
  if (!state) throw new Error(`a case that is ${one.state} can't arrive`);
  await moveCase(tx, one, state, { event: "arrive", staffId: null, reason });
  await announce(tx, one.merchantId, "settlement_case.arrived", one.caseId, {
    case_id: one.caseId,
    provider: one.provider,
    kind: one.kind,
    state,
  });
  await clearStatement(tx, one);
}

/** A statement whose last open case was decided is settled. */
export async function clearStatement(tx: Tx, { merchantId, statementId }: SettlementCase): Promise<void> {
  const statement = statementId === null ? undefined : await selectStatement(tx, merchantId, { statementId });
  const state = statement && statementLifecycle[statement.state].clear;
  if (!statement || !state || (await countOpenCasesOf(tx, merchantId, statement.statementId)) > 0) return;
  await markStatement(tx, merchantId, statement.statementId, state);
  await announce(tx, merchantId, "statement.settled", statement.statementId, {
    statement_id: statement.statementId,
    provider: statement.provider,
  });
}

/** Opens a case for each document since the first statement that none has named in time. */
async function openMissing(tx: Tx, merchantId: Id, provider: string): Promise<number> {
  const since = (await selectCovered(tx, merchantId)).find((one) => one.provider === provider)?.since;
  if (since === undefined) return 0;
  const lateSince = await selectDayBefore(tx, merchantId, LATE_AFTER_DAYS);
  const lookBack = await selectDayBefore(tx, merchantId, LATE_AFTER_DAYS + LOOK_BACK_DAYS);
  const from = since > lookBack ? since : lookBack;
  const documents = await selectDocuments(tx, merchantId, provider, { from, to: lateSince });
  const { missing } = unnamed(
    documents.filter(({ day }) => day >= from),
    [],
    lateSince,
  );
  const opened = await insertCases(
    tx,
    missing.map((document) => missingCase(merchantId, provider, document)),
  );
  for (const caseId of opened)
    await announce(tx, merchantId, "settlement_case.opened", caseId, {
      case_id: caseId,
      provider,
      kind: "missing_there",
    });
  return opened.length;
}

function missingCase(
  merchantId: Id,
  provider: string,
  { kind, documentId, references, merchantRefs, gross, fee }: Document,
): Omit<SettlementCase, "openedAt"> {
  return {
    merchantId,
    caseId: derivedAt(documentId, "missing_there", merchantId),
    provider,
    kind: "missing_there",
    statementId: null,
    rowId: null,
    documentKind: kind,
    documentId,
    paymentId: kind === "payment" ? documentId : null,
    reference: references[0] ?? merchantRefs[0] ?? null,
    currency: IDR,
    grossOver: -gross,
    feeOver: -fee,
    state: "open",
  };
}
