import type { Id } from "@onegate/contract";
import type { Clock, Database, IdMaker, Log, Tx } from "../kernel/index.ts";
import type { Ledger, Transfer } from "../ledger/index.ts";
import type { Provider, Providers } from "../providers/index.ts";
import type { Payment } from "./payment.ts";
import type { Refund } from "./refund.ts";

/** What the verbs of this module work with; put together in `roles.ts` or by the simulation. */
export type Payments = {
  readonly database: Database;
  readonly ledger: Ledger;
  readonly providers: Providers;
  readonly clock: Clock;
  readonly newId: IdMaker;
  readonly log: Log;
  /** In whose name notifications come that name no payment of ours. */
  readonly homeMerchant: () => Promise<Id | undefined>;
  /** Whoever waits for a payment reacts in the same transaction: `sales` completes its sale. */
  readonly onEnded: (tx: Tx, payment: Payment) => Promise<void>;
  /** Whoever recognised a payment says what takes it back; it is posted together with the refund, first. */
  readonly onRefunded: (tx: Tx, refund: Refund) => Promise<ReadonlyArray<Omit<Transfer, "op">>>;
  /** A refund is given up, and its money stays: whoever counted on it takes that back in the same transaction. */
  readonly onRefundGivenUp: (tx: Tx, refund: Refund) => Promise<void>;
  /** An order was given up on request: whoever waits for it ends in the same transaction, whether it has payments or not. */
  readonly onOrderCancelled: (tx: Tx, merchantId: Id, orderId: string) => Promise<void>;
  /** Whether a channel by which the customer would pay a QRIS fee is off: the law forbids it, a sandbox may try it. */
  readonly refusesSurcharges: boolean;
};

/** Whom a payment was opened at, through the account that it was opened through. */
export async function providerOf(
  payments: Payments,
  { provider: name, accountId }: Pick<Payment, "provider" | "accountId">,
): Promise<Provider> {
  const account = await payments.providers.find(name, accountId);
  if (!account) throw new Error(`no account ${accountId ?? "of the installation"} at ${name} is known`);
  return account.provider;
}

/** The names of the providers through which a merchant may be paid. */
export async function knownProviders({ providers }: Payments, merchantId: Id): Promise<ReadonlySet<string>> {
  return new Set((await providers.offeredTo(merchantId)).map(({ provider }) => provider.name));
}
