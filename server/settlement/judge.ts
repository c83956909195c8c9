import type { Id } from "@onegate/contract";
import type { Executor } from "../kernel/index.ts";
import type { SettlementCase } from "./case.ts";
import { matchRows, type Judged } from "./match.ts";
import type { StatementRow } from "./statement.ts";
import { selectDocuments, selectRows } from "./store.ts";

/**
 * Loads the documents that rows may refer to and matches the rows with them. `seen` holds the identities in
 * earlier statements.
 */
export async function matchWithDocuments(
  executor: Executor,
  merchantId: Id,
  provider: string,
  rows: readonly StatementRow[],
  seen: ReadonlySet<string>,
): Promise<Judged[]> {
  const documents = await selectDocuments(executor, merchantId, provider, {
    references: rows.flatMap(({ reference }) => (reference === null ? [] : [reference])),
    merchantRefs: rows.flatMap(({ merchantRef }) => (merchantRef === null ? [] : [merchantRef])),
  });
  return matchRows(rows, documents, seen);
}

/** Matches the row of a case again; undefined where the case has no row. */
export async function rematchCase(
  executor: Executor,
  { merchantId, provider, rowId }: SettlementCase,
): Promise<Judged | undefined> {
  const rows = rowId === null ? [] : await selectRows(executor, merchantId, [rowId]);
  return (await matchWithDocuments(executor, merchantId, provider, rows, new Set()))[0];
}
