import { createHash } from "node:crypto";

/** The only source of choices in a simulation: the same seed gives the same choices. */
export type Random = {
  /** A whole number from zero up to, but not including, `end`. */
  below(end: number): number;
  /** Both ends included. */
  between(min: number, max: number): number;
  chance(percent: number): boolean;
  pick<T>(items: readonly T[]): T;
  shuffled<T>(items: readonly T[]): T[];
  bytes(size: number): Uint8Array;
  /** A new stream that depends on this one's name alone, not on what was drawn so far. */
  fork(name: string): Random;
};

/**
 * A stream of choices by name: sfc32 (Chris Doty-Humphrey's small fast counting generator), seeded with the
 * name's hash.
 */
export function createRandom(name: string): Random {
  const seed = createHash("sha256").update(name).digest();
  let [a, b, c, count] = [seed.readUInt32LE(0), seed.readUInt32LE(4), seed.readUInt32LE(8), 1];
  const draw = (): number => {
    const sum = (a + b + count) | 0;
    count = (count + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) draw();
  const below = (end: number) => Math.floor((draw() / 2 ** 32) * end);
  return {
    below,
    between: (min, max) => min + below(max - min + 1),
    chance: (percent) => below(100) < percent,
    pick(items) {
      const item = items[below(items.length)];
      if (item === undefined) throw new Error("nothing to pick from");
      return item;
    },
    shuffled(items) {
      const rest = [...items];
      return items.map(() => rest.splice(below(rest.length), 1)[0]!);
    },
    bytes: (size) => Uint8Array.from({ length: size }, () => below(256)),
    fork: (child) => createRandom(`${name}/${child}`),
  };
}
