import { toUuid, uuidv7, type Id } from "@onegate/contract";
import { createHash, randomBytes } from "node:crypto";

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
  const hash = createHash("sha256").update(parts.join("\u0000")).digest();
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  return toUuid(hash);
}
