import {
  checkedToCurrency,
  IDR,
  isRefusal,
  money,
  refuse,
  toDecimal,
  type Currency,
  type Id,
  type ListedAccountBody,
  type Refusal,
  type WalletBalanceBody,
  type WalletBody,
  type WalletDaysBody,
  type WalletHistoryBody,
  type WalletLimitsBody,
  type WalletStatementBody,
} from "@onegate/contract";
import { inTransaction, type Database } from "../kernel/index.ts";
import { balanceAt, dayBalances, dayVersions, statement } from "../ledger/index.ts";
import { accountInUse } from "./account.ts";
import { listedAccountBody } from "./body.ts";
import type { WalletOwner } from "./context.ts";
import { LIMITED } from "./limit.ts";
import {
  selectAccounts,
  selectHistory,
  selectLastPosted,
  selectLimit,
  selectUsage,
  selectWallet,
  WALLET_ZONE,
  type HistoryFilter,
  type HistoryPlace,
  type HistoryRow,
  type WalletAccount,
} from "./store.ts";

type Parts = { readonly database: Database };
/** Selects an account by id, or else the one in use for a currency. The default currency is rupiah. */
export type Named = { readonly account_id?: Id; readonly currency?: string };

const RECENT = 10;
const DEFAULT_PAGE_SIZE = 50;
/** The days of a leap year. */
const MAX_DAYS = 366;
/**
 * The maximum number of entries that are summed for a range of several days. A single day is always summed.
 */
const MAX_ENTRIES_SUMMED = 20_000n;
const DAY_MS = 86_400_000;
/** The accepted range of moments: the years 1900 to 2199. */
const [FIRST_MOMENT_MS, LAST_MOMENT_MS] = [Date.UTC(1900, 0), Date.UTC(2200, 0)];

/**
 * The account for a request. The first use opens the account in rupiah. Refuses `currency_unknown`,
 * `account_unknown`, `account_frozen`, `user_closed`.
 */
async function accountOf(
  { database }: Parts,
  { merchantId, userId }: WalletOwner,
  { account_id: id, currency: unchecked }: Named,
): Promise<WalletAccount | Refusal> {
  const currency = unchecked === undefined ? IDR : checkedToCurrency(unchecked);
  if (!currency) return refuse("currency_unknown");
  if (id === undefined)
    return inTransaction(database, (tx) => accountInUse(tx, merchantId, userId, currency, currency === IDR));
  const account = await selectWallet(database.kysely, merchantId, "account_id", id);
  return account?.userId === userId ? account : refuse("account_unknown");
}

/** A user's accounts, oldest first. A user without any gets one in rupiah. */
export async function listAccounts(parts: Parts, owner: WalletOwner): Promise<ListedAccountBody[] | Refusal> {
  const known = await selectAccounts(parts.database.kysely, owner.merchantId, owner.userId);
  if (known.length > 0) return listed(parts, owner, known);
  const opened = await accountOf(parts, owner, {});
  return isRefusal(opened) ? opened : listed(parts, owner, [opened]);
}

async function listed(
  { database }: Parts,
  { merchantId, userId }: WalletOwner,
  accounts: readonly WalletAccount[],
): Promise<ListedAccountBody[]> {
  const lastPosted = await selectLastPosted(
    database.kysely,
    merchantId,
    accounts.map(({ accountId }) => accountId),
  );
  return accounts.map((account) => listedAccountBody(account, userId, lastPosted.get(account.accountId)));
}

/**
 * An account's balance, now or as of a past moment. Refuses `request_invalid` for an invalid moment, and what
 * `accountOf` refuses.
 */
