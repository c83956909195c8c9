import {
  checkedToMoney,
  isRefusal,
  refuse,
  toDecimal,
  toProblem,
  type Id,
  type Problem,
  type Refusal,
} from "@onegate/contract";
import { derivedAt, type Database, type Once } from "../kernel/index.ts";
import { accountId, kindsOf, type Ledger } from "../ledger/index.ts";

export type TransferRequest = {
  readonly id: string;
  readonly currency: string;
  readonly amount: string | number;
  readonly source_account: string;
  readonly destination_account: string;
};
export type TransferDone = {
  readonly id: string;
  readonly status: "SUCCESS";
  readonly currency: string;
  readonly amount: string;
  readonly source_account: string;
  readonly destination_account: string;
  readonly transfer_id: Id;
};

/** One result per item, in the order of the request. */
export type BatchResult = { readonly id: string } & (
  | { readonly status: "SUCCESS"; readonly transfer_id: Id; readonly replayed: boolean }
  | { readonly status: "REFUSED"; readonly problem: Problem }
);

/**
 * Codes of wallet accounts, by merchant. The kind of an account never changes, so each code is looked up
 * once.
 */
const wallets = new Map<Id, Set<string>>();
const MAX_REMEMBERED = 200_000;

/** Whether all these accounts are wallets. A shop's own accounts are moved only by its sales and payments. */
async function areWallets(database: Database, merchantId: Id, codes: readonly string[]): Promise<boolean> {
  const known = wallets.get(merchantId) ?? new Set<string>();
  wallets.set(merchantId, known);
  const unknown = codes.filter((code) => !known.has(code));
  if (unknown.length === 0) return true;
  if (known.size > MAX_REMEMBERED) known.clear();
  const kinds = await kindsOf(database.kysely, merchantId, unknown);
  for (const [code, kind] of kinds) if (kind === "wallet") known.add(code);
  return unknown.every((code) => kinds.get(code) === "wallet");
}

/**
 * Moves an amount between two wallets, once per `id`. The ledger's transfer is the record of the request, so
 * a retry gets the same answer from every replica. Refuses malformed amounts, `accounts_same`,
 * `account_unknown`, `account_frozen`, `currency_differs`, `insufficient_funds`, and `idempotency_key_reused`
 * for the same id with different content.
 */
export async function transfer(
  { database, ledger }: { database: Database; ledger: Ledger },
  merchantId: Id,
  unchecked: TransferRequest,
): Promise<Once<TransferDone>> {
  const refused = (refusal: Refusal): Once<TransferDone> => ({ answer: refusal, replayed: false });
  const amount = checkedToMoney(unchecked);
  if (isRefusal(amount)) return refused(amount);
  const { source_account: source, destination_account: destination } = unchecked;
  if (!(await areWallets(database, merchantId, [source, destination])))
    return refused(refuse("account_unknown"));
  const id = derivedAt(unchecked.id, "payments", merchantId);
  const posted = await ledger.post(merchantId, {
    id,
    kind: "payment",
    debit: accountId(merchantId, source),
    credit: accountId(merchantId, destination),
    amount,
    reference: unchecked.id,
  });
  if (isRefusal(posted))
    return refused(posted.refusal === "transfer_differs" ? refuse("idempotency_key_reused") : posted);
  return {
    answer: {
      id: unchecked.id,
      status: "SUCCESS",
      currency: amount.currency,
      amount: toDecimal(amount),
      source_account: source,
      destination_account: destination,
      transfer_id: id,
    },
    replayed: posted.posted === "before",
  };
}

/**
 * Makes many such transfers, each independent: one that is refused leaves the others as they are. Refuses
 * `overloaded` as a whole when the ledger's queue accepted none of them.
 */
export async function transferMany(
  parts: { database: Database; ledger: Ledger },
  merchantId: Id,
  unchecked: readonly TransferRequest[],
): Promise<BatchResult[] | Refusal> {
  // items with the same id run one after another: the first of them is the transfer
  const earlier = new Map<string, Promise<unknown>>();
  const done = await Promise.all(
    unchecked.map((request) => {
      const before = earlier.get(request.id);
      const result = before
        ? before.then(() => transfer(parts, merchantId, request))
        : transfer(parts, merchantId, request);
      earlier.set(request.id, result);
      return result;
    }),
  );
  if (done.every(({ answer }) => isRefusal(answer) && answer.refusal === "overloaded"))
    return refuse("overloaded");
  return done.map(({ answer, replayed }, index) =>
    isRefusal(answer)
      ? { id: unchecked[index]?.id ?? "", status: "REFUSED", problem: toProblem(answer) }
      : { id: answer.id, status: "SUCCESS", transfer_id: answer.transfer_id, replayed },
  );
}
