import { IDR, isRefusal, refuse, STATIC_PROVIDER, type Id, type Refusal } from "@onegate/contract";
import { createHash } from "node:crypto";
import { announceAudit, staticQrisOf, type Who } from "../identity/index.ts";
import { announce, derivedAt, inTransaction, type Tx } from "../kernel/index.ts";
import { clearingCode, kindsOf } from "../ledger/index.ts";
import type { SettlementCase } from "./case.ts";
import type { Settlement } from "./context.ts";
import { toStaticRow } from "./fit-static.ts";
import { checkedToLayout, type Layout } from "./layout.ts";
import { matchWithDocuments } from "./judge.ts";
import type { Judged } from "./match.ts";
import { compareWithMdr, type MdrFinding } from "./mdr.ts";
import { paidOut } from "./postings.ts";
import { readStatement, type ReadStatement } from "./read-statement.ts";
import { reviewProvider } from "./review.ts";
import type { Statement, StatementRow } from "./statement.ts";
import {
  insertCases,
  insertMatches,
  insertRows,
  insertStatement,
  lockProvider,
  selectNamedPayments,
  selectQrisPayments,
  selectSeen,
  selectStatement,
} from "./store.ts";
import { verifyRows } from "./verify-rows.ts";

export type StatementFile = {
  readonly provider: string;
  /** The name of a layout. */
  readonly layout: string;
  /** What differs from the layout, as JSON. */
  readonly mapping: string | undefined;
  /** The name of the file, to show to people. */
  readonly name: string;
  readonly bytes: Uint8Array;
};

/**
 * Imports a provider's statement in one transaction: stores its rows, matches them, posts what reached the
 * bank, and opens a case for every difference. Importing the same file again answers the existing statement.
 * A row that an earlier statement had is stored and opens a case, but posts nothing. Refuses
 * `provider_unknown`, then what `checkedToLayout` and `readStatement` refuse.
 */
export async function importStatement(
  settlement: Settlement,
  who: Who,
  file: StatementFile,
): Promise<{ statement: Statement; isNew: boolean } | Refusal> {
  const { merchantId, actor: staffId } = who;
  const { database } = settlement;
  const clearing = clearingCode(file.provider);
  if ((await kindsOf(database.kysely, merchantId, [clearing])).get(clearing) !== "provider_clearing")
    return refuse("provider_unknown");
  const sha256 = createHash("sha256").update(file.bytes).digest("hex");
  const known = { provider: file.provider, sha256 };
  const before = await selectStatement(database.kysely, merchantId, known);
  if (before) return { statement: before, isNew: false };
  const layout = checkedToLayout(file.layout, file.mapping);
  if (isRefusal(layout)) return layout;
  const read = readStatement(file.bytes, layout, IDR);
  if (isRefusal(read)) return read;

  const result = await inTransaction(database, async (tx) => {
    await lockProvider(tx, merchantId, file.provider);
    const existing = await selectStatement(tx, merchantId, known);
    if (existing) return { statement: existing, isNew: false };
    const statement = await write(tx, settlement, { merchantId, staffId }, { ...file, sha256 }, layout, read);
    await announceAudit(tx, who, {
      action: "statement.imported",
      subject: statement.statementId,
      after: { provider: file.provider, file: file.name },
    });
    return { statement, isNew: true };
  });
  return result;
}

