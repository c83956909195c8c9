import { IDR } from "@onegate/contract";
import { sql } from "kysely";
import type { Merchant } from "../identity/index.ts";
import { derivedAt, type Database, type Executor } from "../kernel/index.ts";
import type { Day } from "./day.ts";
import {
  selectDayRows,
  selectExplanations,
  selectMissingStates,
  selectMovements,
  selectOthers,
  selectPayments,
  selectCoveringProviders,
  selectSales,
  type DayTransfer,
} from "./day-store.ts";
import { expectedTransfers, reconcile } from "./reconcile.ts";
import { selectTransfers } from "./store.ts";

/**
 * Compares sales, payments, statements and ledger for a merchant's business day (`YYYY-MM-DD`), read from one
 * snapshot.
 */
export async function reconcileDay(
  database: Pick<Database, "kysely">,
  { merchantId, name }: Pick<Merchant, "merchantId" | "name">,
  date: string,
): Promise<Day> {
  return database.kysely
    .transaction()
    .setIsolationLevel("repeatable read")
    .setAccessMode("read only")
    .execute(async (tx) => {
      await sql`set local lock_timeout = 0`.execute(tx);
      const sales = await selectSales(tx, merchantId, date);
      const payments = await selectPayments(tx, merchantId, date);
      const others = await selectOthers(tx, merchantId, date);
      const documentIds = [
        ...payments.map(({ paymentId }) => paymentId),
        ...others.map(({ documentId }) => documentId),
      ];
      const rows = await selectDayRows(tx, merchantId, date, documentIds);
      const expected = expectedTransfers({ merchantId, sales, payments, others, rows });
      const facts = {
        merchantId,
        date,
        currency: IDR,
        sales,
        payments,
        others,
        rows,
        booked: await selectTransfers(tx, merchantId, expected),
        strays: await findStrays(tx, merchantId, date, new Set(expected)),
        telling: await selectCoveringProviders(tx, merchantId, date),
        missing: await selectMissingStates(tx, merchantId, documentIds),
      };
      return { merchantId, merchant: name, date, currency: IDR, ...reconcile(facts) };
    });
}

/** Transfers of the day that belong to no payment, no money in suspense and no row, of any day. */
async function findStrays(
  executor: Executor,
  merchantId: string,
  date: string,
  expected: ReadonlySet<string>,
): Promise<DayTransfer[]> {
  const left = (await selectMovements(executor, merchantId, date)).filter(
    ({ transferId }) => !expected.has(transferId),
  );
  if (left.length === 0) return [];
  const found = await selectExplanations(
    executor,
    merchantId,
    left.map(({ transferId }) => transferId),
  );
  const explained = new Set([
    ...found.transfers,
    ...found.payments.map((id) => derivedAt(id, "collect", merchantId)),
    ...found.rows.flatMap((id) => ["settle", "settle_back"].map((kind) => derivedAt(id, kind, merchantId))),
  ]);
  return left.filter(({ transferId }) => !explained.has(transferId));
}
