import type { Database } from "../kernel/index.ts";
import { deleteEmptyEndpoints, deleteEndedDeliveries, deleteOldDeliveries } from "./store.ts";

const KEPT = "30 days";
const AT_ONCE = 5_000;

/** Forgets deliveries that ended and are older than 30 days, and endpoints that were deleted. */
export async function forgetOldDeliveries({ kysely }: Database): Promise<void> {
  while ((await deleteOldDeliveries(kysely, KEPT, AT_ONCE)) === AT_ONCE);
  while ((await deleteEndedDeliveries(kysely, AT_ONCE)) === AT_ONCE);
  await deleteEmptyEndpoints(kysely);
}
