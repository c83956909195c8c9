import { refuse, type Id, type Refusal } from "@onegate/contract";
import type { OwnAccount } from "./account.ts";
import type { Vault } from "./context.ts";
import { markOff } from "./store.ts";

/**
 * Switches an account off: no payment is opened through it any more, nor through the installation's in its place. Off already,
 * it stays so. Refuses `provider_account_unknown`.
 */
export async function switchOff(vault: Vault, merchantId: Id, accountId: Id, by: string): Promise<OwnAccount | Refusal> {
  const account = await markOff(vault.database.kysely, merchantId, accountId, by);
  vault.changed(merchantId);
  return account ?? refuse("provider_account_unknown");
}
