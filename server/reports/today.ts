import { divide, money, toWire, type Currency, type Id, type TodayBody } from "@onegate/contract";
import type { Outlet } from "../identity/index.ts";
import { inSnapshot, type Database, type Executor } from "../kernel/index.ts";
import { countOpenCases } from "../payments/index.ts";
import { stockLevels } from "../stock/index.ts";
import {
  selectBestSellers,
  selectBusinessDate,
  selectGrossWeekBefore,
  selectHours,
  selectUnverified,
  type HourRow,
} from "./store.ts";

const MAX_BEST_SELLERS = 5;
const MAX_LOW_STOCK = 8;

/**
 * The outlet's business day so far, read from one snapshot. Cases are all of the merchant's, or only those
 * that the outlet `seenBy` may see.
 */
export async function today(
  database: Pick<Database, "kysely">,
  outlet: Outlet,
  currency: Currency,
  seenBy: Id | null,
): Promise<TodayBody> {
  return inSnapshot(database, (executor) => readToday(executor, outlet, currency, seenBy));
}

async function readToday(
  executor: Executor,
  outlet: Outlet,
  currency: Currency,
  seenBy: Id | null,
): Promise<TodayBody> {
  const { merchantId, outletId } = outlet;
  const date = await selectBusinessDate(executor, outlet);
  const hours = await selectHours(executor, merchantId, outletId, date);
  const weekAgo = await selectGrossWeekBefore(executor, merchantId, outletId, date);
  const best = await selectBestSellers(executor, merchantId, outletId, date, MAX_BEST_SELLERS);
  const unverified = await selectUnverified(executor, merchantId, outletId, date);
  const levels = await stockLevels(executor, merchantId, outletId);
  const wire = (minor: bigint) => toWire(money(minor, currency));
  const gross = sum(hours, (row) => row.gross);
  const tax = sum(hours, (row) => row.tax);
  const count = hours.reduce((total, row) => total + row.sales, 0);
  return {
    date,
    time_zone: outlet.timeZone,
    gross: wire(gross),
    tax: wire(tax),
    net: wire(gross - tax),
    sales: count,
    average: wire(count === 0 ? 0n : divide(gross, BigInt(count), "halfUp")),
    returned: {
      amount: wire(sum(hours, (row) => row.returned)),
      count: hours.reduce((n, row) => n + row.returns, 0),
    },
    week_ago: weekAgo === null ? null : wire(weekAgo),
    by_tender: [...group(hours, (row) => row.method)].map(([method, rows]) => ({
      method,
      amount: wire(sum(rows, (row) => row.gross)),
      count: rows.reduce((n, row) => n + row.sales, 0),
    })),
    by_hour: [...group(hours, (row) => row.hour)].map(([hour, rows]) => ({
      hour,
      amount: wire(sum(rows, (row) => row.gross)),
      count: rows.reduce((n, row) => n + row.sales, 0),
    })),
    best_sellers: best.map(({ product_id, name, quantity, amount }) => ({
      product_id,
      name,
      quantity,
      amount: wire(amount),
    })),
    low_stock: levels
      .filter(({ isLow, onHand }) => isLow || onHand <= 0)
      .slice(0, MAX_LOW_STOCK)
      .map(({ productId, name, onHand }) => ({ product_id: productId, name, stock: onHand })),
    unverified: { amount: wire(unverified.amount), count: unverified.count },
    open_cases: await countOpenCases(executor, merchantId, seenBy),
  };
}

function sum(rows: readonly HourRow[], of: (row: HourRow) => bigint): bigint {
  return rows.reduce((total, row) => total + of(row), 0n);
}

function group<K>(rows: readonly HourRow[], by: (row: HourRow) => K): Map<K, HourRow[]> {
  return Map.groupBy(rows, by);
}
