/** The job that opens the replacement of a lost payment. */
export const REOPEN = "payment:reopen";

/**
 * Delay of the first inquiry about a payment. A payer needs longer than this, and a notification usually
 * reports the payment first.
 */
export const FIRST_INQUIRY_MS = 20_000;