export async function readBalance(
  parts: Parts,
  owner: WalletOwner,
  named: Named & { at?: string },
): Promise<WalletBalanceBody | Refusal> {
  const at = named.at === undefined ? undefined : new Date(named.at);
  // the comparison is false for an invalid date too
  if (at && !(at.getTime() >= FIRST_MOMENT_MS && at.getTime() < LAST_MOMENT_MS))
    return refuse("request_invalid", { field: "querystring/at", problem: "is not a valid date and time" });
  const account = await accountOf(parts, owner, named);
  if (isRefusal(account)) return account;
  const text = (minor: bigint) => toDecimal(money(minor, account.currency));
  const about = { account_id: account.accountId, currency: account.currency };
  if (!at)
    return {
      ...about,
      balance: text(account.posted),
      held: text(account.held),
      available: text(account.posted - account.held),
      at: new Date().toISOString(),
    };
  return {
    ...about,
    balance: text(await balanceAt(parts.database.kysely, owner.merchantId, account.accountId, at)),
    held: null,
    available: null,
    at: at.toISOString(),
  };
}

const NEWEST = 1n << 62n;

/** An account's entries, newest first, starting before the entry that the cursor names. */
export async function readStatement(
  parts: Parts,
  owner: WalletOwner,
  named: Named & { cursor?: string; limit?: string },
): Promise<WalletStatementBody | Refusal> {
  const account = await accountOf(parts, owner, named);
  if (isRefusal(account)) return account;
  const limit = Number(named.limit ?? DEFAULT_PAGE_SIZE);
  const entries = await statement(
    parts.database.kysely,
    owner.merchantId,
    account.accountId,
    named.cursor === undefined ? NEWEST : BigInt(named.cursor),
    limit,
  );
  const text = (minor: bigint) => toDecimal(money(minor, account.currency));
  const last = entries.at(-1);
  return {
    account_id: account.accountId,
    currency: account.currency,
    entries: entries.map(({ version, transferId, kind, amount, balanceAfter, postedAt }) => ({
      number: version.toString(),
      transfer_id: transferId,
      kind,
      amount: text(amount),
      balance_before: text(balanceAfter - amount),
      balance_after: text(balanceAfter),
      posted_at: postedAt.toISOString(),
    })),
    next_cursor: last && entries.length === limit && last.version > 1n ? last.version.toString() : null,
  };
}

/**
 * The opening and closing balance of an account for each day, in the time zone of Jakarta. Refuses
 * `request_invalid` for invalid days, a range that is reversed or longer than a year, and `range_too_large`
 * for a range of several days with too many entries to sum.
 */
export async function readDays(
  parts: Parts,
  owner: WalletOwner,
  named: Named & { from: string; to: string },
): Promise<WalletDaysBody | Refusal> {
  const [from, to] = [Date.parse(named.from), Date.parse(named.to)];
  const invalid = (problem: string) => refuse("request_invalid", { field: "querystring/from", problem });
  if (Number.isNaN(from) || Number.isNaN(to)) return invalid("is not a valid date");
  if (from > to || (to - from) / DAY_MS >= MAX_DAYS)
    return invalid("must not be after `to` nor more than a year before it");
  const account = await accountOf(parts, owner, named);
  if (isRefusal(account)) return account;
  const text = (minor: bigint) => toDecimal(money(minor, account.currency));
  const range = { from: named.from, to: named.to, timeZone: WALLET_ZONE };
  const versions = await dayVersions(parts.database.kysely, owner.merchantId, account.accountId, range);
  const entries = (versions.at(-1) ?? 0n) - (versions[0] ?? 0n);
  if (from < to && entries > MAX_ENTRIES_SUMMED)
    return refuse("range_too_large", { entries: entries.toString(), most: MAX_ENTRIES_SUMMED.toString() });
  const days = await dayBalances(parts.database.kysely, owner.merchantId, account.accountId, range, versions);
  return {
    account_id: account.accountId,
    currency: account.currency,
    days: days.map(({ day, opening, closing, credits, debits }) => ({
      day,
      opening: text(opening),
      came_in: text(credits),
      went_out: text(debits),
      closing: text(closing),
    })),
  };
}

/**
 * A page of a user's history, newest first, starting before the place that the cursor names. With a filter, a
 * page may hold fewer rows than `limit` and still have a next page. Refuses `request_invalid` for an invalid
 * cursor.
 */
