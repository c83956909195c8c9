import type { Id } from "@onegate/contract";
import type { Clock, Database, IdMaker, Log, Tx } from "../kernel/index.ts";
import type { Ledger, Transfer } from "../ledger/index.ts";
import type { Provider, Providers } from "../providers/index.ts";
import type { Payment } from "./payment.ts";
import type { Refund } from "./refund.ts";

/** What the verbs of this module need; assembled in `roles.ts` or by the simulation. */
export type Payments = {
  readonly database: Database;
  readonly ledger: Ledger;
  readonly providers: Providers;
  readonly clock: Clock;
  readonly newId: IdMaker;
  readonly log: Log;
  /** The merchant under which notifications are kept that name none of our payments. */
  readonly homeMerchant: () => Promise<Id | undefined>;
  /** Runs in the transaction that ends a payment: `sales` completes its sale here. */
  readonly onEnded: (tx: Tx, payment: Payment) => Promise<void>;
  /**
   * The transfers that reverse what was recognised for a payment; they are posted before the refund, in the
   * same transaction.
   */
  readonly onRefunded: (tx: Tx, refund: Refund) => Promise<ReadonlyArray<Omit<Transfer, "op">>>;
  /**
   * Runs in the transaction that abandons a refund, so that dependents can undo what they recorded for it.
   */
  readonly onRefundAbandoned: (tx: Tx, refund: Refund) => Promise<void>;
  /**
   * Runs in the transaction that cancels an order on request, so that dependents end with it, whether or not
   * it has payments.
   */
  readonly onOrderCancelled: (tx: Tx, merchantId: Id, orderId: string) => Promise<void>;
  /**
   * Whether channels on which the customer would pay a QRIS fee are off. The law forbids that fee; a sandbox
   * may try it.
   */
  readonly refusesSurcharges: boolean;
};

/** The provider of a payment, with the credentials of the account it was opened through. */
export async function providerOf(
  payments: Payments,
  { provider: name, accountId }: Pick<Payment, "provider" | "accountId">,
): Promise<Provider> {
  const account = await payments.providers.find(name, accountId);
  if (!account) throw new Error(`provider ${name} has no account ${accountId ?? "of the installation"}`);
  return account.provider;
}

/** The names of the providers that a merchant can be paid through. */
export async function knownProviders({ providers }: Payments, merchantId: Id): Promise<ReadonlySet<string>> {
  return new Set((await providers.offeredTo(merchantId)).map(({ provider }) => provider.name));
}
