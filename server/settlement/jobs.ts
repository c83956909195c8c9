import { merchants } from "../identity/index.ts";
import { messageOf, type Log } from "../kernel/index.ts";
import type { Settlement } from "./context.ts";
import { reconcileDay } from "./reconcile-day.ts";
import { review } from "./review.ts";
import { selectDayBefore } from "./store.ts";
import { openUnverified } from "./unverified.ts";

export const SETTLE_DAILY = "settlement:daily";

/**
 * Runs once a day for every merchant: reviews open cases, compares yesterday, and logs the documents at
 * fault.
 */
export async function settleDaily(settlement: Settlement, log: Log): Promise<void> {
  const { database } = settlement;
  for (const merchant of await merchants(database.kysely)) {
    const { merchantId } = merchant;
    try {
      const opened = (await review(settlement, merchantId)) + (await openUnverified(settlement, merchantId));
      const date = await selectDayBefore(database.kysely, merchantId, 1);
      const { breaks, notes } = await reconcileDay(database, merchant, date);
      if (breaks.length > 0) log.error({ merchant_id: merchantId, date, breaks }, "THE DAY DOES NOT TIE");
      else log.info({ merchant_id: merchantId, date, opened, notes }, "the day ties");
    } catch (error) {
      // one merchant's error must not stop the others
      log.error(
        { err: error, merchant_id: merchantId },
        `the day could not be compared: ${messageOf(error)}`,
      );
    }
  }
}
