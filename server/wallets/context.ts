import { isRefusal, type Id, type OperationBody, type Refusal, type WithdrawalBody } from "@onegate/contract";
import type { Who } from "../identity/index.ts";
import { once, type Database, type IdMaker, type Once, type Tx } from "../kernel/index.ts";
import type { Ledger } from "../ledger/index.ts";
import type { Payments } from "../payments/index.ts";
import { payoutBody } from "./body.ts";
import { selectOperation } from "./store.ts";

/** The dependencies of every function in this module. */
export type Wallets = {
  readonly database: Database;
  readonly ledger: Ledger;
  readonly payments: Payments;
  readonly newId: IdMaker;
};

/** The signed-in user who makes the request. */
export type WalletOwner = { readonly merchantId: Id; readonly userId: Id };

/** Who may decide on another person's payment: an operator, or the user who was paid. */
export type Decider = Who & {
  /** Undefined for an operator. */
  readonly userId?: Id;
};

/**
 * Runs `effect` once per idempotency key of a user or operator. A retry with the same key returns the stored
 * answer.
 */
export async function onceFor<T>(
  wallets: Wallets,
  { merchantId, who, verb, key }: { merchantId: Id; who: string; verb: string; key: string },
  input: unknown,
  effect: (tx: Tx) => Promise<T | Refusal>,
): Promise<Once<T>> {
  const done = await once(
    wallets.database,
    { merchantId, route: `wallet.${verb}:${who}`, key },
    input,
    effect,
  );
  return done;
}

/**
 * Adds the bank account to the answer about a withdrawal. The account is stored in the operation only, not in
 * the stored answer of the idempotency key, so erasing it there erases it everywhere.
 */
export async function withPayout(
  { database }: Wallets,
  merchantId: Id,
  { answer, replayed }: Once<OperationBody>,
): Promise<Once<WithdrawalBody>> {
  if (isRefusal(answer)) return { answer, replayed };
  const withdrawal = await selectOperation(database.kysely, merchantId, answer.operation_id);
  return { answer: { ...answer, ...payoutBody(withdrawal?.payout ?? null) }, replayed };
}
