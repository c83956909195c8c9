import { refuse, type Id, type Refusal } from "@onegate/contract";
import { announceAudit, type Who } from "../identity/index.ts";
import { inTransaction } from "../kernel/index.ts";
import type { OwnAccount } from "./account.ts";
import type { Vault } from "./context.ts";
import { markOff } from "./store.ts";

/**
 * Switches an account off. No more payments are opened through it, nor through the installation's account in
 * its place. Repeating the call has no further effect. Refuses `provider_account_unknown`.
 */
export async function switchOff(vault: Vault, who: Who, accountId: Id): Promise<OwnAccount | Refusal> {
  const { merchantId, actor } = who;
  const account = await inTransaction(vault.database, async (tx) => {
    const off = await markOff(tx, merchantId, accountId, actor);
    if (off)
      await announceAudit(tx, who, {
        action: "provider.changed",
        subject: accountId,
        after: { provider: off.provider, state: off.state },
      });
    return off;
  });
  vault.changed(merchantId);
  return account ?? refuse("provider_account_unknown");
}
