import type { Id } from "@onegate/contract";
import { everywhere, inTransaction, type Database, type Log } from "../../kernel/index.ts";
import type { AuditAction, Fields } from "./actions.ts";
import { announceAudit, type Deed } from "./announce-audit.ts";
import type { Who } from "./entry.ts";

/** What was refused has no transaction to be told in. It is noted here, at no cost to its answer, and written a moment later. */
export type Refusals = {
  note<A extends AuditAction>(who: Who, action: A, subject: string, after?: Fields<A>): void;
  /** Writes what is noted, then ends. */
  stop(): Promise<void>;
};

/** The same again within this time is counted, not written. */
const WINDOW_MS = 60_000;
/** Beyond so many different ones of a merchant in that time only their kind is told, and how many there were. */
export const MAX_DISTINCT = 100;
const WRITE_AFTER_MS = 100;
const RETRY_AFTER_MS = 1_000;
/** While the database is away; what comes then is lost. */
const MAX_PENDING = 10_000;
const VARIOUS = "various";

type Noted = { readonly who: Who; readonly deed: Deed };
type Window = Noted & { readonly since: number; repeats: number };

/**
 * Whoever is refused a thousand times a second may not fill the disk: the first refusal of an actor, action, subject and
 * address is written at once, those of the minute after it together, as one entry with their count. What is not written yet
 * is lost when the process is killed.
 */
export function createRefusals(
  database: Database,
  log: Log,
  now: () => number = () => performance.now(),
): Refusals {
  const windows = new Map<Id, Map<string, Window>>();
  let pending: Noted[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();

  const writeSoon = (ms: number) => {
    timer ??= setTimeout(() => {
      timer = undefined;
      writing = write();
    }, ms).unref();
  };

  function add(noted: Noted): void {
    if (pending.length < MAX_PENDING) pending.push(noted);
    writeSoon(WRITE_AFTER_MS);
  }

  async function write(): Promise<void> {
    closeWindows(now() - WINDOW_MS);
    const taken = pending;
    pending = [];
    try {
      if (taken.length > 0) {
        // the timer was set within the request of one merchant, but writes for all
        await everywhere(() =>
          inTransaction(database, async (tx) => {
            for (const { who, deed } of taken) await announceAudit(tx, who, deed);
          }),
        );
      }
    } catch (error) {
      log.warn(
        { err: error, refusals: taken.length },
        "refusals could not be written to the audit trail; they will be tried again",
      );
      pending = [...taken, ...pending].slice(0, MAX_PENDING);
    }
    if (pending.length > 0 || windows.size > 0) writeSoon(RETRY_AFTER_MS);
  }

  /** Writes the repeats of windows that began before a moment, and forgets the windows. */
  function closeWindows(before: number): void {
    for (const [merchantId, theirs] of windows) {
      for (const [place, { who, deed, since, repeats }] of theirs) {
        if (since > before) continue;
        theirs.delete(place);
        if (repeats > 0 && pending.length < MAX_PENDING)
          pending.push({ who, deed: { ...deed, count: repeats } });
      }
      if (theirs.size === 0) windows.delete(merchantId);
    }
  }

  return {
    note(who, action, subject, after) {
      const theirs = windows.get(who.merchantId) ?? new Map<string, Window>();
      windows.set(who.merchantId, theirs);
      const place = [who.actor, action, subject, who.address, JSON.stringify(after)].join("\n");
      const known = theirs.get(place);
      if (known) return void known.repeats++;
      if (theirs.size < MAX_DISTINCT) return open(theirs, place, { who, deed: { action, subject, after } });
      const others = theirs.get(action);
      if (others) return void others.repeats++;
      open(theirs, action, {
        who: {
          merchantId: who.merchantId,
          actor: VARIOUS,
          deviceId: null,
          outletId: null,
          address: null,
          requestId: null,
        },
        deed: { action, subject: VARIOUS },
      });
    },
    async stop() {
      clearTimeout(timer);
      await writing;
      closeWindows(Infinity);
      await write();
      clearTimeout(timer);
    },
  };

  function open(theirs: Map<string, Window>, place: string, noted: Noted): void {
    theirs.set(place, { ...noted, since: now(), repeats: 0 });
    add(noted);
  }
}
