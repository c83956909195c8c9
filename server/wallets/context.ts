import { isRefusal, type Id, type OperationBody, type Refusal, type WithdrawalBody } from "@onegate/contract";
import type { Who } from "../identity/index.ts";
import { once, type Database, type IdMaker, type Once, type Tx } from "../kernel/index.ts";
import type { Ledger } from "../ledger/index.ts";
import type { Payments } from "../payments/index.ts";
import { payoutBody } from "./body.ts";
import { selectOperation } from "./store.ts";

/** What the verbs of this module work with. */
export type Wallets = {
  readonly database: Database;
  readonly ledger: Ledger;
  readonly payments: Payments;
  readonly newId: IdMaker;
};

/** The signed-in user who asks. */
export type WalletOwner = { readonly merchantId: Id; readonly userId: Id };

/** Who may decide on what somebody else paid: an operator, or the user who was paid. */
export type Decider = Who & { /** Nothing: an operator. */ readonly userId?: Id };

/** Runs a verb's effect once for a user's or operator's key; what it answers is kept as it goes out. */
export async function onceFor<T>(
  wallets: Wallets,
  { merchantId, who, verb, key }: { merchantId: Id; who: string; verb: string; key: string },
  asked: unknown,
  effect: (tx: Tx) => Promise<T | Refusal>,
): Promise<Once<T>> {
  const done = await once(
    wallets.database,
    { merchantId, route: `wallet.${verb}:${who}`, key },
    asked,
    effect,
  );
  return done;
}

/**
 * What a verb did with a withdrawal, with the bank account that it goes to. That stands in the operation alone, not in the
 * key's stored answer, so that it is gone when it is erased there.
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
