import { isGtin } from "@onegate/contract";

/**
 * Keys that came without a pause, typed by hand or sent by a scanner. A scanner acts as a keyboard and ends
 * its code with Enter or Tab. Times are in milliseconds.
 */
export type Scanner = {
  readonly typed: string;
  readonly begun: number;
  readonly at: number;
  /** When the last scan ended. */
  readonly ended: number;
};

export const idle: Scanner = {
  typed: "",
  begun: 0,
  at: Number.NEGATIVE_INFINITY,
  ended: Number.NEGATIVE_INFINITY,
};

export type Key = {
  readonly key: string;
  /** Milliseconds. */
  readonly at: number;
  /** The key is held down. */
  readonly repeat?: boolean;
};

export type Fed = {
  readonly scanner: Scanner;
  /** Set if this key was the Enter or Tab that ends a scan; empty for a further Enter or Tab after it. */
  readonly code?: string;
  /** This key is one of several that came faster than anybody types. */
  readonly isFast: boolean;
};

/** A longer pause starts again. A slow scanner sends a key every 60 ms; a wireless one has longer gaps. */
const MAX_GAP_MS = 200;
/** Some scanners end a code with both Enter and a line feed. */
const MAX_SECOND_END_MS = 100;
const MIN_LENGTH = 6;
const MIN_SHORT_LENGTH = 3;

/** The longest mean time per key of a scanner; shorter for text that looks less like a code. */
const MAX_MEAN_MS = { gtin: 110, digits: 80, letters: 40, short: 35 } as const;

function maxMean(text: string): number {
  if (isGtin(text)) return MAX_MEAN_MS.gtin;
  if (text.length < MIN_LENGTH) return text.length < MIN_SHORT_LENGTH ? 0 : MAX_MEAN_MS.short;
  return (text.match(/[0-9]/g) ?? []).length >= MIN_SHORT_LENGTH ? MAX_MEAN_MS.digits : MAX_MEAN_MS.letters;
}

/** Feeds one key. Whether it was a scan is decided at the end, from all keys since the last pause. */
export function feed(scanner: Scanner, { key, at, repeat = false }: Key): Fed {
  if (key === "Shift" || key === "CapsLock") return { scanner, isFast: false };
  const goesOn = !repeat && at - scanner.at <= MAX_GAP_MS;
  if (key === "Enter" || key === "Tab") {
    if (at - scanner.ended <= MAX_SECOND_END_MS)
      return { scanner: { ...idle, ended: at }, code: "", isFast: true };
    const { typed, begun } = scanner;
    const isScan = goesOn && typed !== "" && (at - begun) / typed.length <= maxMean(typed);
    return isScan
      ? { scanner: { ...idle, ended: at }, code: typed, isFast: true }
      : { scanner: idle, isFast: false };
  }
  if (repeat || [...key].length !== 1) return { scanner: idle, isFast: false };
  if (!goesOn || scanner.typed === "")
    return { scanner: { ...idle, typed: key, begun: at, at }, isFast: false };
  const { typed, begun } = scanner;
  const isFast = (at - begun) / typed.length <= MAX_MEAN_MS.digits;
  return { scanner: { ...idle, typed: typed + key, begun, at }, isFast };
}
