/**
 * How often PINs may be tried. A PIN has only a million values, so limiting tries is what protects it. Tries
 * are counted in the database before the PIN is checked, so concurrent tries get no more than sequential
 * ones, on any replica. Other people's tries never stop an owner on a device where the owner is known; the
 * owner's own wrong tries there cost half a minute at most.
 */
export const PIN_POLICY = {
  /**
   * Consecutive wrong PINs of one person on one device. From the fifth on the pause doubles each time; at
   * `blocked` no try is allowed until the block is lifted.
   */
  pair: { free: 5, longestSeconds: 3_600, ownerSeconds: 30, blocked: 20 },
  /** Wrong PINs of all persons on one device, within an hour. */
  device: { free: 30, longestSeconds: 3_600, windowSeconds: 3_600 },
  /**
   * Wrong PINs of one person on all devices, within a day. Beyond it, only devices where the person is known
   * accept tries.
   */
  person: { most: 100, windowSeconds: 86_400 },
} as const;

/** The counts of a person and a device before a try, each within its window. */
export type Standing = {
  readonly isOwner: boolean;
  /** Whether the person entered the right PIN on this device within the last 30 days. */
  readonly isKnown: boolean;
  readonly pair: { readonly wrong: number; readonly waitSeconds: number };
  readonly device: { readonly wrong: number; readonly waitSeconds: number };
  readonly person: { readonly wrong: number };
};

export type Verdict =
  | { readonly stop: "blocked" }
  | { readonly stop: "delayed"; readonly seconds: number }
  | { readonly pairDelaySeconds: number; readonly deviceDelaySeconds: number };

/** Whether a PIN may be tried now, and if so, how long the next try must wait if this one is wrong. */
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

function pause(doublings: number, maxSeconds: number): number {
  return doublings < 0 ? 0 : Math.min(2 ** Math.min(doublings, 20), maxSeconds);
}

export { isGuessablePin } from "@onegate/contract";
