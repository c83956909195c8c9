import { refuse, type Id, type WalletAccountBody } from "@onegate/contract";
import { announceAudit } from "../identity/index.ts";
import { announce, type Once } from "../kernel/index.ts";
import { setStatus } from "../ledger/index.ts";
import { accountBody } from "./body.ts";
import { onceFor, type Decider, type Wallets } from "./context.ts";
import { creditWaiting } from "./settle-topup.ts";
import { hasPending, lockWallet, type WalletAccount } from "./store.ts";

type Status = WalletAccount["status"];

/** Status × event → status of an account. A closed account stays closed. */
export const statusLifecycle = {
  ACTIVE: { suspend: "SUSPENDED", activate: "ACTIVE", close: "CLOSED" },
  SUSPENDED: { suspend: "SUSPENDED", activate: "ACTIVE", close: "CLOSED" },
  CLOSED: { close: "CLOSED" },
} as const satisfies Record<Status, Partial<Record<"suspend" | "activate" | "close", Status>>>;

export type StatusEvent = "suspend" | "activate" | "close";

/**
 * Suspends, activates or closes a user's account, once per key. Activating an account also credits what was
 * topped up while it was suspended. Refuses `account_unknown`, `account_frozen` (closed), and for closing
 * `account_not_empty`: the account has a balance, a hold or a pending operation.
 */
export async function changeStatus(
  wallets: Wallets,
  decider: Decider,
  accountId: Id,
  event: StatusEvent,
  key: string,
): Promise<Once<WalletAccountBody>> {
  const { merchantId, actor: by } = decider;
  const done = await onceFor(
    wallets,
    { merchantId, who: by, verb: event, key },
    { accountId },
    async (tx) => {
      const account = await lockWallet(tx, merchantId, accountId);
      if (!account || account.userId === null) return refuse("account_unknown");
      const moves: Partial<Record<StatusEvent, Status>> = statusLifecycle[account.status];
      const status = moves[event];
      if (!status) return refuse("account_frozen");
      if (
        event === "close" &&
        (account.posted !== 0n || account.held !== 0n || (await hasPending(tx, merchantId, accountId)))
      )
        return refuse("account_not_empty");
      await setStatus(tx, merchantId, accountId, status);
      await announce(tx, merchantId, "wallet.account_status", accountId, {
        account_id: accountId,
        status,
        by,
      });
      await announceAudit(tx, decider, {
        action: "wallet.account_decided",
        subject: accountId,
        before: { status: account.status },
        after: { status },
      });
      return accountBody({ ...account, status });
    },
  );
  // in separate transactions, because posting locks balances in its own order
  if (event === "activate" && !("refusal" in done.answer)) await creditWaiting(wallets, accountId);
  return done;
}
