import type { Database } from "../kernel/index.ts";
import { deleteEmptyEndpoints, deleteEndedDeliveries, deleteOldDeliveries } from "./store.ts";

const RETENTION = "30 days";
const BATCH_SIZE = 5_000;

/** Deletes finished deliveries older than 30 days, and the rows of deleted endpoints. */
export async function forgetOldDeliveries({ kysely }: Database): Promise<void> {
  while ((await deleteOldDeliveries(kysely, RETENTION, BATCH_SIZE)) === BATCH_SIZE);
  while ((await deleteEndedDeliveries(kysely, BATCH_SIZE)) === BATCH_SIZE);
  await deleteEmptyEndpoints(kysely);
}
