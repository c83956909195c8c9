/** What a keyboard-wedge scanner has typed so far: it types faster than hands do and ends with Enter. */
export type Scanner = { readonly typed: string; readonly at: number };

export const idle: Scanner = { typed: "", at: Number.NEGATIVE_INFINITY };

/** Milliseconds between two keys; wedges send one each 1–20 ms, a fast typist one each 80 ms or more. */
const GAP = 50;
const SHORTEST = 6;

/** Feeds one key; `code` is there when this key was the Enter that ends a scan. */
export function feed(scanner: Scanner, key: string, at: number): { scanner: Scanner; code?: string } {
  const quick = at - scanner.at <= GAP;
  if (key === "Enter") {
    const code = scanner.typed;
    return quick && code.length >= SHORTEST ? { scanner: idle, code } : { scanner: idle };
  }
  if (key === "Shift") return { scanner };
  if (!/^[0-9A-Za-z-]$/.test(key)) return { scanner: idle };
  return { scanner: { typed: quick ? scanner.typed + key : key, at } };
}
