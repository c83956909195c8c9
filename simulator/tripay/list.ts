import { checkedToCount } from "../faults.ts";
import { listRow } from "./rows.ts";
import type { Transaction } from "../transaction.ts";
import type { Query } from "./routes.ts";

const DEFAULT_PAGE_SIZE = 25;
const MAX_PAGE_SIZE = 50;

/** One page of `merchant/transactions`, newest first by default; filters match exactly. */
export function listTransactions(transactions: readonly Transaction[], query: Query, publicUrl: string) {
  const matching = transactions.filter(
    (transaction) =>
      fits(query["reference"], transaction.reference) &&
      fits(query["merchant_ref"], transaction.merchantRef) &&
      fits(query["method"], transaction.channel) &&
      fits(query["status"]?.toUpperCase(), transaction.status),
  );
  const sort = query["sort"] === "asc" ? "asc" : "desc";
  const ordered = sort === "asc" ? matching : matching.reverse();
  const perPage = Math.max(1, checkedToCount(query["per_page"], MAX_PAGE_SIZE) ?? DEFAULT_PAGE_SIZE);
  const page = Math.max(1, checkedToCount(query["page"], Number.MAX_SAFE_INTEGER) ?? 1);
  const lastPage = Math.max(1, Math.ceil(ordered.length / perPage));
  const start = (page - 1) * perPage;
  const rows = ordered.slice(start, start + perPage).map((transaction) => listRow(transaction, publicUrl));
  return {
    rows,
    pagination: {
      sort,
      offset: { from: rows.length > 0 ? start + 1 : null, to: rows.length > 0 ? start + rows.length : null },
      current_page: page,
      previous_page: page > 1 ? page - 1 : null,
      next_page: page < lastPage ? page + 1 : null,
      last_page: lastPage,
      per_page: perPage,
      total_records: ordered.length,
    },
  };
}

function fits(filter: string | undefined, value: string): boolean {
  return filter === undefined || filter === "" || filter === value;
}
