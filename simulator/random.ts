/** Returns a number from 0 to 1, like `Math.random`. */
export type Random = () => number;

/** Mulberry32: small, and repeatable from a seed. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function letters(
  random: Random,
  size: number,
  alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
): string {
  return Array.from({ length: size }, () => alphabet[Math.floor(random() * alphabet.length)]).join("");
}

export function digits(random: Random, size: number): string {
  return letters(random, size, "0123456789");
}

/** A UUID of version 4. */
export function uuid(random: Random): string {
  const hex = letters(random, 32, "0123456789abcdef");
  const variant = letters(random, 1, "89ab");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20),
  ].join("-");
}