export async function readHistory(
  { database }: Parts,
  { merchantId, userId }: WalletOwner,
  filter: HistoryFilter & { cursor?: string; limit?: string },
): Promise<WalletHistoryBody | Refusal> {
  const before = filter.cursor === undefined ? undefined : toHistoryPlace(filter.cursor);
  if (filter.cursor !== undefined && !before)
    return refuse("request_invalid", { field: "querystring/cursor", problem: "is not a valid cursor" });
  const { rows, next } = await selectHistory(
    database.kysely,
    merchantId,
    userId,
    filter,
    before,
    Number(filter.limit ?? DEFAULT_PAGE_SIZE),
  );
  return {
    transactions: rows.map(historyBody),
    next_cursor: next
      ? Buffer.from(`${next.createdAt} ${next.part} ${next.number}`).toString("base64url")
      : null,
  };
}

const CURSOR =
  /^((?:19|20|21)\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) ([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) (\d{1,18})$/;

function toHistoryPlace(unchecked: string): HistoryPlace | undefined {
  const [, createdAt, part, number] = CURSOR.exec(Buffer.from(unchecked, "base64url").toString()) ?? [];
  if (!createdAt || !part || !number || Number.isNaN(Date.parse(createdAt))) return undefined;
  return { createdAt, part, number: BigInt(number) };
}

function historyBody(row: HistoryRow): WalletHistoryBody["transactions"][number] {
  return {
    id: row.id,
    account_id: row.accountId,
    transaction_id: row.transactionId,
    transaction_type: row.type,
    transaction_status: row.status,
    amount: row.amount,
    balance_before: row.balanceBefore,
    balance_after: row.balanceAfter,
    currency: row.currency,
    description: row.description,
    external_reference: row.externalReference,
    payment_method: row.paymentMethod,
    created_at: row.createdAt,
  };
}

/** The limits of an account, and how much of each is used. */
export async function readLimits(
  parts: Parts,
  owner: WalletOwner,
  named: Named,
): Promise<WalletLimitsBody | Refusal> {
  const account = await accountOf(parts, owner, named);
  if (isRefusal(account)) return account;
  return {
    account_id: account.accountId,
    currency: account.currency,
    limits: await limitsOf(parts, owner.merchantId, account),
  };
}

async function limitsOf(
  { database }: Parts,
  merchantId: Id,
  { accountId, currency }: { accountId: Id; currency: Currency },
): Promise<WalletLimitsBody["limits"]> {
  const text = (minor: bigint) => toDecimal(money(minor, currency));
  const optional = (minor: bigint | null | undefined) => (minor == null ? null : text(minor));
  return Promise.all(
    LIMITED.map(async (kind) => {
      const [limit, used] = [
        await selectLimit(database.kysely, merchantId, kind, currency),
        await selectUsage(database.kysely, merchantId, accountId, kind),
      ];
      return {
        kind,
        per_transaction: optional(limit?.perTransaction),
        per_day: optional(limit?.perDay),
        per_month: optional(limit?.perMonth),
        used_today: text(used.day),
        used_this_month: text(used.month),
      };
    }),
  );
}

/** An overview of a wallet: the accounts, the limits and the latest operations. */
export async function readWallet(parts: Parts, owner: WalletOwner): Promise<WalletBody | Refusal> {
  const account = await accountOf(parts, owner, {});
  if (isRefusal(account)) return account;
  const accounts = await listed(
    parts,
    owner,
    await selectAccounts(parts.database.kysely, owner.merchantId, owner.userId),
  );
  const inUse = accounts.find(({ account_id: id }) => id === account.accountId);
  if (!inUse) throw new Error("the account in use is not in the list of accounts");
  return {
    account: inUse,
    accounts,
    limits: await limitsOf(parts, owner.merchantId, account),
    recent: (
      await selectHistory(parts.database.kysely, owner.merchantId, owner.userId, {}, undefined, RECENT)
    ).rows.map(historyBody),
  };
}
