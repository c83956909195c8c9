import type { SecretBox } from "../identity/index.ts";
import type { Database } from "../kernel/index.ts";
import { seal, unseal } from "./account.ts";
import { selectSealedByOthers, updateSealed } from "./store.ts";

/** Seals with the current key the credentials that another key sealed. Returns the number of accounts. */
export async function resealAccounts({ kysely }: Database, box: SecretBox): Promise<number> {
  const found = await selectSealedByOthers(kysely, box.keyId);
  for (const account of found)
    await updateSealed(kysely, account, {
      sealed: seal(box, account, unseal(box, account)),
      keyId: box.keyId,
    });
  return found.length;
}
