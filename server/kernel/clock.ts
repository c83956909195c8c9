import { isId, uuidv7, type Id } from "@onegate/contract";
import { hash, randomBytes } from "node:crypto";

/** The source of the current time; a simulation supplies its own. */
export interface Clock {
  /**
   * Wall-clock time in milliseconds since 1970. The database's clock, not this one, decides expiry and order.
   */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** Makes ids; a simulation supplies a seeded one. */
export type IdMaker = () => Id;

export function idMaker(clock: Clock, random: (size: number) => Uint8Array = randomBytes): IdMaker {
  return () => uuidv7(clock.now(), random(10));
}

/** An id derived from its parts (UUIDv8 over SHA-256): the same parts always give the same id. */
export function derivedId(...parts: readonly string[]): Id {
  const hex = hash("sha256", parts.join("\u0000"), "hex");
  const variant = "89ab"[Number.parseInt(hex.charAt(16), 16) & 3];
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}

/**
 * An id derived from a base id and further parts. It keeps the base's creation time (the first 48 bits of a
 * UUIDv7), so that both rows are in the same month's partition. A base that is not a UUID has no time to
 * keep.
 */
export function derivedAt(base: string, ...parts: readonly string[]): Id {
  const id = derivedId(...parts, base);
  return isId(base) ? `${base.slice(0, 13)}${id.slice(13)}` : id;
}
