/** The job that opens the payment which takes a lost one's place. */
export const REOPEN = "payment:reopen";

/** When a provider is asked for the first time: a payer needs longer than this, and a notification is the usual way to hear of it. */
export const FIRST_INQUIRY_MS = 20_000;
