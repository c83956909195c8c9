import { WEBHOOK_TRIES_AT_S } from "@onegate/contract";

/** So long a delivery waits for a disabled endpoint; as long as one is tried. */
export const RETENTION = "72 hours";

/** A wait is up to a tenth shorter or longer, so that what failed together doesn't come back together. */
const JITTER = 0.1;

/** Milliseconds from try number `step` (from 1) to the next; nothing after the last. `random` is from 0 to 1. */
export function waitMs(step: number, random: number): number | undefined {
  const [at, then] = [WEBHOOK_TRIES_AT_S[step - 1], WEBHOOK_TRIES_AT_S[step]];
  return at === undefined || then === undefined
    ? undefined
    : Math.round((then - at) * 1_000 * (1 + JITTER * (2 * random - 1)));
}
