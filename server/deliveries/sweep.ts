import { inTransaction, type Database } from "../kernel/index.ts";
import { giveUpWaiting, selectForgotten } from "./store.ts";
import { wake } from "./wake.ts";

const BATCH_SIZE = 5_000;

/**
 * Wakes endpoints whose worker died, and gives up deliveries that have waited for a disabled endpoint for 72
 * hours.
 */
export async function sweepDeliveries(database: Database): Promise<void> {
  for (const endpoint of await selectForgotten(database.kysely))
    await inTransaction(database, (tx) => wake(tx, endpoint));
  while ((await giveUpWaiting(database.kysely, ["pending", "failed"], "dead", BATCH_SIZE)) === BATCH_SIZE);
}
