import { IDR, type Id } from "@onegate/contract";
import { announce, derivedAt, inTransaction, type Tx } from "../kernel/index.ts";
import { nextOf, type SettlementCase } from "./case.ts";
import type { Settlement } from "./context.ts";
import { matchWithDocuments } from "./judge.ts";
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

/** Providers pay out some days after they collect. What no statement lists by then is missing. */
export const LATE_AFTER_DAYS = 5;
/** Documents that became late longer ago than this have their case already. */
const LOOK_BACK_DAYS = 45;

/**
 * Reviews all of a merchant's providers: closes cases whose money has arrived, and opens cases for what is
 * late. Answers how many cases it opened.
 */
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

/** Reviews one provider. The caller's transaction must hold the provider's lock. */
export async function reviewProvider(tx: Tx, merchantId: Id, provider: string): Promise<number> {
  await rematchUnknownRows(tx, merchantId, provider);
  for (const settlementCase of await selectArrived(tx, merchantId, provider))
    await arrive(tx, settlementCase, "a statement lists it");
  return openMissing(tx, merchantId, provider);
}

/**
 * Matches the rows of open `missing_here` cases again: a notification or an inquiry may have reported the
 * payment since. The caller must hold the provider's lock.
 */
export async function rematchUnknownRows(tx: Tx, merchantId: Id, provider: string): Promise<void> {
  const cases = await selectUnknown(tx, merchantId, provider);
  if (cases.length === 0) return;
  const rows = await selectRows(
    tx,
    merchantId,
    cases.flatMap(({ rowId }) => (rowId === null ? [] : [rowId])),
  );
  for (const judged of await matchWithDocuments(tx, merchantId, provider, rows, new Set())) {
    const settlementCase = cases.find(({ rowId }) => rowId === judged.row.rowId);
    if (!settlementCase || judged.outcome === "doubled" || judged.outcome === "missing_here") continue;
    await updateMatch(tx, merchantId, judged);
    if (judged.outcome === "matched") await arrive(tx, settlementCase, "our books have recorded it since");
    else await updateCaseKind(tx, settlementCase, judged.outcome, judged);
  }
}

async function arrive(tx: Tx, settlementCase: SettlementCase, reason: string): Promise<void> {
  const state = nextOf(settlementCase, "arrive");
  if (!state) throw new Error(`a case that is ${settlementCase.state} can't arrive`);
  await moveCase(tx, settlementCase, state, { event: "arrive", staffId: null, reason });
  await announce(tx, settlementCase.merchantId, "settlement_case.arrived", settlementCase.caseId, {
    case_id: settlementCase.caseId,
    provider: settlementCase.provider,
    kind: settlementCase.kind,
    state,
  });
  await clearStatement(tx, settlementCase);
}

/** Marks a statement settled when its last open case is decided. */
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

/** Opens a case for each document since the first statement that no statement lists in time. */
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
