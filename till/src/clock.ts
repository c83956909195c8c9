/** Bounds, in milliseconds, of how far the server's clock is ahead of the device's. */
export type Ahead = { readonly least: number; readonly most: number };

/** The device's clock when a request was sent and when its answer arrived, and the answer's `Date` header. */
export type Heard = { readonly sent: number; readonly received: number; readonly date: string | null };

/** `Date` has whole seconds. */
const RESOLUTION_MS = 1_000;

/** Each answer narrows the bounds. One that contradicts them means that the device's clock was changed. */
export function learn(known: Ahead | null, { sent, received, date }: Heard): Ahead | null {
  const serverTime = Date.parse(date ?? "");
  if (Number.isNaN(serverTime)) return known;
  const here = { least: serverTime - received, most: serverTime + RESOLUTION_MS - sent };
  if (!known) return here;
  const both = { least: Math.max(known.least, here.least), most: Math.min(known.most, here.most) };
  return both.least <= both.most ? both : here;
}

let ahead: Ahead | null = null;

export function learnClock(heard: Heard): void {
  ahead = learn(ahead, heard);
}

/** The server's time, which decides when codes and keys expire; the device's own until the first answer. */
export function serverNow(): number {
  return Date.now() + (ahead ? (ahead.least + ahead.most) / 2 : 0);
}
