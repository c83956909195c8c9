import { isId, uuidv7, type Id } from "@onegate/contract";
import { hash, randomBytes } from "node:crypto";

/** Where time comes from; a simulation owns its own. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970. Expiry and order are the database's to decide, not this clock's. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** Makes ids; a simulation seeds its own. */
export type IdMaker = () => Id;

export function idMaker(clock: Clock, random: (size: number) => Uint8Array = randomBytes): IdMaker {
  return () => uuidv7(clock.now(), random(10));
}

/** An id that follows from its parts (UUIDv8 over SHA-256): the same thing has the same id wherever it is named. */
export function derivedId(...parts: readonly string[]): Id {
  const hex = hash("sha256", parts.join("\u0000"), "hex");
  const variant = "89ab"[Number.parseInt(hex.charAt(16), 16) & 3];
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/**
 * The same for what follows from a thing that has an id: it keeps the moment in which that was made (the first 48 bits of a
 * UUIDv7), so that it lies in the same month's partition. A base that is no UUID has no moment.
 */
export function derivedAt(base: string, ...parts: readonly string[]): Id {
  const id = derivedId(...parts, base);
  return isId(base) ? `${base.slice(0, 13)}${id.slice(13)}` : id;
}