async function write(
  tx: Tx,
  settlement: Settlement,
  { merchantId, staffId }: { merchantId: Id; staffId: Id },
  file: StatementFile & { sha256: string },
  layout: Layout,
  { rows: read, skipped }: ReadStatement,
): Promise<Statement> {
  const { provider } = file;
  const statementId = settlement.newId();
  const named = provider === STATIC_PROVIDER ? read.map(toStaticRow) : read;
  const rows: StatementRow[] = named.map((row) => ({
    ...row,
    rowId: derivedAt(statementId, "row", String(row.line)),
  }));
  const seen = await selectSeen(tx, merchantId, provider, rows);
  // posted before matching, because a document's fee is read from the ledger
  settlement.ledger.stageIn(tx, merchantId, await verifyRows(tx, merchantId, provider, rows, seen));
  await settlement.ledger.postStagedIn(tx, merchantId);
  const judged = await matchWithDocuments(tx, merchantId, provider, rows, seen);
  const cases = await casesOf(tx, { merchantId, provider, statementId }, judged);
  const mdr = await mdrOf(tx, merchantId, judged);
  const days = rows.map(({ paidDay }) => paidDay).sort();
  const sum = (of: (row: StatementRow) => bigint) => rows.reduce((total, row) => total + of(row), 0n);
  await insertStatement(
    tx,
    {
      merchantId,
      statementId,
      provider,
      name: file.name,
      sha256: file.sha256,
      layout: file.mapping === undefined ? file.layout : `${file.layout}+`,
      periodFrom: days[0] ?? "",
      periodTo: days.at(-1) ?? "",
      currency: IDR,
      rows: rows.length,
      skipped,
      gross: sum(({ gross }) => gross),
      fee: sum(({ fee }) => fee),
      net: sum(({ net }) => net),
      mdr,
      state: cases.length > 0 ? "open" : "settled",
    },
    layout,
    staffId,
  );
  await insertRows(tx, { merchantId, statementId, provider }, rows);
  await insertMatches(tx, merchantId, judged);
  await insertCases(tx, cases);
  // the money has moved, whatever it was for; a doubled row moved none
  const booked = judged.filter(({ outcome }) => outcome !== "doubled");
  settlement.ledger.stageIn(
    tx,
    merchantId,
    booked.flatMap(({ row }) => paidOut(merchantId, provider, IDR, row)),
  );
  await reviewProvider(tx, merchantId, provider);
  const statement = await selectStatement(tx, merchantId, { statementId });
  if (!statement) throw new Error("an inserted statement was not found");
  await announce(tx, merchantId, "statement.imported", statementId, {
    statement_id: statementId,
    provider,
    rows: statement.rows,
    gross: statement.gross.toString(),
    fee: statement.fee.toString(),
    net: statement.net.toString(),
    currency: statement.currency,
    cases: cases.length,
    mdr_differing: mdr.reduce((total, { differing }) => total + differing, 0),
  });
  return statement;
}

/**
 * Compares the fees of QRIS payments with the expected rate. A difference is a matter between the shop and
 * its provider; the books record what was taken.
 */
async function mdrOf(tx: Tx, merchantId: Id, judged: readonly Judged[]): Promise<MdrFinding[]> {
  const named = judged.flatMap(({ row, outcome, document }) =>
    document?.kind === "payment" && outcome !== "doubled" && row.kind === "payment"
      ? [{ row, paymentId: document.documentId }]
      : [],
  );
  const payments = new Map(
    (
      await selectQrisPayments(
        tx,
        merchantId,
        named.map(({ paymentId }) => paymentId),
      )
    ).map((payment) => [payment.paymentId, payment]),
  );
  const printed = new Map<Id, string | null>();
  for (const { outletId } of payments.values()) {
    if (outletId !== null && !printed.has(outletId))
      printed.set(outletId, (await staticQrisOf(tx, merchantId, outletId))?.payload ?? null);
  }
  return compareWithMdr(
    named.map(({ row, paymentId }) => {
      const payment = payments.get(paymentId);
      return {
        payload: payment?.payload ?? (payment?.outletId ? (printed.get(payment.outletId) ?? null) : null),
        gross: row.gross,
        fee: row.fee,
        day: row.paidDay,
      };
    }),
  );
}

async function casesOf(
  tx: Tx,
  { merchantId, provider, statementId }: { merchantId: Id; provider: string; statementId: Id },
  judged: readonly Judged[],
): Promise<Array<Omit<SettlementCase, "openedAt">>> {
  const names = judged.flatMap(({ row }) => [row.reference, row.merchantRef].filter((name) => name !== null));
  const payments = await selectNamedPayments(tx, merchantId, provider, names, names);
  return judged.flatMap(({ row, outcome, document, grossOver, feeOver }) => {
    if (outcome === "matched") return [];
    const named = [row.reference, row.merchantRef]
      .map((name) => (name === null ? undefined : payments.get(name)))
      .find((id) => id !== undefined);
    return [
      {
        merchantId,
        caseId: derivedAt(row.rowId, "case", merchantId),
        provider,
        kind: outcome,
        statementId,
        rowId: row.rowId,
        documentKind: document?.kind ?? null,
        documentId: document?.documentId ?? null,
        paymentId: document?.kind === "payment" ? document.documentId : (named ?? null),
        reference: row.reference ?? row.merchantRef,
        currency: IDR,
        grossOver,
        feeOver,
        state: "open" as const,
      },
    ];
  });
}
