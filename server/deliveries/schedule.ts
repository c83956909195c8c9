import { WEBHOOK_TRIES_AT_S } from "@onegate/contract";

/** How long a delivery waits for a disabled endpoint: as long as the schedule of tries. */
export const RETENTION = "72 hours";

/** Waits vary by up to a tenth, so that deliveries that failed together are not retried together. */
const JITTER = 0.1;

/** Milliseconds from try number `step` (from 1) to the next; undefined after the last. `random`: 0 to 1. */
export function waitMs(step: number, random: number): number | undefined {
  const [at, then] = [WEBHOOK_TRIES_AT_S[step - 1], WEBHOOK_TRIES_AT_S[step]];
  return at === undefined || then === undefined
    ? undefined
    : Math.round((then - at) * 1_000 * (1 + JITTER * (2 * random - 1)));
}
