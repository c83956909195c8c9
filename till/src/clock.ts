/** How far the server's clock is ahead of the device's, in milliseconds: somewhere between the two. */
export type Ahead = { readonly least: number; readonly most: number };

/** Of a request: the device's clock when it left and when its answer came, and the `Date` of the answer. */
export type Heard = { readonly sent: number; readonly received: number; readonly date: string | null };

/** `Date` has whole seconds. */
const RESOLUTION_MS = 1_000;

/** Each answer narrows what is known; one that contradicts it tells that the device's clock was set. */
export function learn(known: Ahead | null, { sent, received, date }: Heard): Ahead | null {
  const told = Date.parse(date ?? "");
  if (Number.isNaN(told)) return known;
  const here = { least: told - received, most: told + RESOLUTION_MS - sent };
  if (!known) return here;
  const both = { least: Math.max(known.least, here.least), most: Math.min(known.most, here.most) };
  return both.least <= both.most ? both : here;
}

let ahead: Ahead | null = null;

export function hearClock(heard: Heard): void {
  ahead = learn(ahead, heard);
}

/** The time at the server, by which codes and keys end; the device's own until an answer came. */
export function serverNow(): number {
  return Date.now() + (ahead ? (ahead.least + ahead.most) / 2 : 0);
}
