/**
 * How often PINs may be tried. A PIN has a million values, so the tries are what keeps it: they are counted in the database
 * before a PIN is looked at, hence many at once get no more than one after another, whichever replica they ask.
 * An owner on a device that he is known on is never stopped by what others do: he waits half a minute at most.
 */
export const PIN_POLICY = {
  /** Wrong in a row by one person on one device: from the fifth on a pause, twice as long each time; at `blocked` none until it is lifted. */
  pair: { free: 5, longestSeconds: 3_600, ownerSeconds: 30, blocked: 20 },
  /** Wrong by all persons on one device, within an hour. */
  device: { free: 30, longestSeconds: 3_600, windowSeconds: 3_600 },
  /** Wrong by one person on all devices, within a day; then only devices go on that the person is known on. */
  person: { most: 100, windowSeconds: 86_400 },
} as const;

/** How things stand for a person on a device, before a try. Counts are those within their windows. */
export type Standing = {
  readonly isOwner: boolean;
  /** Whether the person gave the right PIN on this device within 30 days. */
  readonly isKnown: boolean;
  readonly pair: { readonly wrong: number; readonly waitSeconds: number };
  readonly device: { readonly wrong: number; readonly waitSeconds: number };
  readonly person: { readonly wrong: number };
};

export type Verdict =
  | { readonly stop: "blocked" }
  | { readonly stop: "delayed"; readonly seconds: number }
  | { readonly pairDelaySeconds: number; readonly deviceDelaySeconds: number };

/** Whether a PIN may be tried now; if so, how long the next try waits should this one be wrong. */
export function judge({ isOwner, isKnown, pair, device, person }: Standing): Verdict {
  const isExempt = isOwner && isKnown;
  if (!isExempt && pair.wrong >= PIN_POLICY.pair.blocked) return { stop: "blocked" };
  const seconds = Math.max(pair.waitSeconds, isExempt ? 0 : device.waitSeconds);
  if (seconds > 0) return { stop: "delayed", seconds };
  if (!isKnown && person.wrong >= PIN_POLICY.person.most) return { stop: "blocked" };
  return {
    pairDelaySeconds: pause(
      pair.wrong + 1 - PIN_POLICY.pair.free,
      isExempt ? PIN_POLICY.pair.ownerSeconds : PIN_POLICY.pair.longestSeconds,
    ),
    deviceDelaySeconds: pause(device.wrong - PIN_POLICY.device.free, PIN_POLICY.device.longestSeconds),
  };
}

function pause(doublings: number, longest: number): number {
  return doublings < 0 ? 0 : Math.min(2 ** Math.min(doublings, 20), longest);
}

export { isSimplePin } from "@onegate/contract";
