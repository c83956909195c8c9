import { IDR, money, newId, type Id } from "@onegate/contract";
import type { Database } from "../server/kernel/index.ts";
import { accountId, createLedger, openAccounts } from "../server/ledger/index.ts";

/**
 * The accounts of a measurement: many wallets that pay and a few shops that are paid, like small purchases in
 * a city. Every wallet has a floor and ample funds.
 */
export const WALLETS = 10_000;
export const SHOPS = 100;
export const walletCode = (n: number) => `W${n}`;
export const shopCode = (n: number) => `S${n}`;

export const walletIds = (merchantId: Id): Id[] =>
  Array.from({ length: WALLETS }, (_, n) => accountId(merchantId, walletCode(n)));
export const shopIds = (merchantId: Id): Id[] =>
  Array.from({ length: SHOPS }, (_, n) => accountId(merchantId, shopCode(n)));

const INITIAL_BALANCE = 100_000_000_00n;

export async function openWorld(database: Database, merchantId: Id): Promise<void> {
  const ledger = createLedger(database, { concurrency: 2, queue: 100_000 });
  await openAccounts(database.kysely, merchantId, [
    { id: accountId(merchantId, "mint"), code: "mint", kind: "bank", currency: IDR },
  ]);
  const codes = [
    ...Array.from({ length: WALLETS }, (_, n) => walletCode(n)),
    ...Array.from({ length: SHOPS }, (_, n) => shopCode(n)),
  ];
  const ids = codes.map((code) => accountId(merchantId, code));
  await database.pool.query(
    `insert into ledger_account (merchant_id, account_id, code, kind)
     select $1, u.id, u.code, 'wallet' from unnest($2::uuid[], $3::text[]) as u (id, code)`,
    [merchantId, ids, codes],
  );
  await database.pool.query(
    `insert into ledger_balance (merchant_id, account_id, currency, least)
     select $1, u.id, 'IDR', 0 from unnest($2::uuid[]) as u (id)`,
    [merchantId, ids],
  );
  await ledger.postMany(
    merchantId,
    ids.slice(0, WALLETS).map((credit) => ({
      id: newId(),
      kind: "topup",
      debit: accountId(merchantId, "mint"),
      credit,
      amount: money(INITIAL_BALANCE, IDR),
    })),
  );
  await database.pool.query("vacuum analyze");
}
